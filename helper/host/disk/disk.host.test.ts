import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TraceEntry } from '../../contract/trace.ts';
import { LinuxCommandRunner } from '../command/linux.ts';
import { DiskFullError } from '../files/interface.ts';
import { Secret } from '../../secret.ts';
import { withRecorder } from '../record.ts';
import { diskHostContract } from './contract.ts';
import { LinuxDiskHost } from './linux.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const host = new LinuxDiskHost(new LinuxCommandRunner());

diskHostContract('linux', () => host);

let directory = '';
const at = (file: string): string => join(directory, file);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 't-disk-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function qemuImg(...argv: string[]): Promise<string> {
  return (await run('qemu-img', argv)).stdout;
}

describe('overlays that we write ourselves', () => {
  const SIZES = [
    MIB,
    512,
    3 * MIB + 512,
    2 ** 29,
    2 ** 29 + 512,
    10 * 2 ** 30,
    2 ** 41,
    2 ** 43 + 512,
    2 ** 46,
  ];
  test.each(SIZES)(
    '%i bytes: qemu-img finds nothing wrong, and says the same of its own',
    async (sizeBytes) => {
      await writeFile(at('base'), Buffer.alloc(512));
      await host.createOverlay({ path: at('ours'), base: at('base'), baseFormat: 'raw', sizeBytes });
      await qemuImg(
        'create',
        '-q',
        '-f',
        'qcow2',
        '-F',
        'raw',
        '-b',
        at('base'),
        at('theirs'),
        String(sizeBytes),
      );
      expect(await qemuImg('check', '-f', 'qcow2', at('ours'))).toContain('No errors were found');
      const info = async (file: string): Promise<unknown> => {
        const {
          'actual-size': _size,
          children: _children,
          ...rest
        } = JSON.parse(await qemuImg('info', '-f', 'qcow2', '--output=json', at(file))) as Record<
          string,
          unknown
        >;
        return { ...rest, filename: 'x' };
      };
      expect(await info('ours')).toEqual(await info('theirs'));
    },
  );

  test('take data where the disk begins, ends and between, and read the base elsewhere', async () => {
    await writeFile(at('base'), Buffer.alloc(MIB, 'base'));
    const sizeBytes = 2 ** 41;
    await host.createOverlay({ path: at('o'), base: at('base'), baseFormat: 'raw', sizeBytes });
    const commands = [
      'write -P 1 0 512',
      `write -P 2 ${sizeBytes - 65536} 64k`,
      'write -P 3 1T 3M',
      'read -P 1 0 512',
      'read -P 98 512 1',
      'read -P 3 1T 3M',
    ];
    await run('qemu-io', ['-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), at('o')]);
    expect(await qemuImg('check', '-f', 'qcow2', at('o'))).toContain('No errors were found');
  });
});

test('every call of qemu-img names its formats and has limits', async () => {
  const entries: TraceEntry[] = [];
  await withRecorder(
    (entry) => entries.push(entry),
    async () => {
      await host.createEmpty({ path: at('a'), format: 'qcow2', sizeBytes: MIB });
      await host.info({ path: at('a'), format: 'qcow2' });
      await host.resize({ path: at('a'), format: 'qcow2', sizeBytes: 2 * MIB });
      await host.measure({ path: at('a'), format: 'qcow2', destinationFormat: 'raw' });
      await host.flatten({ path: at('a') });
      await host.convert({
        source: at('a'),
        sourceFormat: 'qcow2',
        destination: at('b'),
        destinationFormat: 'raw',
      });
    },
  );
  const commands = entries.flatMap((entry) => (entry.kind === 'command' ? [entry.argv.join(' ')] : []));
  expect(commands).toHaveLength(5);
  for (const command of commands) expect(command).toMatch(/^qemu-img .*(-f qcow2|"driver":"qcow2")/);
  expect(entries).toContainEqual({ kind: 'file', action: 'write', path: at('a') });
});

test.each(['vmdk', 'vdi', 'vhd', 'vhdx', 'qcow2'] as const)(
  'content survives %s and back',
  async (format) => {
    await writeFile(at('raw'), Buffer.alloc(3 * MIB, 'content'));
    await host.convert({
      source: at('raw'),
      sourceFormat: 'raw',
      destination: at('x'),
      destinationFormat: format,
    });
    await host.convert({
      source: at('x'),
      sourceFormat: format,
      destination: at('back'),
      destinationFormat: 'raw',
    });
    const back = await readFile(at('back'));
    expect(back.subarray(0, 3 * MIB).equals(await readFile(at('raw')))).toBe(true);
  },
);

test('a conversion reads a backing file only where it is told to (S2)', async () => {
  await writeFile(at('canary'), Buffer.alloc(MIB, 'secret'));
  await host.createOverlay({ path: at('o'), base: at('canary'), baseFormat: 'raw', sizeBytes: MIB });
  const convert = async (followBackingChain: boolean): Promise<Buffer> => {
    await host.convert({
      source: at('o'),
      sourceFormat: 'qcow2',
      destination: at('out'),
      destinationFormat: 'raw',
      followBackingChain,
    });
    return await readFile(at('out'));
  };
  expect((await convert(false)).every((byte) => byte === 0)).toBe(true);
  expect((await convert(true)).toString('latin1', 0, 6)).toBe('secret');
});

test('a guest makes its raw disk look like a qcow2 that names a canary (S5)', async () => {
  await writeFile(at('canary'), Buffer.alloc(MIB, 'secret'));
  await host.createOverlay({ path: at('disk'), base: at('canary'), baseFormat: 'raw', sizeBytes: MIB });
  const written = await readFile(at('disk'));
  const raw = { format: 'raw', sizeBytes: written.length + MIB } as const;
  await host.resize({ ...raw, path: at('disk') });
  const snapshot = { destination: at('snapshot'), destinationFormat: 'qcow2' } as const;
  await host.convert({ source: at('disk'), sourceFormat: 'raw', followBackingChain: true, ...snapshot });
  await host.createOverlay({
    path: at('rescue'),
    base: at('disk'),
    baseFormat: 'raw',
    sizeBytes: raw.sizeBytes,
  });
  for (const file of ['snapshot', 'rescue']) {
    const path = at(`${file}.raw`);
    await host.convert({
      source: at(file),
      sourceFormat: 'qcow2',
      followBackingChain: true,
      destination: path,
      destinationFormat: 'raw',
    });
    const seen = await readFile(path);
    expect(seen.subarray(0, written.length).equals(written)).toBe(true);
    expect(seen.includes('secret')).toBe(false);
  }
  expect((await readFile(at('canary'))).equals(Buffer.alloc(MIB, 'secret'))).toBe(true);
});

test('a disk that a guest uses can be looked at, and nothing else', async () => {
  await host.createEmpty({ path: at('used'), format: 'qcow2', sizeBytes: MIB });
  const guest = spawn('qemu-io', ['-f', 'qcow2', at('used')], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    // The prompt comes when the disk is open.
    await once(guest.stdout, 'data');
    const used = { path: at('used'), format: 'qcow2' } as const;
    expect((await host.info(used)).virtualSize).toBe(MIB);
    await expect(host.resize({ ...used, sizeBytes: 2 * MIB })).rejects.toMatchObject({ reason: 'in-use' });
    await expect(host.flatten(used)).rejects.toMatchObject({ reason: 'in-use' });
    await expect(
      host.convert({
        source: at('used'),
        sourceFormat: 'qcow2',
        destination: at('o'),
        destinationFormat: 'raw',
      }),
    ).rejects.toMatchObject({ reason: 'in-use' });
  } finally {
    guest.stdin.end();
    await once(guest, 'close');
  }
});

test('2 TiB with data in it stay within the limits', async () => {
  await host.createEmpty({ path: at('big'), format: 'qcow2', sizeBytes: 2 ** 41 });
  await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 1 0 4M', '-c', 'write -P 1 1T 4M', at('big')]);
  const started = performance.now();
  await host.convert({
    source: at('big'),
    sourceFormat: 'qcow2',
    destination: at('raw'),
    destinationFormat: 'raw',
  });
  expect(performance.now() - started).toBeLessThan(20_000);
  expect((await host.info({ path: at('raw'), format: 'raw' })).allocatedBytes).toBeLessThan(20 * MIB);
  await host.convert({
    source: at('big'),
    sourceFormat: 'qcow2',
    destination: at('small'),
    destinationFormat: 'qcow2',
    compress: true,
  });
  expect((await host.info({ path: at('small'), format: 'qcow2' })).allocatedBytes).toBeLessThan(2 * MIB);
});

describe('a full disk', () => {
  beforeAll(async () => {
    await mkdir('/tmp/t-disk-full', { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/tmp/t-disk-full']);
  });
  afterAll(async () => {
    await run('umount', ['/tmp/t-disk-full']);
    await rm('/tmp/t-disk-full', { recursive: true });
  });

  test('is named, and nothing is left', async () => {
    await writeFile(at('raw'), Buffer.alloc(3 * MIB, 'content'));
    const destination = '/tmp/t-disk-full/out';
    for (const destinationFormat of ['raw', 'qcow2'] as const) {
      await expect(
        host.convert({ source: at('raw'), sourceFormat: 'raw', destination, destinationFormat }),
      ).rejects.toThrow(DiskFullError);
    }
    await truncate(at('raw'), 0);
    expect((await run('ls', ['-A', '/tmp/t-disk-full'])).stdout).toBe('');
  });
});

describe('encrypted disks that we write ourselves', () => {
  const passphrase = new Secret('s3cret, with a comma');
  const PATTERN = 'pattern of a guest';
  /** What QEMU does with a disk that it opens with the passphrase. */
  const qemuIo = async (format: 'raw' | 'qcow2', path: string, ...does: string[]): Promise<string> => {
    await writeFile(at('key'), passphrase.reveal(), { mode: 0o600 });
    const driver = format === 'raw' ? 'driver=luks,key-secret=k' : 'driver=qcow2,encrypt.key-secret=k';
    const found = await run('qemu-io', [
      '--object',
      `secret,id=k,file=${at('key')}`,
      ...does.flatMap((one) => ['-c', one]),
      '--image-opts',
      `${driver},file.filename=${path}`,
    ]);
    return found.stdout;
  };

  test.each([
    ['raw', 256],
    ['raw', 128],
    ['qcow2', 256],
    ['qcow2', 128],
  ] as const)(
    '%s with AES-%i: QEMU opens, fills and reads it; the file has no plain text',
    async (format, keyBits) => {
      const encryption = { passphrase, keyBits };
      const disk = { path: at('disk'), format, sizeBytes: 6 * MIB, encryption };
      await host.createEmpty(disk);
      await host.resize({ ...disk, sizeBytes: 8 * MIB });
      await writeFile(at('plain'), PATTERN.repeat(60_000).slice(0, MIB));
      await qemuIo(format, disk.path, `write -s ${at('plain')} 1M 1M`);
      expect((await readFile(disk.path)).includes(PATTERN)).toBe(false);
      const copy = {
        source: disk.path,
        sourceFormat: format,
        sourceKey: passphrase,
        sizeBytes: 9 * MIB,
      };
      const other = format === 'raw' ? 'qcow2' : 'raw';
      for (const destinationFormat of [format, other] as const) {
        await host.clone({ ...copy, destination: at('copy'), destinationFormat, encryption });
        expect((await readFile(at('copy'))).includes(PATTERN)).toBe(false);
        await host.convert({
          source: at('copy'),
          sourceFormat: destinationFormat,
          sourceKey: passphrase,
          destination: at('opened'),
          destinationFormat: 'raw',
        });
        const opened = await readFile(at('opened'));
        expect(opened.length).toBe(9 * MIB);
        expect(opened.toString('latin1', MIB, 2 * MIB)).toBe(PATTERN.repeat(60_000).slice(0, MIB));
      }
    },
    60_000,
  );

  test('qemu-img finds nothing wrong with an encrypted qcow2, which reads zeros', async () => {
    const encryption = { passphrase, keyBits: 256 as const };
    await host.createEmpty({ path: at('disk'), format: 'qcow2', sizeBytes: 2 ** 40, encryption });
    expect(await qemuIo('qcow2', at('disk'), 'read -P 0 0 4M')).toContain('read 4194304/4194304');
    const opened = `driver=qcow2,encrypt.key-secret=k,file.filename=${at('disk')}`;
    const key = ['--object', `secret,id=k,file=${at('key')}`];
    expect(await qemuImg('check', ...key, '--image-opts', opened)).toContain('No errors were found');
  });

  test('the passphrase is in no record and no error (S21); a wrong one does not open it', async () => {
    const encryption = { passphrase, keyBits: 256 as const };
    await host.createEmpty({ path: at('disk'), format: 'raw', sizeBytes: MIB, encryption });
    const entries: TraceEntry[] = [];
    const opened = withRecorder(
      (entry) => entries.push(entry),
      () =>
        host.convert({
          source: at('disk'),
          sourceFormat: 'raw',
          sourceKey: new Secret('not the one'),
          destination: at('plain'),
          destinationFormat: 'raw',
        }),
    );
    await expect(opened).rejects.toThrow(/Invalid password/);
    expect(JSON.stringify(entries)).toContain('convert');
    expect(JSON.stringify(entries)).not.toContain('not the one');
    expect(await readdir(directory)).toEqual(['disk']);
  });
});
