import { expect, test } from 'vitest';
import { checkUserData } from './user-data.ts';

const found = async (text: string): Promise<unknown> => (await checkUserData(text)).problem?.what;

test('cloud-config is read as YAML', async () => {
  expect(await checkUserData('#cloud-config\npackages: [git]\n')).toEqual({
    kind: 'cloud-config',
    size: 30,
    tooLarge: false,
  });
  const broken = await checkUserData('#cloud-config\nusers:\n  - name: a\n bad: [\n');
  expect(broken.problem).toMatchObject({ what: 'yaml', line: 4 });
  expect(await found('#cloud-config\n- a\n- b\n')).toBe('not-a-mapping');
});

test('a script needs an interpreter that the guest finds', async () => {
  expect(await found('#!/bin/sh\ntrue\n')).toBeUndefined();
  expect(await found('#! sh\n')).toBe('no-interpreter');
  expect(await found('#!/bin/sh\r\ntrue\r\n')).toBe('carriage-returns');
});

test('what cloud-init would silently ignore is told, and what compute refuses', async () => {
  expect(await found('packages: [git]')).toBe('unknown-kind');
  expect(await found('')).toBeUndefined();
  expect(await found('Content-Type: multipart/mixed; boundary=x')).toBeUndefined();
  expect((await checkUserData(`#!/bin/sh\n${'x'.repeat(49_139)}`)).tooLarge).toBe(false);
  expect((await checkUserData(`#!/bin/sh\n${'x'.repeat(49_140)}`)).tooLarge).toBe(true);
});
