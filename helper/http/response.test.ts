import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { SELECTABLE, responseProblem, type Answered } from './response.ts';

const closed = { additionalProperties: false } as const;
const thing = Type.Object({ id: Type.String(), size: Type.Integer() }, { ...closed, ...SELECTABLE });
const things = Type.Object({ things: Type.Array(thing) }, closed);

const answered = (body: unknown, more: Partial<Answered> = {}): Answered => ({
  version: 0,
  selected: false,
  body,
  streamed: false,
  ...more,
});

test('an answer has all that its schema asks for and nothing else', () => {
  expect(responseProblem(things, answered({ things: [{ id: 'a', size: 1 }] }))).toBeUndefined();
  expect(responseProblem(things, answered({ things: [{ id: 'a' }] }))).toContain("'size' is a required");
  expect(responseProblem(things, answered({ things: [{ id: 'a', size: 1, x: 1 }] }))).toContain("'x' was");
  expect(responseProblem(things, answered(undefined))).toBe('it has no body');
});

test('of what can be selected by fields, any part is enough for who selected', () => {
  const some = answered({ things: [{ id: 'a' }] }, { selected: true });
  expect(responseProblem(things, some)).toBeUndefined();
  expect(responseProblem(things, { ...some, body: {} })).toContain("'things' is a required");
  expect(responseProblem(things, { ...some, body: { things: [{ x: 1 }] } })).toContain("'x' was");
});

test('no body, a stream, and failure are answers too', () => {
  expect(responseProblem('none', answered(undefined))).toBeUndefined();
  expect(responseProblem('none', answered(null))).toBe('it has a body');
  expect(responseProblem('stream', answered(undefined, { streamed: true }))).toBeUndefined();
  expect(responseProblem('stream', answered({}))).toBe('it is JSON, and no stream');
  expect(responseProblem(things, answered(undefined, { streamed: true }))).toBe('it is a stream');
  expect(responseProblem('failure', answered(undefined))).toBe('it succeeded, and never should');
});

test('before its first microversion a list of schemas means no body', () => {
  const since = [{ from: 20, schema: things }];
  expect(responseProblem(since, answered(undefined, { version: 19 }))).toBeUndefined();
  expect(responseProblem(since, answered({ things: [] }, { version: 19 }))).toBe('it has a body');
  expect(responseProblem(since, answered(undefined, { version: 20 }))).toBe('it has no body');
});
