import { expect, test } from 'vitest';
import { differenceOf, parsePairs, writePairs } from './pairs.ts';

test('pairs are written and read again as they were, with colons in names and values', () => {
  const all = [
    ['hw:cpu_policy', 'shared'],
    ['url', 'http://x:1/y'],
    ['a/b', 'x = y'],
  ] as const;
  expect(parsePairs(writePairs(all))).toEqual({ pairs: all, wrong: undefined });
  expect(parsePairs('trait:HW_ARCH_X86_64=required\n\n').pairs).toEqual([
    ['trait:HW_ARCH_X86_64', 'required'],
  ]);
  expect(parsePairs('a: 1\nnonsense').wrong).toBe('nonsense');
  expect(parsePairs('a:').wrong).toBe('a:');
});

test('the difference names what is new, changed and gone', () => {
  expect(differenceOf({ a: '1', b: '2', c: '3' }, { a: '1', b: '4', d: '5' })).toEqual({
    set: { b: '4', d: '5' },
    removed: ['c'],
  });
});
