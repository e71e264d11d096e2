/** An entry of an initramfs: a directory, a file, a symbolic link, or a character device. */
export interface CpioEntry {
  readonly path: string;
  /** File type and permissions, as in stat(2): 0o100755, 0o040755, 0o120777, 0o020600. */
  readonly mode: number;
  readonly data?: Buffer;
  /** Major and minor number of a device. */
  readonly device?: readonly [number, number];
}

/**
 * A cpio archive in the "newc" form, which the kernel unpacks as its initramfs; everything belongs to root and has no
 * time, so that the same entries give the same bytes.
 * Source: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
 */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  const append = (bytes: Buffer): void => {
    const padding = Buffer.alloc((4 - (bytes.length % 4)) % 4);
    parts.push(bytes, padding);
    length += bytes.length + padding.length;
  };
  const all: CpioEntry[] = [...entries, { path: 'TRAILER!!!', mode: 0 }];
  for (const [index, entry] of all.entries()) {
    const data = entry.data ?? Buffer.alloc(0);
    const [major, minor] = entry.device ?? [0, 0];
    const fields = [
      index + 1, // inode
      entry.mode,
      0, // user
      0, // group
      1, // links
      0, // time
      data.length,
      0, // device of the file
      0,
      major,
      minor,
      Buffer.byteLength(entry.path) + 1,
      0, // checksum, unused in this form
    ];
    const head = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
    append(Buffer.from(`070701${head}${entry.path}\0`));
    append(data);
  }
  return Buffer.concat(parts, length);
}
