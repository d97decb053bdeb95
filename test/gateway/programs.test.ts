import { describe, expect, test } from 'vitest';
import { isFields } from '../../domain/text/fields.ts';
import { namedModel, readPrograms, requestInputs } from '../../domain/jobs/gateway/programs.ts';
import { idsIn, requestId } from '../../domain/jobs/gateway/request-id.ts';
import { programs } from './build.ts';

describe('programs from GET /programs and from the user’s list', () => {
  // dspy-cli 0.1.13 says no more than this.
  const listed = { programs: [{ name: 'Ask', model: 'openai/gpt-x', endpoint: '/Ask' }] };

  test('what the gateway does not say is asked for, with an example', () => {
    expect(() => readPrograms({ listed, given: null })).toThrow(
      /inputs of the program "Ask" are not known.*--gateway-programs/,
    );
  });
  test('the list completes it, and chooses', () => {
    const given = [
      { name: 'Ask', inputs: { lang: 'str', question: 'str', n: 'int' }, values: { lang: 'de' } },
    ];
    const [ask] = readPrograms({ listed, given });
    expect(ask).toMatchObject({
      name: 'Ask',
      model: 'openai/gpt-x',
      path: '/Ask',
      mode: null,
      model_field: null,
    });
    if (ask === undefined) throw new Error('no program');
    const inputs = requestInputs(ask, 'gw-k-00-1');
    expect(inputs['lang']).toBe('de');
    expect(inputs['question']).toContain('gw-k-00-1');
    expect(inputs['n']).toBe(1);
  });
  test.each([
    [null, /lists no program/],
    ['Ask', /GET \/programs: expected/],
    [{ programs: [{ model: 'm' }] }, /program 1: name is missing/],
    [
      { programs: [{ name: 'A', model: 'm', inputs: { q: 'text' } }] },
      /q is "text"; it should be one of str/,
    ],
    [{ programs: [{ name: 'A', model: 'm', inputs: { n: 'int' } }] }, /no str input/],
    [{ programs: [{ name: 'A', inputs: { q: 'str' } }] }, /names no model/],
    [
      { programs: [1, 2].map(() => ({ name: 'A', model: 'm', inputs: { q: 'str' } })) },
      /"A" is listed twice/,
    ],
  ])('%j is refused', (bad, message) => {
    expect(() => readPrograms({ listed: bad, given: null })).toThrow(message);
  });
});

describe('the model that an answer names', () => {
  const [ask] = programs;
  const models = ['openai/gpt-x', 'gpt-x-large'];
  const named = (model_field: string | null, answer: unknown): string | null =>
    namedModel({ ...ask, model_field }, isFields(answer) ? answer : {}, models);
  test.each([
    ['model', { model: 'gpt-x' }, 'gpt-x'],
    ['model', { model: 'openai/gpt-x-large' }, 'gpt-x-large'],
    ['model', { model: '{"model":"gpt-x","input":"..."}' }, 'gpt-x'],
    ['model', { model: 'another' }, 'another'],
    ['model', { model: 7 }, null],
    ['model', {}, null],
    [null, { answer: '{"model":"gpt-x","input":"a"}' }, 'gpt-x'],
    [null, { answer: 'I am gpt-x-large' }, 'gpt-x-large'],
    [null, { answer: 'gpt-x or gpt-x-large' }, null],
    [null, { answer: 'forty-two' }, null],
  ])('field %j of %j: %j', (field, answer, expected) => {
    expect(named(field, answer)).toBe(expected);
  });
});

test('ids are found back, and only this run’s', () => {
  const id = requestId('k1', 'error-storm', 'main', 12);
  expect(id).toBe('gw-k1-32-12');
  expect(idsIn(`Request ${id}: "gw-k2-32-12" then ${id}x`, 'k1')).toEqual([id, `${id}x`]);
});
