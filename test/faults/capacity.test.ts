/** What a person may type wrong about arrivals and ramps: refused before any load, with the value and the way out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { suite, temporary } from '../support/suite.ts';

describe('refused before any load', () => {
  test.each([
    [['ramp', '--from', '50', '--to', '5'], /--to 5 lies below --from 50/],
    [['ramp', '--rate', '60'], /--rate 60 lies above --to 50/],
    [['ramp', '--arrival', 'bursts:on=1s,off=1s,peak=5'], /a ramp takes closed, constant or poisson/],
    [['baseline', '--arrival', 'poisson'], /give --rate/],
    [['baseline', '--rate', '5'], /--rate goes with --arrival/],
    [['baseline', '--arrival', 'constant', '--rate', '30000'], /20000/],
    [['baseline', '--arrival', 'poisson', '--rate', '5', '--think-time', '1s-2s'], /--think-time/],
    [['mixed', '--mix', 'chats=1'], /did you mean chat/],
    [['soak', '--runs', '2'], /--block cuts one load/],
  ] as const)('%j', async (args, message) => {
    const { code, stderr } = await suite(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test.each([
    ['{"offset_ms":10}\n{"offset_ms":5}\n', /line 2: offset_ms 5 comes after 10/],
    ['{"offset_ms":-3}\n', /-3; allowed: a number from 0/],
    ['{"offset_ms":0,"payload":"nobody"}\n', /"nobody" is no payload of this run/],
  ])('trace %j', async (text, message) => {
    using folder = temporary();
    const file = join(folder.path, 'trace.jsonl');
    writeFileSync(file, text);
    const { code, stderr } = await suite(['baseline', '--arrival', `trace:${file}`]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
