import { constants } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Secret } from '../../secret.ts';
import {
  CommandError,
  secretFile,
  type Argv,
  type CommandOptions,
  type CommandRunner,
} from '../command/interface.ts';
import { ignore } from '../files/errno.ts';
import { DiskFullError } from '../files/interface.ts';
import { DiskFiles, emptyLayout, virtualSize } from './disk-files.ts';
import { assertPath, createPart, explained, partPath, publish } from './publish.ts';
import { openDisk, openForReading, physicalPath } from './device.ts';
import { MappedSource, type Extent, type Range, type RawSource } from './raw.ts';
import {
  DiskError,
  type ConvertOptions,
  type DiskEncryption,
  type DiskFormat,
  type DiskHost,
  type DiskInfo,
  type WriteIntoOptions,
  type ImageFormat,
  type Measurement,
} from './interface.ts';

const GIB = 1024 ** 3;
/**
 * Limits (S6). Looking at a header takes 100 MiB of address space. A conversion has up to about 20 threads, each with
 * a stack and a malloc arena that reserves 64 to 128 MiB: 1 GiB was measured as too little once in three runs.
 */
const LOOK: CommandOptions = { memoryLimit: GIB, cpuSeconds: 10, timeoutMs: 30_000 };
/** How much of a disk is looked at in one go for compressed clusters. */
const MAP_BYTES = 16 * GIB;
/** A conversion may take long on a slow disk, but not for ever. */
const COPY: CommandOptions = { memoryLimit: 4 * GIB, cpuSeconds: 3600, timeoutMs: 4 * 3600 * 1000 };

const QemuInfo = Type.Object({
  'virtual-size': Type.Number(),
  'actual-size': Type.Number(),
  'full-backing-filename': Type.Optional(Type.String()),
  'backing-filename': Type.Optional(Type.String()),
  'backing-filename-format': Type.Optional(Type.String()),
});
const QemuMap = Type.Array(
  Type.Object({
    start: Type.Number(),
    length: Type.Number(),
    zero: Type.Boolean(),
    data: Type.Boolean(),
    offset: Type.Optional(Type.Number()),
  }),
);
const QemuMeasure = Type.Object({ required: Type.Number(), 'fully-allocated': Type.Number() });

/** {@link DiskHost} with qemu-img where data is read, and without it where only headers are written. */
export class LinuxDiskHost extends DiskFiles implements DiskHost {
  readonly #runner: CommandRunner;

  constructor(runner: CommandRunner) {
    super();
    this.#runner = runner;
  }

  async convert(options: ConvertOptions): Promise<void> {
    const { source, sourceFormat, destination, destinationFormat, onProgress } = options;
    assertPath(source);
    assertPath(destination);
    const part = partPath(destination);
    const { sourceKey, encryption } = options;
    const keys = [sourceKey, encryption?.passphrase].filter((one) => one !== undefined);
    const image =
      sourceKey === undefined
        ? sourceArguments(source, sourceFormat, options.followBackingChain === true)
        : { options: [], file: lockedImage(source, sourceFormat, 'k0') };
    const target =
      encryption === undefined
        ? { options: ['-O', qemuName(destinationFormat)], file: part }
        : lockedTarget(part, destinationFormat, `k${keys.length - 1}`);
    try {
      // Made here, so that it has its mode before it has content.
      await explained(destination, async () =>
        createPart(
          part,
          encryption === undefined
            ? { pieces: [], length: 0 }
            : emptyLayout(ours(destinationFormat), await this.#sizeOf(options), encryption),
        ),
      );
      await this.#qemuImg(
        [
          'convert',
          ...keyObjects(keys),
          ...(onProgress === undefined ? [] : ['-p']),
          ...(options.compress === true ? ['-c'] : []),
          ...image.options,
          ...target.options,
          image.file,
          target.file,
        ],
        destination,
        {
          ...COPY,
          secretFiles: keys,
          ...(options.signal === undefined ? {} : { signal: options.signal }),
          ...(onProgress === undefined ? {} : { onOutput: progressReader(onProgress) }),
        },
      );
      await publish(part, destination);
    } catch (error) {
      await unlink(part).catch(ignore('ENOENT'));
      throw error;
    }
  }

  async writeInto(options: WriteIntoOptions): Promise<void> {
    const { source, sourceFormat, sourceKey, zeroed, onProgress, signal } = options;
    assertPath(source);
    assertPath(options.destination);
    await explained(options.destination, async () => {
      const destination = await physicalPath(options.destination);
      const image =
        sourceKey === undefined
          ? sourceArguments(source, sourceFormat, false)
          : { options: [], file: lockedImage(source, sourceFormat, 'k0') };
      const keys = sourceKey === undefined ? [] : [sourceKey];
      const progress = onProgress === undefined ? [] : ['-p'];
      const target = ['-n', ...(zeroed ? ['--target-is-zero'] : []), '-O', 'raw'];
      await this.#qemuImg(
        ['convert', ...keyObjects(keys), ...progress, ...image.options, ...target, image.file, destination],
        destination,
        {
          ...COPY,
          secretFiles: keys,
          ...(signal === undefined ? {} : { signal }),
          ...(onProgress === undefined ? {} : { onOutput: progressReader(onProgress) }),
        },
      );
      const handle = await openDisk(destination, constants.O_RDWR);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  async info({ path, format }: { path: string; format: ImageFormat }): Promise<DiskInfo> {
    assertPath(path);
    const argv: Argv = ['info', '-U', '-f', qemuName(format), '--output=json', path];
    const found = Value.Parse(QemuInfo, JSON.parse(await this.#qemuImg(argv, path, LOOK)));
    const backing = found['full-backing-filename'] ?? found['backing-filename'];
    const backingFormat = found['backing-filename-format'];
    return {
      format,
      virtualSize: found['virtual-size'],
      allocatedBytes: found['actual-size'],
      ...(backing === undefined
        ? {}
        : { backing: { path: backing, ...(backingFormat === undefined ? {} : { format: backingFormat }) } }),
    };
  }

  async measure(disk: {
    path: string;
    format: ImageFormat;
    destinationFormat: DiskFormat;
  }): Promise<Measurement> {
    assertPath(disk.path);
    const formats = ['-f', qemuName(disk.format), '-O', disk.destinationFormat];
    const argv: Argv = ['measure', '-U', ...formats, '--output=json', disk.path];
    const found = Value.Parse(QemuMeasure, JSON.parse(await this.#qemuImg(argv, disk.path, LOOK)));
    return { required: found.required, fullyAllocated: found['fully-allocated'] };
  }

  async openRaw({ path, format }: { path: string; format: DiskFormat }): Promise<RawSource> {
    assertPath(path);
    const whole = { start: 0, length: await virtualSize(path, format) };
    const map = (from: string, of: DiskFormat) => (range: Range) => this.#map(from, of, range);
    if (format === 'raw' || !(await this.#isPacked(path, whole.length)))
      return new MappedSource({
        handle: await openForReading(path),
        sizeBytes: whole.length,
        map: map(path, format),
      });
    const unpacked = partPath(path);
    await this.convert({
      source: path,
      sourceFormat: format,
      destination: unpacked,
      destinationFormat: 'raw',
    });
    return new MappedSource({
      handle: await openForReading(unpacked),
      sizeBytes: whole.length,
      map: map(unpacked, 'raw'),
      closed: () => unlink(unpacked).catch(ignore('ENOENT')),
    });
  }

  /** Whether a qcow2 has data that is not in its file as it is: compressed clusters. */
  async #isPacked(path: string, sizeBytes: number): Promise<boolean> {
    for (let start = 0; start < sizeBytes; start += MAP_BYTES) {
      const extents = await this.#map(path, 'qcow2', {
        start,
        length: Math.min(MAP_BYTES, sizeBytes - start),
      });
      if (extents.some(({ zero, offset }) => !zero && offset === undefined)) return true;
    }
    return false;
  }

  async #map(path: string, format: DiskFormat, { start, length }: Range): Promise<readonly Extent[]> {
    const part = [`--start-offset=${start}`, `--max-length=${length}`];
    const argv: Argv = ['map', '-U', '-f', qemuName(format), '--output=json', ...part, path];
    const found = Value.Parse(QemuMap, JSON.parse(await this.#qemuImg(argv, path, LOOK)));
    return found.map(({ start, length, zero, data, offset }) => ({
      start,
      length,
      zero: zero || !data,
      ...(offset === undefined ? {} : { offset }),
    }));
  }

  async flatten({ path }: { path: string }): Promise<void> {
    assertPath(path);
    await this.#qemuImg(['rebase', '-f', 'qcow2', '-b', '', path], path, COPY);
  }

  protected async growQcow2(
    path: string,
    sizeBytes: number,
    encryption: DiskEncryption | undefined,
  ): Promise<void> {
    const size = String(sizeBytes);
    if (encryption === undefined) {
      await this.#qemuImg(['resize', '-q', '-f', 'qcow2', path, size], path, LOOK);
      return;
    }
    const keys = [encryption.passphrase];
    const argv: Argv = ['resize', '-q', ...keyObjects(keys), lockedImage(path, 'qcow2', 'k0'), size];
    await this.#qemuImg(argv, path, { ...LOOK, secretFiles: keys });
  }

  /** The virtual size of what is to be converted. */
  async #sizeOf({ source, sourceFormat, sourceKey }: ConvertOptions): Promise<number> {
    if (sourceFormat === 'raw' || sourceFormat === 'qcow2')
      return await virtualSize(source, sourceFormat, sourceKey !== undefined);
    return (await this.info({ path: source, format: sourceFormat })).virtualSize;
  }

  async #qemuImg(argv: Argv, path: string, options: CommandOptions): Promise<string> {
    try {
      return (await this.#runner.run(['qemu-img', ...argv], options)).stdout;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (error.stderr.includes('No space left on device')) {
        throw new DiskFullError(path.slice(0, path.lastIndexOf('/')), { cause: error });
      }
      if (error.reason === 'aborted') {
        throw new DiskError('cancelled', `Work on ${path} was cancelled`, { cause: error });
      }
      if (/Failed to get .* lock/.test(error.stderr)) {
        throw new DiskError('in-use', `${path} or its source is in use by a running guest; stop it first`, {
          cause: error,
        });
      }
      const missing = error.stderr.includes('No such file or directory');
      throw new DiskError(missing ? 'missing' : 'tool', error.message, { cause: error });
    }
  }
}

/** Keys by the names k0, k1, ...; what is in them is in files that only this process and its child have. */
const keyObjects = (keys: readonly Secret[]): string[] =>
  keys.flatMap((_, index) => ['--object', `secret,id=k${index},file=${secretFile(index)}`]);

/** @throws {DiskError} for formats in which nothing of ours is encrypted. */
function ours(format: ImageFormat): DiskFormat {
  if (format === 'raw' || format === 'qcow2') return format;
  throw new DiskError('invalid-argument', `A disk in the format ${format} cannot be encrypted`);
}

/** Members of QEMU's block options for an encrypted disk of ours. */
const locked = (format: ImageFormat, key: string): Readonly<Record<string, string>> =>
  ours(format) === 'raw'
    ? { driver: 'luks', 'key-secret': key }
    : { driver: 'qcow2', 'encrypt.key-secret': key };

const lockedImage = (path: string, format: ImageFormat, key: string): string =>
  `json:${JSON.stringify({ ...locked(format, key), file: { driver: 'file', filename: path } })}`;

/** Arguments for writing into an encrypted disk that is there. */
function lockedTarget(path: string, format: ImageFormat, key: string): { options: string[]; file: string } {
  const options = { ...locked(format, key), 'file.driver': 'file', 'file.filename': path };
  const text = Object.entries(options).map(([name, value]) => `${name}=${value.replaceAll(',', ',,')}`);
  // What a new qcow2 does not hold reads zeros.
  const zeros = format === 'qcow2' ? ['--target-is-zero'] : [];
  return { options: ['-n', ...zeros, '--target-image-opts'], file: text.join(',') };
}

function qemuName(format: ImageFormat): string {
  return format === 'vhd' ? 'vpc' : format;
}

/**
 * Only qcow2 and VMDK can name backing files. Unless they are our own, their chain is cut off, whatever the header
 * says: a second wall behind the inspection (S1, S2).
 */
function sourceArguments(
  path: string,
  format: ImageFormat,
  chain: boolean,
): { options: string[]; file: string } {
  if (chain || (format !== 'qcow2' && format !== 'vmdk'))
    return { options: ['-f', qemuName(format)], file: path };
  const image = { driver: format, backing: null, file: { driver: 'file', filename: path } };
  return { options: [], file: `json:${JSON.stringify(image)}` };
}

/** qemu-img -p prints '    (12.34/100%)' and a carriage return, again and again. */
function progressReader(onProgress: (fraction: number) => void): (chunk: string) => void {
  return (chunk) => {
    const percent = /\((\d+(?:\.\d+)?)\/100%\)(?!.*\/100%\))/s.exec(chunk)?.[1];
    if (percent !== undefined) onProgress(Math.min(1, Number(percent) / 100));
  };
}
