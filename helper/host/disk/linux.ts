import { unlink } from 'node:fs/promises';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { CommandError, type Argv, type CommandOptions, type CommandRunner } from '../command/interface.ts';
import { ignore } from '../files/errno.ts';
import { DiskFullError } from '../files/interface.ts';
import { assertPath, createPart, DiskFiles, explained, partPath, publish } from './disk-files.ts';
import {
  DiskError,
  type ConvertOptions,
  type DiskFormat,
  type DiskHost,
  type DiskInfo,
  type ImageFormat,
  type Measurement,
} from './interface.ts';

const GIB = 1024 ** 3;
/**
 * Limits (S6). Looking at a header takes 100 MiB of address space. A conversion has up to about 20 threads, each with
 * a stack and a malloc arena that reserves 64 to 128 MiB: 1 GiB was measured as too little once in three runs.
 */
const LOOK: CommandOptions = { memoryLimit: GIB, cpuSeconds: 10, timeoutMs: 30_000 };
/** A conversion may take long on a slow disk, but not for ever. */
const COPY: CommandOptions = { memoryLimit: 4 * GIB, cpuSeconds: 3600, timeoutMs: 4 * 3600 * 1000 };

const QemuInfo = Type.Object({
  'virtual-size': Type.Number(),
  'actual-size': Type.Number(),
  'full-backing-filename': Type.Optional(Type.String()),
  'backing-filename': Type.Optional(Type.String()),
  'backing-filename-format': Type.Optional(Type.String()),
});
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
    const image = sourceArguments(source, sourceFormat, options.followBackingChain === true);
    try {
      // Made here, so that it has its mode before it has content.
      await explained(destination, () => createPart(part, { pieces: [], length: 0 }));
      await this.#qemuImg(
        [
          'convert',
          ...(onProgress === undefined ? [] : ['-p']),
          ...(options.compress === true ? ['-c'] : []),
          ...image.options,
          '-O',
          qemuName(destinationFormat),
          image.file,
          part,
        ],
        destination,
        {
          ...COPY,
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

  async flatten({ path }: { path: string }): Promise<void> {
    assertPath(path);
    await this.#qemuImg(['rebase', '-f', 'qcow2', '-b', '', path], path, COPY);
  }

  protected async growQcow2(path: string, sizeBytes: number): Promise<void> {
    await this.#qemuImg(['resize', '-q', '-f', 'qcow2', path, String(sizeBytes)], path, LOOK);
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
