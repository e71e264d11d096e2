import { expect, test } from 'vitest';
import { textOf, valueOf, type Control } from './setting.ts';

test.each([
  [9760, 'number'],
  [true, 'switch'],
  [['a.lan', 'b.lan'], 'lines'],
  [[1001, 2000], 'range'],
  ['172.24.4.0/24', 'text'],
  [null, 'number'],
] as const)('%j is typed and read again as it was', (value, control) => {
  expect(valueOf(textOf(value, control), control)).toEqual(value);
});

test.each([
  ['x', 'number'],
  ['1001', 'range'],
] as [string, Control][])('%s is no %s', (text, control) => {
  expect(valueOf(text, control)).toBeUndefined();
});
