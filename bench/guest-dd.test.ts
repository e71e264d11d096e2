import { expect, test } from 'vitest';
import { parseRound, roundScript } from './guest-dd.ts';

const round = `vdc sequential_write 1000000000
vdc sequential_write 1250000000
vdc sequential_read 2000000000
vdc sequential_read 2040500000
vdc counted 5 0 40 10 9 0 72 100 0 7 8 0
vdc counted 69 0 552 43 73 0 584 190 0 60 70 0
`;

test('a round is read by disk, in milliseconds', () => {
  expect([...parseRound(round)]).toEqual([
    ['vdc', { sequential_write: 250, sequential_read: 40.5, random_read: 33, random_write: 90 }],
  ]);
});

test.each([
  ['something else', 'sh: dd: not found'],
  ['an end without a beginning', round.replace('vdc sequential_read 2000000000\n', '')],
  ['no time at all', round.replaceAll('2040500000', '2000000000')],
])('%s is no round', (_, text) => {
  expect(() => parseRound(text)).toThrow('has no time');
});

test('dropbear takes the command of a round, whose places are new ones in each', () => {
  const places = (n: number): string => /for n in ([^;]+)/.exec(roundScript(['vdc'], n))?.[1] ?? '';
  expect(places(1)).not.toBe(places(2));
  expect(roundScript(['vdc', 'vdd', 'vde'], 7).length).toBeLessThan(9000);
});
