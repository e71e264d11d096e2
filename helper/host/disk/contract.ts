import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../secret.ts';
import type { DiskHost } from './interface.ts';

const MIB = 1024 * 1024;

/** What every {@link DiskHost} does, the real one and the simulated one. */
export function diskHostContract(name: string, make: () => DiskHost): void {
  describe(`${name}: disk host`, () => {
    let directory = '';
    let host: DiskHost;
    const at = (file: string): string => join(directory, file);

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 't-disk-'));
      host = make();
      await writeFile(at('base.raw'), Buffer.alloc(2 * MIB, 'base'));
    });
    afterEach(async () => {
      await rm(directory, { recursive: true, force: true });
    });

    const overlay = (sizeBytes: number, path = 'overlay'): Promise<void> =>
      host.createOverlay({ path: at(path), base: at('base.raw'), baseFormat: 'raw', sizeBytes });

    test('makes an overlay once, with mode 0600, and keeps it', async () => {
      await overlay(5 * MIB);
      const first = await stat(at('overlay'));
      expect(first.mode & 0o777).toBe(0o600);
      await overlay(5 * MIB);
      expect((await stat(at('overlay'))).ino).toBe(first.ino);
      await expect(overlay(6 * MIB)).rejects.toMatchObject({ reason: 'exists' });
      const info = await host.info({ path: at('overlay'), format: 'qcow2' });
      expect(info).toMatchObject({ virtualSize: 5 * MIB, backing: { path: at('base.raw'), format: 'raw' } });
      expect(info.allocatedBytes).toBeLessThan(MIB);
    });

    test('refuses an overlay smaller than its base, without a base, or with an impossible size', async () => {
      await expect(overlay(MIB)).rejects.toMatchObject({ reason: 'shrink' });
      for (const size of [0, -512, 513, 2 ** 60, Number.NaN]) {
        await expect(overlay(size)).rejects.toMatchObject({ reason: 'invalid-argument' });
      }
      const lost = host.createOverlay({ path: at('x'), base: at('lost'), baseFormat: 'raw', sizeBytes: MIB });
      await expect(lost).rejects.toMatchObject({ reason: 'missing' });
      expect(await readdir(directory)).toEqual(['base.raw']);
    });

    test.each(['raw', 'qcow2'] as const)('makes an empty %s disk and only ever grows it', async (format) => {
      const path = at('empty');
      await host.createEmpty({ path, format, sizeBytes: 3 * MIB });
      await host.createEmpty({ path, format, sizeBytes: 3 * MIB });
      await host.resize({ path, format, sizeBytes: 7 * MIB });
      await host.resize({ path, format, sizeBytes: 7 * MIB });
      await expect(host.resize({ path, format, sizeBytes: MIB })).rejects.toMatchObject({ reason: 'shrink' });
      expect((await host.info({ path, format })).virtualSize).toBe(7 * MIB);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    });

    test('an overlay keeps its base when it grows, and loses it when it is flattened', async () => {
      await overlay(5 * MIB);
      await host.resize({ path: at('overlay'), format: 'qcow2', sizeBytes: 9 * MIB });
      const grown = await host.info({ path: at('overlay'), format: 'qcow2' });
      expect(grown).toMatchObject({ virtualSize: 9 * MIB, backing: { path: at('base.raw'), format: 'raw' } });
      await host.flatten({ path: at('overlay') });
      const flat = await host.info({ path: at('overlay'), format: 'qcow2' });
      expect(flat.virtualSize).toBe(9 * MIB);
      expect(flat.backing).toBeUndefined();
    });

    test.each(['raw', 'qcow2'] as const)(
      'makes an encrypted %s disk, grows it, copies it as it is, and opens it for a plain copy',
      async (format) => {
        const encryption = { passphrase: new Secret('open sesame'), keyBits: 256 as const };
        const disk = { path: at('locked'), format, sizeBytes: 3 * MIB, encryption };
        await host.createEmpty(disk);
        await host.createEmpty(disk);
        const { encryption: _, ...plain } = disk;
        await expect(host.createEmpty(plain)).rejects.toMatchObject({ reason: 'exists' });
        expect((await readFile(at('locked'))).includes('LUKS')).toBe(true);
        expect((await stat(at('locked'))).mode & 0o777).toBe(0o600);
        await host.resize({ ...disk, sizeBytes: 4 * MIB });
        await host.resize({ ...disk, sizeBytes: 4 * MIB });
        await expect(host.resize({ ...disk, sizeBytes: MIB })).rejects.toMatchObject({ reason: 'shrink' });
        const same = { sourceFormat: format, destinationFormat: format, sizeBytes: 5 * MIB };
        const copy = { ...same, source: at('locked'), sourceKey: encryption.passphrase };
        await host.clone({ ...copy, destination: at('copy'), encryption });
        await expect(host.createEmpty({ ...disk, path: at('copy'), sizeBytes: 5 * MIB })).resolves.toBe(
          undefined,
        );
        await host.clone({ ...copy, destination: at('plain') });
        expect((await readFile(at('plain'))).includes('LUKS')).toBe(false);
        expect((await host.info({ path: at('plain'), format })).virtualSize).toBe(5 * MIB);
        await host.clone({ ...same, source: at('plain'), destination: at('again'), encryption });
        expect((await readFile(at('again'))).includes('LUKS')).toBe(true);
        expect(await readdir(directory)).toEqual(['again', 'base.raw', 'copy', 'locked', 'plain']);
      },
    );

    test('converts, with progress, replacing an old file and leaving no other', async () => {
      const seen: number[] = [];
      await writeFile(at('out'), 'old');
      await host.convert({
        source: at('base.raw'),
        sourceFormat: 'raw',
        destination: at('out'),
        destinationFormat: 'qcow2',
        onProgress: (fraction) => seen.push(fraction),
      });
      expect(seen.at(-1)).toBe(1);
      expect((await host.info({ path: at('out'), format: 'qcow2' })).virtualSize).toBe(2 * MIB);
      expect((await stat(at('out'))).mode & 0o777).toBe(0o600);
      expect(await readdir(directory)).toEqual(['base.raw', 'out']);
    });

    test('a conversion that fails or is cancelled leaves nothing', async () => {
      const convert = (source: string, signal?: AbortSignal): Promise<void> =>
        host.convert({
          source: at(source),
          sourceFormat: 'qcow2',
          destination: at('out'),
          destinationFormat: 'raw',
          ...(signal === undefined ? {} : { signal }),
        });
      await expect(convert('base.raw')).rejects.toMatchObject({ name: 'DiskError', reason: 'tool' });
      await expect(convert('lost')).rejects.toMatchObject({ name: 'DiskError', reason: 'missing' });
      await host.createEmpty({ path: at('source'), format: 'qcow2', sizeBytes: MIB });
      await expect(convert('source', AbortSignal.abort())).rejects.toMatchObject({ reason: 'cancelled' });
      expect(await readdir(directory)).toEqual(['base.raw', 'source']);
    });

    test.each([
      ['raw', 'raw'],
      ['raw', 'qcow2'],
      ['qcow2', 'raw'],
      ['qcow2', 'qcow2'],
    ] as const)(
      'clones %s to %s, larger, with nothing left beside it',
      async (sourceFormat, destinationFormat) => {
        if (sourceFormat === 'qcow2')
          await host.createEmpty({ path: at('base.qcow2'), format: 'qcow2', sizeBytes: 2 * MIB });
        const source = at(`base.${sourceFormat}`);
        const fractions: number[] = [];
        const clone = (sizeBytes: number) =>
          host.clone({
            source,
            sourceFormat,
            destination: at('clone'),
            destinationFormat,
            sizeBytes,
            onProgress: (fraction) => fractions.push(fraction),
          });
        await clone(4 * MIB);
        await clone(4 * MIB);
        expect((await host.info({ path: at('clone'), format: destinationFormat })).virtualSize).toBe(4 * MIB);
        expect((await stat(at('clone'))).mode & 0o777).toBe(0o600);
        expect(fractions.at(-1)).toBe(1);
        await expect(clone(MIB)).rejects.toMatchObject({ reason: 'shrink' });
        expect((await readdir(directory)).filter((file) => file.startsWith('.'))).toEqual([]);
      },
    );

    test('a raw clone has the bytes of its source, and zeros behind them', async () => {
      const raw = { source: at('base.raw'), sourceFormat: 'raw', destinationFormat: 'raw' } as const;
      await host.clone({ ...raw, destination: at('clone'), sizeBytes: 3 * MIB });
      expect(await readFile(at('clone'))).toEqual(
        Buffer.concat([await readFile(at('base.raw')), Buffer.alloc(MIB)]),
      );
    });

    test('knows how much room there is', async () => {
      const { totalBytes, freeBytes } = await host.capacity(directory);
      expect(freeBytes).toBeGreaterThan(0);
      expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
    });

    test('knows a mount from a directory', async () => {
      expect(await host.isMountPoint('/proc')).toBe(true);
      expect(await host.isMountPoint(directory)).toBe(false);
      expect(await host.isMountPoint(at('nowhere'))).toBe(false);
    });

    test('measures', async () => {
      const measure = await host.measure({ path: at('base.raw'), format: 'raw', destinationFormat: 'raw' });
      expect(measure.required).toBe(2 * MIB);
      expect(measure.fullyAllocated).toBe(2 * MIB);
      expect(await host.freeBytes(directory)).toBeGreaterThan(0);
    });

    test('removes what is there, and a link instead of its target', async () => {
      await symlink(at('base.raw'), at('link'));
      await host.remove(at('link'));
      await host.remove(at('link'));
      expect(await readdir(directory)).toEqual(['base.raw']);
    });

    test.each(['-f', 'relative', 'nbd:unix:/s', 'json:{"driver":"file"}', '/a/../b', '/a/', '/a\nb', ''])(
      'refuses the path %j (S10, S11)',
      async (path) => {
        const sizeBytes = MIB;
        const refused = { reason: 'invalid-argument' };
        const base = at('base.raw');
        await expect(host.createOverlay({ path, base, baseFormat: 'raw', sizeBytes })).rejects.toMatchObject(
          refused,
        );
        await expect(
          host.createOverlay({ path: base, base: path, baseFormat: 'raw', sizeBytes }),
        ).rejects.toMatchObject(refused);
        await expect(host.createEmpty({ path, format: 'raw', sizeBytes })).rejects.toMatchObject(refused);
        await expect(host.resize({ path, format: 'raw', sizeBytes })).rejects.toMatchObject(refused);
        await expect(host.info({ path, format: 'raw' })).rejects.toMatchObject(refused);
        await expect(host.flatten({ path })).rejects.toMatchObject(refused);
        await expect(host.remove(path)).rejects.toMatchObject(refused);
        await expect(
          host.convert({ source: path, sourceFormat: 'raw', destination: at('o'), destinationFormat: 'raw' }),
        ).rejects.toMatchObject(refused);
        await expect(
          host.convert({ source: base, sourceFormat: 'raw', destination: path, destinationFormat: 'raw' }),
        ).rejects.toMatchObject(refused);
      },
    );

    test('names with blanks, commas, colons and quotes are just names', async () => {
      const path = at('a, b:c "d" %e -o x');
      await host.createOverlay({ path, base: at('base.raw'), baseFormat: 'raw', sizeBytes: 4 * MIB });
      expect((await host.info({ path, format: 'qcow2' })).backing?.path).toBe(at('base.raw'));
      await host.convert({
        source: path,
        sourceFormat: 'qcow2',
        destination: `${path}2`,
        destinationFormat: 'qcow2',
      });
      expect((await host.info({ path: `${path}2`, format: 'qcow2' })).virtualSize).toBe(4 * MIB);
    });

    test('a base that is an overlay itself', async () => {
      await overlay(4 * MIB);
      await host.createOverlay({
        path: at('second'),
        base: at('overlay'),
        baseFormat: 'qcow2',
        sizeBytes: 4 * MIB,
      });
      const info = await host.info({ path: at('second'), format: 'qcow2' });
      expect(info.backing).toEqual({ path: at('overlay'), format: 'qcow2' });
    });

    test('a raw disk stays raw, whatever a guest writes into it (S5)', async () => {
      await writeFile(at('canary'), 'secret');
      await host.createOverlay({ path: at('evil'), base: at('canary'), baseFormat: 'raw', sizeBytes: MIB });
      expect((await host.info({ path: at('evil'), format: 'raw' })).virtualSize).toBe(
        (await stat(at('evil'))).size,
      );
      await host.resize({ path: at('evil'), format: 'raw', sizeBytes: 2 * MIB });
      await host.convert({
        source: at('evil'),
        sourceFormat: 'raw',
        destination: at('copy'),
        destinationFormat: 'raw',
      });
      expect((await stat(at('copy'))).size).toBe(2 * MIB);
    });
  });
}
