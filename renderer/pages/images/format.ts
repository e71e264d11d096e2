/** Disk formats that the image service takes, as far as a file's bytes tell them apart. */
export type DiskFormat = 'qcow2' | 'raw' | 'vmdk' | 'vhd' | 'vhdx' | 'vdi' | 'iso' | 'ploop';
export const DISK_FORMATS: readonly DiskFormat[] = [
  'qcow2',
  'raw',
  'vmdk',
  'vhd',
  'vhdx',
  'vdi',
  'iso',
  'ploop',
];

/** What the first and the last bytes of a file say. */
export type Detected =
  | {
      readonly kind: 'disk';
      readonly format: DiskFormat;
      /** Bytes that a guest sees, where the header says so. */
      readonly virtualSize: number | undefined;
      /** It stands on another file, which is not in it; the image service refuses such. */
      readonly needsBacking: boolean;
      /** 'raw' is what is left: true when at least a boot sector is there. */
      readonly sure: boolean;
    }
  /** Packed: it must be unpacked first. */
  | { readonly kind: 'packed'; readonly by: 'gzip' | 'xz' | 'zstd' | 'bzip2' | 'zip' };

/** How much of a file's beginning is looked at: an ISO says what it is at 32 KiB. */
export const HEAD_BYTES = 64 * 1024;
/** A fixed VHD says what it is in its last sector. */
export const TAIL_BYTES = 512;

const PACKED: readonly (readonly [readonly number[], Extract<Detected, { kind: 'packed' }>['by']])[] = [
  [[0x1f, 0x8b], 'gzip'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
  [[0x42, 0x5a, 0x68], 'bzip2'],
  [[0x50, 0x4b, 0x03, 0x04], 'zip'],
];

const SECTOR = 512;

/** Tells what a file is. @param head its first {@link HEAD_BYTES}. @param tail its last {@link TAIL_BYTES}. */
export function detect(head: Uint8Array, tail: Uint8Array): Detected {
  const packed = PACKED.find(([magic]) => magic.every((byte, at) => head[at] === byte));
  if (packed !== undefined) return { kind: 'packed', by: packed[1] };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const has = (text: string, at: number, bytes = head): boolean =>
    text.length <= bytes.length - at &&
    Array.from(text, (_one, n) => text.charCodeAt(n) === bytes[at + n]).every(Boolean);
  const disk = (format: DiskFormat, virtualSize?: number, needsBacking = false): Detected => ({
    kind: 'disk',
    format,
    virtualSize,
    needsBacking,
    sure: true,
  });
  if (has('QFI\xfb', 0) && head.length >= 32)
    return disk('qcow2', Number(view.getBigUint64(24)), view.getBigUint64(8) !== 0n);
  if (has('KDMV', 0) && head.length >= 20) return disk('vmdk', Number(view.getBigUint64(12, true)) * SECTOR);
  if (has('COWD', 0) || has('# Disk Descriptor', 0)) return disk('vmdk');
  if (has('vhdxfile', 0)) return disk('vhdx');
  if (has('conectix', 0) && head.length >= 56) return disk('vhd', Number(view.getBigUint64(48)));
  if (has('conectix', 0, tail))
    return disk('vhd', Number(new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getBigUint64(48)));
  if (head.length >= 0x178 && view.getUint32(0x40, true) === 0xbeda107f)
    return disk('vdi', Number(view.getBigUint64(0x170, true)));
  if (has('CD001', 0x8001)) return disk('iso');
  if (has('WithoutFreeSpace', 0) || has('WithouFreSpacExt', 0)) return disk('ploop');
  return {
    kind: 'disk',
    format: 'raw',
    virtualSize: undefined,
    needsBacking: false,
    sure: head[510] === 0x55 && head[511] === 0xaa,
  };
}

/** As {@link detect}, of a file that a person chose. */
export async function detectFile(file: Blob): Promise<Detected> {
  const [head, tail] = await Promise.all([
    file.slice(0, HEAD_BYTES).arrayBuffer(),
    file.slice(Math.max(0, file.size - TAIL_BYTES)).arrayBuffer(),
  ]);
  const found = detect(new Uint8Array(head), new Uint8Array(tail));
  return found.kind === 'disk' && found.format === 'raw' ? { ...found, virtualSize: file.size } : found;
}

/** A name for the image of a file: 'debian-12-generic-amd64.qcow2' is 'debian-12-generic-amd64'. */
export const nameOfFile = (file: string): string =>
  file.replace(/\.(qcow2|img|raw|vmdk|vhdx?|vdi|iso|bin|hdd)$/i, '');
