import { expect, test } from 'vitest';
import { marked, tokens, type CodeLanguage } from './highlight.ts';

const shown = (text: string, language: CodeLanguage): string[] =>
  tokens(text, language)
    .filter((one) => one.kind !== 'plain')
    .map((one) => `${one.kind} ${one.text}`);

test('knows names, keys and values of each language, and loses nothing', () => {
  expect(shown('<a href="x y">t</a><!-- c --><b/>', 'xml')).toEqual([
    'name <a',
    'key href',
    'string "x y"',
    'name >',
    'name </a',
    'name >',
    'comment <!-- c -->',
    'name <b',
    'name />',
  ]);
  expect(shown("UPDATE server SET name = 'it''s', n = 3 WHERE id = @id -- done", 'sql')).toEqual([
    'name UPDATE',
    'name SET',
    "string 'it''s'",
    'number 3',
    'name WHERE',
    'key @id',
    'comment -- done',
  ]);
  expect(shown('ip -n qdhcp link set eth0 mtu 1450', 'shell')).toEqual(['name ip', 'key -n', 'number 1450']);
  expect(shown('{"a": [1, true, "b"]}', 'json')).toEqual(['key "a"', 'number 1', 'name true', 'string "b"']);
  for (const language of ['xml', 'sql', 'shell', 'json', 'plain'] as const) {
    const text = `<x y='1'>"a" -- 'b\n{ "k": 1 }</x>`;
    expect(
      tokens(text, language)
        .map((one) => one.text)
        .join(''),
    ).toBe(text);
  }
});

test('marks what is looked for, over the borders of pieces', () => {
  const cut = marked(tokens('<disk file="vda"/>', 'xml'), ['K FI', 'VDA', '']);
  expect(cut.map((one) => one.text).join('')).toBe('<disk file="vda"/>');
  expect(
    cut
      .filter((one) => one.found)
      .map((one) => one.text)
      .join('|'),
  ).toBe('k| |fi|vda');
  expect(marked(tokens('a.c abc', 'plain'), ['a.c']).filter((one) => one.found)).toHaveLength(1);
});
