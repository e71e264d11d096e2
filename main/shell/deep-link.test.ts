import { expect, test } from 'vitest';
import { parseShellArguments } from '../shell-arguments.ts';
import { routeIn, routeOfLink } from './deep-link.ts';

test('a link leads to its page', () => {
  expect(routeOfLink('deskcloud://server/3f6c1d52-0d1d-4a54-9d1c-0a1f7c2f4c11')).toBe(
    '/servers/3f6c1d52-0d1d-4a54-9d1c-0a1f7c2f4c11',
  );
  expect(routeIn(['--no-sandbox', 'deskcloud://operation/a1'])).toBe('/operations/a1');
});

test.each([
  'deskcloud://server/',
  'deskcloud://server/a/../../operations',
  'deskcloud://server/a?b=c',
  'deskcloud://constructor/a',
  'deskcloud://server/%2e%2e',
  'https://server/a',
  'deskcloud://server/a\ndeskcloud://server/b',
])('%j leads nowhere', (link) => {
  expect(routeOfLink(link)).toBeUndefined();
});

test('the shell takes its instance and page from its words, among others that it does not know', () => {
  const given = parseShellArguments([
    '--enable-features=x',
    '--directory',
    '/tmp/a',
    '--host',
    'simulated',
    'deskcloud://server/a1',
  ]);
  expect(given).toMatchObject({
    instance: { directory: '/tmp/a', simulated: true, port: undefined },
    browser: false,
    route: '/servers/a1',
  });
});
