import {
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Secret } from '../helper/secret.ts';
import {
  mergeCloudsYaml,
  namesCloud,
  removeFromCloudsYaml,
  renderOpenrc,
  writeUserFile,
  type CloudCredentials,
} from './credentials-files.ts';

const credentials: CloudCredentials = {
  authUrl: 'http://127.0.0.1:9696/identity/v3',
  userName: 'admin',
  password: new Secret('it\'s: #a "password"'),
  projectName: 'admin',
  region: 'RegionOne',
};
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-identity-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const cloudOf = (text: string): unknown =>
  (parse(text) as { clouds: Record<string, { auth: { password: string } }> }).clouds['deskcloud']?.auth
    .password;

test('a new clouds.yaml, and the same one written again', () => {
  const text = mergeCloudsYaml(undefined, credentials);
  expect(cloudOf(text)).toBe(credentials.password.reveal());
  expect(mergeCloudsYaml(text, credentials)).toBe(text);
});

test('two clouds of ours beside each other, and both away again', () => {
  const both = mergeCloudsYaml(
    mergeCloudsYaml('# mine\nclouds: {work: {}}\n', credentials),
    credentials,
    'other',
  );
  expect(namesCloud(both, 'deskcloud')).toBe(true);
  expect(namesCloud(both, 'other')).toBe(true);
  const rest = removeFromCloudsYaml(both, ['deskcloud', 'other', 'never there']);
  expect(parse(rest ?? '')).toEqual({ clouds: { work: {} } });
  expect(rest).toContain('# mine');
  expect(
    removeFromCloudsYaml(mergeCloudsYaml(undefined, credentials), ['deskcloud', 'other']),
  ).toBeUndefined();
});

test('other clouds, comments and keys of a user stay', () => {
  const existing = [
    '# my clouds',
    'clouds:',
    '  # at work',
    '  work:',
    '    auth:',
    '      auth_url: https://work.example/v3 # slow',
    '  deskcloud:',
    '    auth: {password: old}',
    'cache:',
    '  auth: true',
    '',
  ].join('\n');
  const merged = mergeCloudsYaml(existing, credentials);
  for (const kept of ['# my clouds', '# at work', 'https://work.example/v3 # slow', 'cache:\n  auth: true'])
    expect(merged).toContain(kept);
  expect(cloudOf(merged)).toBe(credentials.password.reveal());
});

test.each([
  ['a comment only', '# nothing yet\n'],
  ['clouds without any', 'clouds:\n'],
])('%s is filled in', (_what, existing) => {
  expect(cloudOf(mergeCloudsYaml(existing, credentials))).toBe(credentials.password.reveal());
});

test.each([
  ['no YAML', 'clouds: [unclosed'],
  ['a list', '- a\n'],
  ['clouds that are a list', 'clouds:\n  - a\n'],
])('%s is refused, not replaced', (_what, existing) => {
  expect(() => mergeCloudsYaml(existing, credentials)).toThrow('clouds.yaml');
});

test('openrc quotes for the shell', () => {
  expect(renderOpenrc(credentials)).toContain(`export OS_PASSWORD='it'\\''s: #a "password"'\n`);
});

test('a file is written whole, private, and over an old one', async () => {
  const path = join(directory, 'config', 'openstack', 'clouds.yaml');
  await writeUserFile(path, 'one', owner);
  await writeUserFile(path, 'two', owner);
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  expect(lstatSync(join(directory, 'config')).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(directory, 'config', 'openstack'))).toEqual(['clouds.yaml']);
});

test('symbolic links are refused, as file and as directory', async () => {
  const canary = join(directory, 'canary');
  writeFileSync(canary, 'untouched');
  symlinkSync(canary, join(directory, 'link'));
  await expect(writeUserFile(join(directory, 'link'), 'x', owner)).rejects.toThrow('not a regular file');
  mkdirSync(join(directory, 'real'));
  symlinkSync(join(directory, 'real'), join(directory, 'linked'));
  // Links of root's own are root's word; these are a user's.
  if (owner.uid === 0) lchownSync(join(directory, 'linked'), 65534, 65534);
  await expect(writeUserFile(join(directory, 'linked', 'f'), 'x', owner)).rejects.toThrow('symbolic link');
  // Further up as well: a user could point ~/.config anywhere.
  await expect(writeUserFile(join(directory, 'linked', 'deep', 'f'), 'x', owner)).rejects.toThrow(
    'symbolic link',
  );
  expect(readFileSync(canary, 'utf8')).toBe('untouched');
  expect(readdirSync(join(directory, 'real'))).toEqual([]);
});
