import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { assertPath } from '../disk/publish.ts';
import { ignore, isDiskFull } from '../files/errno.ts';
import { DiskFullError } from '../files/interface.ts';
import { assertName, temporaryName } from '../files/names.ts';
import { record } from '../record.ts';
import { isoImage, type IsoDirectory } from './iso9660.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** Nova takes as much; user data is 64 KiB at most, personality files are few. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 7;
/** A level of the path in UCS-2; what Joliet allows. */
const MAX_NAME = 64;

/** What a config drive is made of. */
export interface ConfigDriveOptions {
  /** Absolute path of the image; replaced in one step if it is there. */
  readonly path: string;
  /** Content by relative path with '/' between levels, as 'openstack/latest/meta_data.json'. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Volume label; 'config-2' by default, which cloud-init looks for. */
  readonly label?: string;
}

/** A file name, label or size that a config drive cannot have. */
export class ConfigDriveError extends Error {
  override readonly name = 'ConfigDriveError';
}

/**
 * Writes an ISO 9660 image (mode 0600) with long names for Linux (Rock Ridge) and Windows (Joliet).
 *
 * The names of the files go into the image only; none is ever a path on the host (S38).
 *
 * @throws {ConfigDriveError} @throws {DiskFullError}
 */
export async function buildConfigDrive(options: ConfigDriveOptions): Promise<void> {
  const { path, files, label = 'config-2' } = options;
  assertPath(path);
  if (!/^[\w-]{1,16}$/.test(label))
    throw new ConfigDriveError(`The label ${JSON.stringify(label)} cannot be used`);
  const image = isoImage(tree(files), label, new Date());

  const part = join(dirname(path), temporaryName(basename(path)));
  try {
    const handle = await open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await handle.writeFile(image);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, path);
  } catch (error) {
    await unlink(part).catch(ignore('ENOENT'));
    throw isDiskFull(error) ? new DiskFullError(dirname(path), { cause: error }) : error;
  }
  record({
    kind: 'file',
    action: 'write',
    path,
    text: `config drive with ${Object.keys(files).sort().join(', ')}`,
  });
}

function tree(files: ConfigDriveOptions['files']): IsoDirectory {
  const root: IsoDirectory = new Map();
  let total = 0;
  for (const [path, content] of Object.entries(files)) {
    const names = path.split('/');
    const shown = JSON.stringify(path.slice(0, 80));
    if (names.length > MAX_DEPTH)
      throw new ConfigDriveError(`The file ${shown} is too deep for a config drive`);
    const bytes = Buffer.from(content);
    total += bytes.length;
    let directory = root;
    for (const [depth, name] of names.entries()) {
      assertLevel(name, shown);
      const there = directory.get(name);
      if (depth === names.length - 1) {
        if (there !== undefined) throw new ConfigDriveError(`The file ${shown} is a directory too`);
        directory.set(name, bytes);
      } else if (Buffer.isBuffer(there)) {
        throw new ConfigDriveError(`A directory of ${shown} is a file too`);
      } else {
        const next: IsoDirectory = there ?? new Map();
        directory.set(name, next);
        directory = next;
      }
    }
  }
  if (total > MAX_BYTES) throw new ConfigDriveError(`A config drive of ${total} bytes is too large`);
  return root;
}

function assertLevel(name: string, shown: string): void {
  try {
    assertName(name);
  } catch (error) {
    throw new ConfigDriveError(`The file name ${shown} cannot be used in a config drive`, { cause: error });
  }
  if (name.length > MAX_NAME || /[*:;?\\]/.test(name)) {
    throw new ConfigDriveError(
      `The file name ${shown} has a level that is too long, or a character that ISO 9660 lacks`,
    );
  }
}
