import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';

const execute = promisify(execFile);

/** Runs a command. @returns what it printed. @throws {Error} with its own words when it fails. */
export async function run(program: string, ...words: readonly string[]): Promise<string> {
  try {
    return (await execute(program, [...words], { maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`${program} ${words.join(' ')}: ${stderr?.trim() || message}`, { cause: error });
  }
}

/** Tag of all that the bench makes on the machine; no other instance of Deskcloud has it. */
export const OWNER = 'deskbench';

/** Back ends of the bench's own beside 'file'; volumes are on them only where their type names them. */
export const IO_BACKENDS = { file: 'raw-file', iscsi: 'raw-iscsi' } as const;

/** Where the bench works, and what it has to take away again. */
export class Workplace {
  readonly directory: string;
  readonly #undo: (() => Promise<void>)[] = [];
  #ending: Promise<void> | undefined;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<Workplace> {
    const directory = await mkdtemp(join(tmpdir(), `${OWNER}-`));
    // libvirt's QEMU passes through to its guests' files.
    await chmod(directory, 0o711);
    const place = new Workplace(directory);
    place.onEnd(() => rm(directory, { recursive: true, force: true }));
    return place;
  }

  /** Work for the end, last one first, whatever happened before. */
  onEnd(work: () => Promise<void>): void {
    this.#undo.push(work);
  }

  /** Takes everything away; a second call waits for the first. @throws {AggregateError} when something stays. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const errors: unknown[] = [];
    for (const work of this.#undo.toReversed()) await work().catch((error: unknown) => errors.push(error));
    if (errors.length > 0)
      throw new AggregateError(errors, `something stays behind: ${errors.map(String).join('; ')}`);
  }

  /** A directory in the workplace that others may pass through. */
  async makeDirectory(name: string): Promise<string> {
    const path = join(this.directory, name);
    await mkdir(path, { mode: 0o711 });
    return path;
  }

  /** The configuration of the bench's instances: nothing of it is anybody else's. */
  async writeConfig(): Promise<string> {
    const path = join(this.directory, 'deskcloud.yaml');
    const raw = (name: string, exported: 'local' | 'iscsi'): object => ({
      name,
      format: 'raw',
      export: exported,
      filterFunction: `extra.volume_backend_name == '${name}'`,
    });
    await writeFile(
      path,
      stringify({
        owner: OWNER,
        // 198.18.0.0/15 is for benchmarks (RFC 2544).
        external: { bridge: `${OWNER}-ex`, cidr: '198.18.77.0/24', hostAddress: '198.18.77.1' },
        network: { vniRange: [16000001, 16000100] },
        volume: {
          backends: [{ name: 'file' }, raw(IO_BACKENDS.file, 'local'), raw(IO_BACKENDS.iscsi, 'iscsi')],
          // Beside what may have iSCSI's own port.
          iscsiPort: 13260,
        },
      }),
    );
    return path;
  }
}
