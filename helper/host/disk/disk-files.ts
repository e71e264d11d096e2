import { constants } from 'node:fs';
import { chmod, copyFile, open, rename, stat, statfs, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, ignore } from '../files/errno.ts';
import { record } from '../record.ts';
import { luksHeader, readLuksHeader, writtenPart } from './luks-writer.ts';
import {
  DiskError,
  type Capacity,
  type CloneOptions,
  type ConvertOptions,
  type DiskEncryption,
  type DiskFormat,
  type DiskToMeasure,
  type EmptyDiskOptions,
  type ExchangedDisks,
  type OverlayOptions,
} from './interface.ts';
import { isDevicePath, lengthOf, openForReading } from './device.ts';
import { emptyQcow2, readQcow2Header, type EmptyQcow2, type FileLayout } from './qcow2-writer.ts';
import {
  assertPath,
  closing,
  createFile,
  exists,
  explained,
  partPath,
  publish,
  syncDirectory,
} from './publish.ts';
import { createRawTarget, type RawTarget } from './raw.ts';

const { O_NOFOLLOW, O_RDWR } = constants;
const HEADER_BYTES = 4096;

/** The part of a disk host that needs no tool: the same for the real and the simulated host. */
export abstract class DiskFiles {
  async createOverlay({ path, base, baseFormat, sizeBytes }: OverlayOptions): Promise<void> {
    assertPath(path);
    assertPath(base);
    assertSize(sizeBytes);
    const started = performance.now();
    if (await this.#isThere(path, 'qcow2', { sizeBytes, backing: { path: base, format: baseFormat } }))
      return;
    const baseSize = await virtualSize(base, baseFormat);
    if (sizeBytes < baseSize) {
      throw new DiskError(
        'shrink',
        `A disk of ${sizeBytes} bytes cannot hold the image of ${baseSize} bytes (${base})`,
      );
    }
    await createFile(path, layout({ sizeBytes, backing: { path: base, format: baseFormat } }));
    recordMade(path, started, ['-f', 'qcow2', '-F', baseFormat, '-b', base, path, String(sizeBytes)]);
  }

  async createEmpty({ path, format, sizeBytes, encryption }: EmptyDiskOptions): Promise<void> {
    assertPath(path);
    assertSize(sizeBytes);
    const started = performance.now();
    if (await this.#isThere(path, format, { sizeBytes }, encryption !== undefined)) return;
    await createFile(path, emptyLayout(format, sizeBytes, encryption));
    const how = encryption === undefined ? ['-f', format] : ENCRYPTED[format];
    recordMade(path, started, [...how, path, String(sizeBytes)]);
  }

  async resize({ path, format, sizeBytes, encryption }: EmptyDiskOptions): Promise<void> {
    assertPath(path);
    assertSize(sizeBytes);
    const size = await virtualSize(path, format, encryption !== undefined);
    if (size === sizeBytes) return;
    if (size > sizeBytes) {
      throw new DiskError(
        'shrink',
        `${path} has ${size} bytes and cannot be made smaller (${sizeBytes} bytes)`,
      );
    }
    if (format === 'qcow2') {
      await this.growQcow2(path, sizeBytes, encryption);
      return;
    }
    await explained(path, async () => {
      const handle = await open(path, O_RDWR | O_NOFOLLOW);
      await closing(handle, async () => {
        // What comes before the payload stays as long as it is.
        const { size: fileSize } = await handle.stat();
        await handle.truncate(fileSize - size + sizeBytes);
        await handle.sync();
      });
    });
    record({ kind: 'file', action: 'write', path, text: `grown from ${size} to ${sizeBytes} bytes` });
  }

  async copy({ source, destination }: { source: string; destination: string }): Promise<void> {
    assertPath(source);
    assertPath(destination);
    const part = partPath(destination);
    try {
      await explained(source, async () => {
        await copyFile(source, part, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
        await chmod(part, 0o600);
      });
      await publish(part, destination);
    } catch (error) {
      await unlink(part).catch(ignore('ENOENT'));
      throw error;
    }
    record({ kind: 'file', action: 'write', path: destination, text: `a copy of ${source}` });
  }

  async clone(options: CloneOptions): Promise<void> {
    const { source, sourceFormat, destination, destinationFormat, sizeBytes, onProgress } = options;
    const { sourceKey, encryption } = options;
    assertPath(source);
    assertPath(destination);
    assertSize(sizeBytes);
    const sourceSize = await virtualSize(source, sourceFormat, sourceKey !== undefined);
    if (sizeBytes < sourceSize) {
      throw new DiskError(
        'shrink',
        `A disk of ${sizeBytes} bytes cannot hold ${source} with its ${sourceSize} bytes`,
      );
    }
    // Complete under a name of its own, so that the size is right when it gets its real one.
    const part = partPath(destination);
    try {
      const sameKey = sourceKey?.reveal() === encryption?.passphrase.reveal();
      const asItIs = sourceFormat === destinationFormat && sameKey;
      const shared = asItIs && !isDevicePath(source) && (await reflink(source, part));
      if (!shared) {
        // Ciphertext and its header are copied byte by byte, since holes in it are no zeros.
        const bytes = asItIs && encryption !== undefined;
        await this.convert({
          source,
          sourceFormat: bytes ? 'raw' : sourceFormat,
          destination: part,
          destinationFormat: bytes ? 'raw' : destinationFormat,
          ...(bytes || sourceKey === undefined ? {} : { sourceKey }),
          ...(bytes || encryption === undefined ? {} : { encryption }),
          ...(onProgress === undefined ? {} : { onProgress }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        });
      }
      const key = encryption === undefined ? {} : { encryption };
      await this.resize({ path: part, format: destinationFormat, sizeBytes, ...key });
      await publish(part, destination);
      onProgress?.(1);
      const how = shared ? 'sharing its blocks' : 'without its holes';
      record({ kind: 'file', action: 'write', path: destination, text: `a copy of ${source}, ${how}` });
    } catch (error) {
      await unlink(part).catch(ignore('ENOENT'));
      throw error;
    }
  }

  async sizeOf({ path, format, encrypted = false }: DiskToMeasure): Promise<number> {
    assertPath(path);
    return await virtualSize(path, format, encrypted);
  }

  async createRaw({ path, sizeBytes }: { path: string; sizeBytes: number }): Promise<RawTarget> {
    assertPath(path);
    assertSize(sizeBytes);
    const target = await explained(path, () => createRawTarget(path, sizeBytes));
    record({ kind: 'file', action: 'write', path });
    return {
      ...target,
      write: (data, position) => explained(path, () => target.write(data, position)),
      finish: () => explained(path, () => target.finish()),
    };
  }

  async exchange({ path, fresh, kept }: ExchangedDisks): Promise<void> {
    for (const one of [path, fresh, kept]) assertPath(one);
    if (!(await exists(fresh))) return;
    await explained(path, async () => {
      if (!(await exists(kept))) await rename(path, kept);
      await rename(fresh, path);
      await syncDirectory(path);
    });
    record({ kind: 'file', action: 'write', path, text: `${fresh} in the place of what is now ${kept}` });
  }

  async exchangeBack({ path, kept }: ExchangedDisks): Promise<void> {
    if (!(await exists(kept))) return;
    await explained(path, async () => {
      await rename(kept, path);
      await syncDirectory(path);
    });
    record({ kind: 'file', action: 'write', path, text: `what was kept as ${kept}` });
  }

  async remove(path: string): Promise<void> {
    assertPath(path);
    try {
      await unlink(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw error;
    }
    record({ kind: 'file', action: 'remove', path });
  }

  async freeBytes(directory: string): Promise<number> {
    assertPath(directory);
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  }

  async isMountPoint(directory: string): Promise<boolean> {
    try {
      const [inside, outside] = await Promise.all([stat(directory), stat(dirname(directory))]);
      return inside.dev !== outside.dev;
    } catch {
      return false;
    }
  }

  async capacity(directory: string): Promise<Capacity> {
    assertPath(directory);
    const { blocks, bavail, bsize } = await statfs(directory);
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
  }

  abstract convert(options: ConvertOptions): Promise<void>;
  protected abstract growQcow2(
    path: string,
    sizeBytes: number,
    encryption: DiskEncryption | undefined,
  ): Promise<void>;

  /** Whether the wanted disk is there. Anything else of that name may be somebody's data, so it is not replaced. */
  async #isThere(path: string, format: DiskFormat, wanted: EmptyQcow2, encrypted = false): Promise<boolean> {
    let head: Header;
    try {
      head = await readHeader(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
    const found = format === 'raw' ? rawFacts(head, encrypted) : readQcow2Header(head.bytes);
    if (
      found?.encrypted === encrypted &&
      found.sizeBytes === wanted.sizeBytes &&
      found.backing === wanted.backing?.path &&
      found.backingFormat === wanted.backing?.format
    ) {
      return true;
    }
    throw new DiskError(
      'exists',
      `${path} is there already, with another size, base or encryption; remove it first`,
    );
  }
}

/** Whether the file system made a copy that shares its blocks. */
async function reflink(source: string, part: string): Promise<boolean> {
  try {
    await copyFile(source, part, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    await chmod(part, 0o600);
    return true;
  } catch (error) {
    if (!['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOTTY', 'ENOSYS'].includes(codeOf(error) ?? ''))
      throw error;
    await unlink(part).catch(ignore('ENOENT'));
    return false;
  }
}

/** A header's virtual size of one of our own disks; the file's length for raw, whatever is in it (S5). */
export async function virtualSize(path: string, format: DiskFormat, encrypted = false): Promise<number> {
  const head = await explained(path, () => readHeader(path));
  const found = format === 'raw' ? rawFacts(head, encrypted) : readQcow2Header(head.bytes);
  const wanted = encrypted ? `an encrypted ${format}` : `a ${format}`;
  if (found?.encrypted !== encrypted)
    throw new DiskError('invalid-argument', `${path} is not ${wanted} disk`);
  return found.sizeBytes;
}

export function assertSize(sizeBytes: number): void {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0 || sizeBytes % 512 !== 0) {
    throw new DiskError(
      'invalid-argument',
      `A disk cannot have ${sizeBytes} bytes: it must be a multiple of 512`,
    );
  }
}

export async function allocatedBytes(path: string): Promise<number> {
  return (await stat(path)).blocks * 512;
}

/** An encrypted raw disk is a LUKS container; any other one is whatever is in it (S5). */
function rawFacts(
  { bytes, fileSize }: Header,
  encrypted: boolean,
): { sizeBytes: number; encrypted: boolean; backing?: string; backingFormat?: string } | undefined {
  if (!encrypted) return { sizeBytes: fileSize, encrypted };
  const luks = readLuksHeader(bytes);
  return luks && { sizeBytes: fileSize - luks.payloadOffset, encrypted };
}

/** For people who want to do the same by hand. */
const ENCRYPTED: Readonly<Record<DiskFormat, readonly string[]>> = {
  raw: ['-f', 'luks', '-o', 'key-secret=...'],
  qcow2: ['-f', 'qcow2', '-o', 'encrypt.format=luks,encrypt.key-secret=...'],
};

/** A disk of zeros, encrypted if that is wanted. */
export function emptyLayout(format: DiskFormat, sizeBytes: number, encryption?: DiskEncryption): FileLayout {
  if (encryption === undefined)
    return format === 'raw' ? { pieces: [], length: sizeBytes } : layout({ sizeBytes });
  const luks = luksHeader(encryption);
  if (format === 'qcow2') return layout({ sizeBytes, luks });
  return { pieces: [{ offset: 0, bytes: writtenPart(luks) }], length: luks.length + sizeBytes };
}

function layout(disk: EmptyQcow2): FileLayout {
  try {
    return emptyQcow2(disk);
  } catch (error) {
    if (error instanceof RangeError) throw new DiskError('invalid-argument', error.message, { cause: error });
    throw error;
  }
}

function recordMade(path: string, started: number, equivalent: readonly string[]): void {
  record({ kind: 'file', action: 'write', path });
  const durationMs = Math.round((performance.now() - started) * 100) / 100;
  record({
    kind: 'note',
    text: `the same as: qemu-img create ${equivalent.join(' ')}`,
    data: { durationMs },
  });
}

interface Header {
  readonly bytes: Buffer;
  readonly fileSize: number;
}

async function readHeader(path: string): Promise<Header> {
  const handle = await openForReading(path);
  return await closing(handle, async () => {
    const buffer = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, HEADER_BYTES, 0);
    return { bytes: buffer.subarray(0, bytesRead), fileSize: await lengthOf(handle) };
  });
}
