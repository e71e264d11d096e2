import { expect, test } from 'vitest';
import { judgeKey, nameInKey, sha256Fingerprint } from './key.ts';

// github.com's host key, of which GitHub publishes the fingerprint below.
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl github@example';

test('public, private and neither are told apart', () => {
  expect(judgeKey(KEY)).toBe('public');
  expect(judgeKey(`${KEY}\n`)).toBe('public');
  expect(judgeKey('-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl')).toBe('private');
  expect(judgeKey('-----BEGIN RSA PRIVATE KEY-----\nb3Bl')).toBe('private');
  expect(judgeKey('ssh-ed25519 short')).toBe('neither');
  expect(judgeKey('  ')).toBe('empty');
});

test('a key names itself, and has the fingerprint that ssh-keygen shows', async () => {
  expect(nameInKey(KEY)).toBe('github-example');
  expect(await sha256Fingerprint(KEY)).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  expect(await sha256Fingerprint('-----BEGIN CERTIFICATE-----')).toBeUndefined();
});
