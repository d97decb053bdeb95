/** docs/records.md and the order of fields in Go, made from the table of a record's fields. */
import { GO_FIELDS, RECORD_TABLES, type Field, type FieldTable } from '../../domain/record/fields.ts';
import { setting, toggle } from '../../domain/settings/kinds.ts';
import { command } from '../command.ts';
import { cell, writeOrCheck } from '../made-files.ts';

const row = ([name, { kind, required, by, doc }]: [string, Field]): string =>
  `| \`${name}\` | ${cell(kind.allowed)}${required === true ? '' : ' or null'} | ${kind.unit ?? ''} | ${by === 'go' ? 'k6' : 'script'} | ${cell(doc)} |`;

const section = ({ title, fields }: { title: string; fields: FieldTable }): string[] => [
  '',
  `## ${title}`,
  '',
  '| field | holds | unit | written by | meaning |',
  '|---|---|---|---|---|',
  ...Object.entries<Field>(fields).map(row),
];

export const recordsPage = (): string =>
  `${[
    '# Records',
    '',
    'Made from `domain/record/fields.ts` by `npm run docs:records`. Each request is one JSON object on a line of `requests.jsonl`. An absent value is null or',
    "its member left out, never 0; readers drop members that they do not know. Times in `_ms` are milliseconds; an answer's count from `start_ms`. What is written by k6 comes from its response",
    'object, in Go (`k6/requestlog`); a streamed answer has it from `k6/x/stream`. Lines that begin with `{"probe":true` are the probe\'s.',
    ...Object.values(RECORD_TABLES).flatMap(section),
  ].join('\n')}\n`;

/** `tls_ms` as Go would name it: `tlsMS`. */
const goName = (field: string): string =>
  field.replaceAll(/_(\w)(\w*)/g, (_, first: string, rest: string) =>
    /^(ms|sha256)$/.test(first + rest) ? (first + rest).toUpperCase() : first.toUpperCase() + rest,
  );

const WIDTH = Math.max(...GO_FIELDS.map((field) => goName(field).length));

export const goFields = (): string => `// SPDX-License-Identifier: AGPL-3.0-only

// Code generated from domain/record/fields.ts by npm run docs:records; DO NOT EDIT.

package requestlog

// What stands before each field that this package writes.
const (
${GO_FIELDS.map((field, i) => `\t${goName(field).padEnd(WIDTH)} = \`${i === 0 ? '' : ','}"${field}":\``).join('\n')}
)

// fieldNames are the fields in their order.
var fieldNames = []string{${GO_FIELDS.map((field) => `"${field}"`).join(', ')}}
`;

export const records = command({
  name: 'records',
  title: "writes docs/records.md and k6/requestlog/fields.go from the table of a record's fields",
  hidden: true,
  options: { check: setting(toggle, false, 'fails where a file is not what the table makes') },
  run: (io, { options }) =>
    writeOrCheck(
      io,
      [
        { path: 'docs/records.md', content: recordsPage() },
        { path: 'k6/requestlog/fields.go', content: goFields() },
      ],
      'docs:records',
      options.check,
    ),
});
