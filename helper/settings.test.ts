import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig, type Config } from './config.ts';
import { Settings } from './settings.ts';

let directory: string;
let path: string;
let applied: Config | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-settings-'));
  path = join(directory, 'deskcloud.yaml');
  applied = undefined;
  writeFileSync(path, '# mine\nidentity:\n  tokenLifetimeSeconds: 600 # short\n');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function make(overrides: object = {}): Settings {
  const config = loadConfig(path, overrides);
  return new Settings({ path, overrides, config, apply: (next) => (applied = next) });
}
const find = (settings: Settings, name: string) =>
  settings.report().settings.find((one) => one.name === name);

test('what can hold at once does; the rest waits for the next start, and comments stay', async () => {
  const settings = make();
  await settings.change({ 'identity.tokenLifetimeSeconds': 900, 'network.vniRange': [5000, 6000] });
  expect(readFileSync(path, 'utf8')).toContain('# mine');
  expect(applied?.identity.tokenLifetimeSeconds).toBe(900);
  expect(applied?.network.vniRange).toEqual([1001, 16777215]);
  expect(find(settings, 'identity.tokenLifetimeSeconds')).toMatchObject({
    value: 900,
    running: 900,
    source: 'file',
  });
  expect(find(settings, 'network.vniRange')).toMatchObject({
    value: [5000, 6000],
    running: [1001, 16777215],
    effect: 'restart',
  });
  expect(loadConfig(path).network.vniRange).toEqual([5000, 6000]);
});

test('a setting is taken back to its default, and nothing of it is left in the file', async () => {
  const settings = make();
  await settings.change({ 'image.limits.image_count_total': 5 });
  expect(applied?.image.limits).toEqual({ image_count_total: 5 });
  await settings.change({ 'image.limits.image_count_total': null });
  expect(readFileSync(path, 'utf8')).not.toContain('image');
  expect(find(settings, 'image.limits.image_count_total')).toMatchObject({ value: null, source: 'default' });
});

test.each([
  [{ 'listener.port': 70_000 }, /port/],
  [{ 'external.hostAddress': '10.0.0.1' }, /not in external\.cidr/],
  [{ 'external.cidr': 'fd00::/64' }, /IPv4/],
  [{ 'network.vniRange': [9, 8] }, /ends before/],
  [{ stateDirectory: '/elsewhere' }, /cannot be changed/],
  [{ nonsense: 1 }, /no setting/],
])('%j is refused, and nothing is written', async (changes, message) => {
  const before = readFileSync(path, 'utf8');
  await expect(make().change(changes as never)).rejects.toThrow(message);
  expect(readFileSync(path, 'utf8')).toBe(before);
  expect(applied).toBeUndefined();
});

test('a port that is taken is refused, and one that the command line gives is not changed', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await expect(make().change({ 'listener.port': port })).rejects.toThrow(/taken by another program/);
  server.close();
  const settings = make({ port: 1234 });
  await expect(settings.change({ 'listener.port': 4321 })).rejects.toThrow(/command line/);
  expect(find(settings, 'listener.port')).toMatchObject({ value: 1234, source: 'command line' });
});

test('without a file there are the defaults, and a change makes it', async () => {
  rmSync(path);
  const settings = new Settings({
    path,
    overrides: {},
    config: loadConfig(undefined, {}),
    apply: () => undefined,
  });
  expect(find(settings, 'maxImageGib')).toMatchObject({ value: 1024, source: 'default' });
  await settings.change({ maxImageGib: 10 });
  expect(readFileSync(path, 'utf8')).toBe('maxImageGib: 10\n');
});
