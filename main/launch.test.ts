import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hasUnit, isKnownAsSimulated, privileged, typed, type Instance } from './launch.ts';

const MACHINE: Instance = { directory: undefined, simulated: false, port: undefined, config: undefined };
let bin: string;
const install = (...programs: readonly string[]): void => {
  for (const program of programs) {
    writeFileSync(join(bin, program), '');
    chmodSync(join(bin, program), 0o755);
  }
};
const terminal = (there: boolean): void => {
  Object.defineProperty(process.stdin, 'isTTY', { value: there, configurable: true });
};
const before = process.stdin.isTTY;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'deskcloud-launch-'));
  vi.stubEnv('PATH', bin);
  vi.stubEnv('DISPLAY', ':0');
  vi.spyOn(process, 'getuid').mockReturnValue(1000);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  terminal(before);
  rmSync(bin, { recursive: true, force: true });
});

test('systemd starts the helper of the machine, where the unit is installed and systemd runs', () => {
  const there = (path: string): boolean =>
    ['/run/systemd/system', '/lib/systemd/system/deskcloud.service'].includes(path);
  expect(hasUnit(MACHINE, there)).toBe(true);
  expect(hasUnit(MACHINE, (path) => path === '/run/systemd/system')).toBe(false);
  expect(hasUnit(MACHINE, (path) => path.endsWith('deskcloud.service'))).toBe(false);
  // The unit knows of no instance but the machine's, with the settings in /etc.
  for (const other of [{ directory: '/x' }, { port: 1 }, { config: '/x.yaml' }, { simulated: true }])
    expect(hasUnit({ ...MACHINE, ...other }, there)).toBe(false);
});

test('pkexec asks in a desktop session, sudo in a terminal', async () => {
  install('pkexec', 'sudo');
  terminal(false);
  expect(await privileged(MACHINE, ['helper'])).toEqual(['pkexec', 'helper']);
  terminal(true);
  expect(await privileged(MACHINE, ['helper'])).toEqual(['sudo', '--', 'helper']);
  vi.stubEnv('DISPLAY', undefined);
  terminal(false);
  expect(await privileged(MACHINE, ['helper'])).toEqual(['sudo', '--', 'helper']);
});

test('whoever is root, or simulates, needs neither; without both the remedy is said', async () => {
  await expect(privileged(MACHINE, ['helper'])).rejects.toThrow('Run this command as root');
  expect(await privileged({ ...MACHINE, simulated: true }, ['helper'])).toEqual(['helper']);
  vi.spyOn(process, 'getuid').mockReturnValue(0);
  expect(await privileged(MACHINE, ['helper'])).toEqual(['helper']);
});

test("what is to be typed names the instance, unless it is the machine's own", () => {
  expect(typed(MACHINE, 'demo', '--down')).toBe('npm run demo -- --down');
  expect(typed(MACHINE, 'start')).toBe('npm start');
  expect(typed(MACHINE, 'trace', 'demo-server')).toBe('npm run -s deskcloud -- trace demo-server');
  expect(typed({ ...MACHINE, directory: '/x' }, 'demo')).toBe('npm run demo -- --directory /x');
});

test('an instance that was simulated is known as such by its directory', () => {
  expect(isKnownAsSimulated(undefined)).toBe(false);
  expect(isKnownAsSimulated(bin)).toBe(false);
  mkdirSync(join(bin, 'state'));
  writeFileSync(join(bin, 'state', 'simulated'), '');
  expect(isKnownAsSimulated(bin)).toBe(true);
});
