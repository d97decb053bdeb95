/** The writers' side of the table of fields, small since each VU of k6 holds it: only the table's types reach it. */
import type { FieldTable, FieldsWith, GATEWAY_FIELDS, GoField, RecordOf, REQUEST_FIELDS } from './fields.ts';
import type { Kind } from './kinds.ts';

/** Some fields of a record; one that is undefined is left out of the line, which reads as null. */
type Part<T extends FieldTable> = { readonly [K in keyof T]?: RecordOf<T>[K] | undefined };
export type RequestPart = Part<typeof REQUEST_FIELDS>;
export type GatewayPart = Part<typeof GATEWAY_FIELDS>;
/** What Go writes of a response of k6/http; a stock k6 has no such Go, and the script writes it. */
export type ResponsePart = Pick<RecordOf<typeof REQUEST_FIELDS>, GoField>;

/** Fields as JSON members without braces: parts of one line are joined by commas. */
export const members = (part: RequestPart | GatewayPart): string => JSON.stringify(part).slice(1, -1);

type ListField = FieldsWith<typeof REQUEST_FIELDS, { readonly kind: Kind<readonly number[]> }>;

/** The same of a list that Go has printed, since printing 100 numbers costs more in JavaScript than their stream. */
export const listMember = (field: ListField, json: string | null): string => `"${field}":${json}`;
