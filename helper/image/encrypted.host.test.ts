import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { LinuxCommandRunner } from '../host/command/linux.ts';
import { LinuxDiskHost } from '../host/disk/linux.ts';
import { Secret } from '../secret.ts';
import { callers, ImageWorld } from './test-world.ts';

const MIB = 1024 * 1024;
const disks = new LinuxDiskHost(new LinuxCommandRunner());
let world: ImageWorld;
beforeEach(async () => {
  world = await new ImageWorld({ disks }).start();
});
afterEach(() => world.stop());

const never = () => new AbortController().signal;
const TEXT = 'what only a guest may read '.repeat(20_000).slice(0, MIB / 2);

test('an encrypted disk becomes an image of LUKS, and a disk of that image has what QEMU had written', async () => {
  const encryption = { passphrase: new Secret('open sesame'), keyBits: 256 as const };
  const at = (name: string): string => join(world.root, name);
  await disks.createEmpty({ path: at('disk'), format: 'qcow2', sizeBytes: 4 * MIB, encryption });
  writeFileSync(at('key'), encryption.passphrase.reveal(), { mode: 0o600 });
  writeFileSync(at('plain'), TEXT);
  const secret = ['--object', `secret,id=k,file=${at('key')}`];
  const opened = `driver=qcow2,encrypt.key-secret=k,file.filename=${at('disk')}`;
  const write = `write -s ${at('plain')} 1M ${MIB / 2}`;
  await promisify(execFile)('qemu-io', [...secret, '-c', write, '--image-opts', opened]);

  const image = async (id: string, properties: Record<string, string>): Promise<boolean> => {
    const shape = { id, name: 'n', minDisk: 0, minRam: 0, properties, diskFormat: 'raw' };
    transaction(world.db, () => world.image.face.reserve(world.db, callers['alice']!, shape));
    const disk = { path: at('disk'), format: 'qcow2' as const, diskFormat: 'raw' };
    const how = { ...disk, encrypted: { encryption, sizeBytes: 4 * MIB } };
    return await world.image.face.createFromDisk(id, how, never(), () => undefined);
  };
  const id = 'a1b2c3d4-0000-4000-8000-000000000001';
  expect(await image(id, { cinder_encryption_key_id: 'a-key' })).toBe(true);
  const base = await world.image.face.ensureBase(id, never(), () => undefined);
  const bytes = readFileSync(base.path);
  expect([bytes.includes('LUKS\xba\xbe', 0, 'latin1'), bytes.includes(TEXT.slice(0, 100))]).toEqual([
    true,
    false,
  ]);
  // All of it is there: what the guest saw, and LUKS's header.
  expect(base).toMatchObject({ format: 'raw', virtualSize: statSync(base.path).size });
  expect(base.virtualSize).toBeGreaterThan(4 * MIB);

  const other = { passphrase: new Secret('another one'), keyBits: 256 as const };
  const clone = { source: base.path, sourceFormat: base.format, sourceKey: encryption.passphrase };
  const size = { destinationFormat: 'qcow2' as const, sizeBytes: 4 * MIB };
  await disks.clone({ ...clone, ...size, destination: at('volume'), encryption: other });
  const plain = { source: at('volume'), sourceFormat: 'qcow2' as const, sourceKey: other.passphrase };
  await disks.convert({ ...plain, destination: at('read'), destinationFormat: 'raw' });
  const read = readFileSync(at('read'));
  expect([read.length, read.toString('latin1', MIB, MIB + TEXT.length)]).toEqual([4 * MIB, TEXT]);

  // Ciphertext that does not say what it is stays refused.
  await expect(image('a1b2c3d4-0000-4000-8000-000000000002', {})).rejects.toThrow(/luks/i);
}, 60_000);
