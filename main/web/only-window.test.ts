import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Instance } from '../launch.ts';
import { askFirst, becomeFirst, windowSocket, type Wish } from './only-window.ts';

const WISH: Wish = { kind: 'window', route: '/servers/a1' };
let directory: string;
let path: string;
let release: (() => void) | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-only-'));
  path = join(directory, 'window.sock');
});
afterEach(() => {
  release?.();
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

test('the first start is asked by the second, and does what it wants', async () => {
  expect(await askFirst(path, WISH)).toBeUndefined();
  const grant = vi.fn<Parameters<typeof becomeFirst>[1]>().mockResolvedValue({ shown: true });
  release = await becomeFirst(path, grant);
  expect(await askFirst(path, WISH)).toEqual({ shown: true });
  expect(grant).toHaveBeenCalledWith(WISH);
  expect(await becomeFirst(path, grant)).toBeUndefined();
});

test('what a killed one left is taken over', async () => {
  writeFileSync(path, '');
  expect(await askFirst(path, WISH)).toBeUndefined();
  release = await becomeFirst(path, () => Promise.resolve({ url: 'http://x/' }));
  expect(await askFirst(path, WISH)).toEqual({ url: 'http://x/' });
});

test.each(['{"kind":"else","route":null}', 'no JSON', 'x'.repeat(9000)])(
  'nonsense is not granted: %.20s',
  async (text) => {
    const grant = vi.fn<Parameters<typeof becomeFirst>[1]>();
    release = await becomeFirst(path, grant);
    const socket = createConnection(path);
    socket.on('error', () => undefined);
    socket.write(`${text}\n`);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(grant).not.toHaveBeenCalled();
  },
);

test('the socket is in a directory of the person alone, another for each instance', () => {
  const instance = (own: string | undefined): Instance => ({
    directory: own,
    simulated: true,
    port: undefined,
    config: undefined,
  });
  vi.stubEnv('XDG_RUNTIME_DIR', directory);
  expect(windowSocket(instance('/a'))).toMatch(
    new RegExp(`^${directory}/deskcloud/window-[0-9a-f]{16}.sock$`),
  );
  expect(windowSocket(instance('/a'))).not.toBe(windowSocket(instance(undefined)));
  chmodSync(join(directory, 'deskcloud'), 0o755);
  expect(() => windowSocket(instance('/a'))).toThrow('of yours alone');
});
