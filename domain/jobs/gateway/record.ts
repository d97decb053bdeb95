/** One request to a gateway as one JSON line of `requests.jsonl`: what k6 saw of it. */
import { GATEWAY_FIELDS, type RecordOf } from '../../record/fields.ts';
import { recordReader } from '../../record/request-record.ts';

export type GatewayRecord = RecordOf<typeof GATEWAY_FIELDS>;

export const readGatewayRecord = recordReader(GATEWAY_FIELDS);

/** @throws BadField, SyntaxError */
export const parseGatewayRecord = (line: string): GatewayRecord => readGatewayRecord(JSON.parse(line));
