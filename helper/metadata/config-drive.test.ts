import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TraceEntry } from '../contract/trace.ts';
import { closeDatabase } from '../db/index.ts';
import { buildConfigDrive } from '../host/configdrive/index.ts';
import { withRecorder } from '../host/record.ts';
import { createMetadata } from './index.ts';
import { PASSWORD, USER_DATA, sampleNic, sampleServer, sampleWorld } from './testing.ts';

let world: ReturnType<typeof sampleWorld>;
let directory: string;

const bare = sampleServer(2, { userData: null, keyPair: null, adminPassword: null, files: [], metadata: {} });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 't-metadata-'));
  world = sampleWorld([
    { place: 'n', address: 'a', server: sampleServer(1), nics: [sampleNic(1, { tag: 'front' })] },
    { place: 'n', address: 'b', server: bare },
  ]);
});
afterEach(async () => {
  closeDatabase(world.deps.db);
  await rm(directory, { recursive: true });
});

const filesOf = (serverId: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(createMetadata(world.deps).configDrive.configDriveFiles(serverId)).map(
      ([path, content]) => [
        path,
        String(content).replace(/"random_seed":"[^"]{684}"/, '"random_seed":"..."'),
      ],
    ),
  );

it('has the files of both layouts, exactly', async () => {
  const files = filesOf(sampleServer(1).id);
  const shown = Object.entries(files).map(([path, content]) => `${path}\n    ${content.trimEnd()}\n`);
  await expect(shown.join('')).toMatchFileSnapshot('golden/config-drive.txt');
});

it('leaves out what the server does not have', () => {
  const files = filesOf(bare.id);
  expect(Object.keys(files).filter((path) => /user.data|content/.test(path))).toEqual([]);
  expect(Object.keys(JSON.parse(files['openstack/2012-08-10/meta_data.json'] ?? '') as object)).toEqual([
    'uuid',
    'hostname',
    'name',
    'launch_index',
    'availability_zone',
  ]);
});

it('fails for a server that is gone', () => {
  expect(() => filesOf('no-such-server')).toThrow('has no row');
});

it('becomes a drive, of whose making the record names no secret and no name of the user (S21, S38)', async () => {
  const files = createMetadata(world.deps).configDrive.configDriveFiles(sampleServer(1).id);
  const trace: TraceEntry[] = [];
  const path = join(directory, 'disk.config');
  await withRecorder(
    (entry) => trace.push(entry),
    () => buildConfigDrive({ path, files }),
  );
  const text = JSON.stringify(trace);
  expect(text).toContain('openstack/latest/user_data');
  for (const secret of [PASSWORD, USER_DATA, Buffer.from(USER_DATA).toString('base64'), 'planted', 'motd'])
    expect(text).not.toContain(secret);
  expect((await readFile(path)).includes(USER_DATA)).toBe(true);
  expect(Object.keys(files).filter((name) => name.includes('..'))).toEqual([]);
});
