/** Prometheus' text format, as much of it as a watch needs: samples with their labels. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

const unescape = (text: string): string => text.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));

function valueOf(text: string): number | null {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}

/** What can't be read is left out: a server's own page is not ours to refuse. */
export function parseExposition(text: string): Sample[] {
  return text.split('\n').flatMap((line): Sample[] => {
    const [, name, labels, written] = LINE.exec(line) ?? [];
    const value = written === undefined ? null : valueOf(written);
    if (name === undefined || value === null) return [];
    const pairs = [...(labels ?? '').matchAll(LABEL)].map(([, key, text_]): [string, string] => [
      key ?? '',
      unescape(text_ ?? ''),
    ]);
    return [{ name, labels: Object.fromEntries(pairs), value }];
  });
}

/** One watched metric at one moment, summed over its series. */
export interface Reading {
  readonly all: number;
  /** Of the series that carry our path in a label; null where none does. */
  readonly own: number | null;
  /** Of one series: a share of something is no sum over engines. */
  readonly max: number;
}

/**
 * The watched metrics that are there, by name; a histogram's or summary's name gives its `_count` and `_sum`.
 * @param path the path that we load, as servers write it into a label
 */
export function readMetrics(
  samples: readonly Sample[],
  names: readonly string[],
  path: string,
): Record<string, Reading> {
  const wanted = new Set(names.flatMap((name) => [name, `${name}_count`, `${name}_sum`]));
  const found: Record<string, Reading> = {};
  for (const { name, labels, value } of samples) {
    if (!wanted.has(name) || !Number.isFinite(value)) continue;
    const before = found[name] ?? { all: 0, own: null, max: value };
    const ours = Object.values(labels).includes(path);
    found[name] = {
      all: before.all + value,
      own: ours ? (before.own ?? 0) + value : before.own,
      max: Math.max(before.max, value),
    };
  }
  return found;
}
