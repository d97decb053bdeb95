import { expect, test } from 'vitest';
import { absent, choice, list, named, number, setting } from '../../domain/settings/kinds.ts';
import { defaultsOf, helpOf, readFlags } from '../../stand-in/kit/command-line.ts';
import { noiseFlags } from '../../stand-in/kit/noise-flags.ts';

const table = {
  port: setting(number({ min: 0, max: 65_535, whole: true }), 0, 'the port'),
  latency_scale: setting(number({ min: 0, max: 10 }), 1, 'a factor'),
  accuracy: absent(number({ min: 0, max: 1 }), 'a probability'),
  variant: setting(choice(['baseline', 'shadow']), 'baseline', 'which'),
  payloads: setting(named(), 'payloads', 'a folder'),
  fault: setting(list(named(), 'FAULT'), [], 'a fault'),
  ...noiseFlags,
};

test('absent flags have their defaults', () => {
  const defaults = {
    port: 0,
    latency_scale: 1,
    accuracy: null,
    variant: 'baseline',
    payloads: 'payloads',
    fault: [],
    autocorrelation: 0,
    burst: null,
  };
  expect(readFlags(table, [])).toEqual(defaults);
  expect(defaultsOf(table)).toEqual(defaults);
});

test('values are read, with = or without, and repeated where a list is meant', () => {
  const argv = [
    '--port',
    '81',
    '--latency-scale=0.5',
    '--accuracy',
    '0',
    '--fault',
    'a',
    '--fault=b=c',
    '--burst',
    '9:3:2.5',
  ];
  expect(readFlags(table, argv)).toMatchObject({
    port: 81,
    latency_scale: 0.5,
    accuracy: 0,
    fault: ['a', 'b=c'],
    burst: { every: 9, length: 3, factor: 2.5 },
  });
});

test.each([
  [['--prot', '1'], 'unknown flag --prot. Did you mean --port?'],
  [['--latency-scal=1'], 'Did you mean --latency-scale?'],
  [['--zzzzzzzz', '1'], 'unknown flag --zzzzzzzz. See --help'],
  [['--latency_scale', '1'], 'Did you mean --latency-scale?'],
  [['stray'], "unexpected 'stray'"],
  [['--', 'x'], "unexpected '--'"],
  [['--port'], '--port needs a value'],
  [['--port', '1', '--port', '2'], '--port is given twice'],
  [['--port', '1.5'], '--port: "1.5" is out; allowed: a whole number from 0 to 65535'],
  [['--port', ''], '--port: "" is out; allowed: a whole number'],
  [['--port=-1'], '--port: "-1" is out; allowed: a whole number'],
  [['--port', '0x50g'], '--port: "0x50g" is out'],
  [['--latency-scale', 'NaN'], 'allowed: a number from 0 to 10'],
  [['--accuracy', '76'], '--accuracy: "76" is out; allowed: a number from 0 to 1'],
  [['--variant', 'base'], '--variant: "base" is out; allowed: baseline, shadow'],
  [['--payloads', ''], '--payloads: "" is empty; give TEXT'],
  [['--burst', '3:9:2'], 'allowed: EVERY:LENGTH:FACTOR'],
])('%j: %s', (argv, message) => {
  expect(() => readFlags(table, argv)).toThrow(message);
});

test('help lists every flag with its default', () => {
  const help = helpOf('grammar', table);
  expect(help).toMatch(/--latency-scale +a factor \(default 1\)/);
  expect(help).toMatch(/--fault +a fault \(repeatable\)/);
  expect(help.match(/^ {2}--/gm)).toHaveLength(Object.keys(table).length);
});
