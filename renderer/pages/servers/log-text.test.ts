import { expect, test } from 'vitest';
import { matching, plainLines } from './log-text.ts';

test('colours and titles are taken out, and what was written over is gone', () => {
  expect(plainLines('\u001b[1;32mok\u001b[0m boot\r\n\u001b]0;title\u0007login: ')).toEqual([
    'ok boot',
    'login: ',
  ]);
  expect(plainLines('10%\r50%\r100%\nabc\rX\n\u001bcnew\u0000\ttab\n')).toEqual(['100%', 'Xbc', 'new\ttab']);
  // As compute gives it.
  expect(plainLines('[1;36mblue[0m [    0.000001] eth0 [OK]')).toEqual(['blue [    0.000001] eth0 [OK]']);
  expect(plainLines('')).toEqual([]);
});

test('a search finds lines whatever their case', () => {
  expect(matching(['Linux version', 'eth0', 'LINUX'], 'linux')).toEqual([0, 2]);
  expect(matching(['a'], '')).toEqual([]);
});
