import { expect, test } from 'vitest';
import {
  choice,
  defaultsOf,
  helpOf,
  list,
  number,
  override,
  readFlags,
  text,
} from '../../stand-in/kit/flags.ts';
import { noiseFlags } from '../../stand-in/kit/noise-flags.ts';

const table = {
  port: number({ initial: 0, min: 0, max: 65_535, integer: true, doc: 'the port' }),
  latency_scale: number({ initial: 1, min: 0, max: 10, doc: 'a factor' }),
  accuracy: override({ min: 0, max: 1, doc: 'a probability' }),
  variant: choice(['baseline', 'shadow'], 'baseline', 'which'),
  payloads: text('payloads', 'a folder'),
  fault: list('a fault'),
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
  [['--port', '1.5'], "--port is '1.5'; allowed: a whole number from 0 to 65535"],
  [['--port', ''], "--port is ''; allowed: a whole number"],
  [['--port=-1'], "--port is '-1'; allowed: a whole number"],
  [['--port', '0x50g'], "--port is '0x50g'"],
  [['--latency-scale', 'NaN'], 'allowed: a number from 0 to 10'],
  [['--accuracy', '76'], "--accuracy is '76'; allowed: a number from 0 to 1"],
  [['--variant', 'base'], "--variant is 'base'; allowed: one of baseline, shadow"],
  [['--payloads', ''], "--payloads is ''; allowed: some text"],
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
