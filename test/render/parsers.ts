/** Small strict readers of what the renderers write: they throw at anything that is not well-formed. */

/** RFC 4180: CRLF ends each record, quotes are doubled inside quotes. */
export function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const record: string[] = [];
    for (;;) {
      const field = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/.exec(text.slice(at));
      if (field === null) throw new Error(`no CSV at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
      record.push(field[1]?.replaceAll('""', '"') ?? field[2] ?? '');
      at += field[0].length;
      if (field[3] === '\r\n') break;
    }
    records.push(record);
  }
  return records;
}

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own text, without that of its children. */
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

/** What XML 1.0 can't hold at all, and what must be escaped in it. */
// oxlint-disable no-control-regex -- they are what is looked for
const NOT_TEXT = new RegExp(
  '[<\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\uD800-\\uDFFF\\uFFFE\\uFFFF]|&(?!(?:amp|lt|gt|quot|#39);)',
  'u',
);

function plain(text: string): string {
  if (NOT_TEXT.test(text)) throw new Error(`no XML text: ${JSON.stringify(text)}`);
  return text.replace(/&[^;]+;/g, (entity) => ENTITIES[entity] ?? entity);
}

/** Elements, attributes, text and a declaration: all that we write. */
export function parseXml(text: string): readonly XmlElement[] {
  interface Open extends XmlElement {
    readonly children: Open[];
    text: string;
  }
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const stack = [root];
  const top = (): Open => stack.at(-1) ?? root;
  let rest = text.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
  while (rest !== '') {
    const tag = /^<(\/?)([a-z][a-z-]*)((?: [a-z_]+="[^"]*")*)(\/?)>/.exec(rest);
    const [token] = tag ?? /^[^<]+/.exec(rest) ?? [];
    if (token === undefined) throw new Error(`no XML: ${JSON.stringify(rest.slice(0, 60))}`);
    rest = rest.slice(token.length);
    if (tag === null) {
      top().text += plain(token);
      continue;
    }
    const [, closing = '', name = '', list = '', empty = ''] = tag;
    if (closing !== '') {
      if (stack.pop()?.name !== name || stack.length === 0) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    const pairs = [...list.matchAll(/ ([a-z_]+)="([^"]*)"/g)].map(
      ([, key = '', value = '']): [string, string] => [key, plain(value)],
    );
    if (new Set(pairs.map(([key]) => key)).size !== pairs.length)
      throw new Error(`an attribute of <${name}> twice`);
    const element: Open = { name, attributes: Object.fromEntries(pairs), children: [], text: '' };
    top().children.push(element);
    if (empty === '') stack.push(element);
  }
  if (stack.length !== 1) throw new Error(`<${top().name}> is not closed`);
  return root.children;
}
