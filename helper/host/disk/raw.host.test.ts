import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinuxCommandRunner } from '../command/linux.ts';
import type { DiskFormat } from './interface.ts';
import { LinuxDiskHost } from './linux.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const host = new LinuxDiskHost(new LinuxCommandRunner());

describe('a disk as its guest sees it', () => {
  let directory = '';
  const at = (file: string): string => join(directory, file);
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 't-raw-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  /** 64 MiB: sevens from 1 to 3 MiB, zeros written from 5 to 6 MiB, nines from 40 to 40.5 MiB. */
  async function disk(format: DiskFormat): Promise<string> {
    const path = at(`disk.${format}`);
    await host.createEmpty({ path, format, sizeBytes: 64 * MIB });
    const writes = ['write -P 7 1M 2M', 'write -z 5M 1M', 'write -P 9 40M 512k'];
    await run('qemu-io', ['-f', format, ...writes.flatMap((one) => ['-c', one]), path]);
    return path;
  }

  const byte = async (path: string, format: DiskFormat, position: number): Promise<number | undefined> => {
    const source = await host.openRaw({ path, format });
    const buffer = Buffer.alloc(4096, 1);
    try {
      await source.read(buffer, position);
    } finally {
      await source.close();
    }
    return buffer.every((one) => one === buffer[0]) ? buffer[0] : undefined;
  };

  it.each(['raw', 'qcow2'] as const)('is read without its holes: %s', async (format) => {
    const path = await disk(format);
    const source = await host.openRaw({ path, format });
    try {
      expect(source.sizeBytes).toBe(64 * MIB);
      expect(await source.dataIn({ start: 0, length: 64 * MIB })).toEqual([
        { start: MIB, length: 2 * MIB },
        { start: 40 * MIB, length: MIB / 2 },
      ]);
      expect(await source.dataIn({ start: 2 * MIB, length: MIB * 2 })).toEqual([
        { start: 2 * MIB, length: MIB },
      ]);
      const border = Buffer.alloc(2 * MIB, 1);
      await source.read(border, 2 * MIB);
      expect(border.subarray(0, MIB).every((one) => one === 7)).toBe(true);
      expect(border.subarray(MIB).every((one) => one === 0)).toBe(true);
    } finally {
      await source.close();
    }
    expect(await byte(path, format, 40 * MIB)).toBe(9);
    expect(await byte(path, format, 5 * MIB)).toBe(0);
  });

  it('is unpacked first where its clusters are compressed, and nothing of that is left', async () => {
    const packed = at('packed');
    await run('qemu-img', ['convert', '-c', '-f', 'raw', '-O', 'qcow2', await disk('raw'), packed]);
    expect(await byte(packed, 'qcow2', 2 * MIB)).toBe(7);
    expect(await byte(packed, 'qcow2', 40 * MIB)).toBe(9);
    expect(await readdir(directory)).toEqual(['disk.raw', 'packed']);
  });

  it('is made of what is written, and takes no more room', async () => {
    const path = at('made');
    const target = await host.createRaw({ path, sizeBytes: 1024 * MIB });
    await target.write(Buffer.alloc(MIB, 5), 500 * MIB);
    await target.finish();
    await target.close();
    await target.close();
    const { size, blocks, mode } = await stat(path);
    expect({ size, mode: mode & 0o777 }).toEqual({ size: 1024 * MIB, mode: 0o600 });
    expect(blocks * 512).toBeLessThan(2 * MIB);
    expect(await byte(path, 'raw', 500 * MIB)).toBe(5);
  });
});
