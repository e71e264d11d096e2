/** A directory of the image: files are their bytes. */
export type IsoDirectory = Map<string, Buffer | IsoDirectory>;

// ECMA-119, the Joliet specification, IEEE P1281 (SUSP) and P1282 (Rock Ridge, RRIP_1991A).
const SECTOR = 2048;
const FIRST_DESCRIPTOR = 16;
const DIRECTORY_FLAG = 2;

/** One directory or file, in one of the two trees of names. */
interface Node {
  readonly name: string;
  /** The name as this tree stores it. */
  readonly identifier: Buffer;
  readonly parent: Node | undefined;
  readonly children: Node[];
  /** The file that both trees share; undefined for a directory. */
  readonly file: Extent | undefined;
  extent: number;
  size: number;
}

interface Extent {
  readonly bytes: Buffer;
  sector: number;
}

/** Names as plain ISO 9660 with Rock Ridge beside them, or as Joliet. */
type Naming = 'rock-ridge' | 'joliet';

/** An ISO 9660 image with the names of `root` in Rock Ridge and Joliet. Everything in it is read-only and root's. */
export function isoImage(root: IsoDirectory, label: string, time: Date): Buffer {
  const files: Extent[] = [];
  const extents = new Map<Buffer, Extent>();
  const fileOf = (bytes: Buffer): Extent => {
    const known = extents.get(bytes) ?? { bytes, sector: 0 };
    if (!extents.has(bytes)) files.push(known);
    extents.set(bytes, known);
    return known;
  };
  const trees = (['rock-ridge', 'joliet'] as const).map((naming) => ({
    naming,
    directories: directoriesOf(makeTree(root, naming, fileOf)),
    littleTable: 0,
    bigTable: 0,
  }));

  let next = FIRST_DESCRIPTOR + 3;
  const take = (bytes: number): number => {
    const sector = next;
    next += Math.max(1, Math.ceil(bytes / SECTOR));
    return sector;
  };
  for (const tree of trees) {
    const size = pathTable(tree.directories, true).length;
    tree.littleTable = take(size);
    tree.bigTable = take(size);
    for (const directory of tree.directories) {
      directory.size = Math.ceil(records(directory, tree.naming, time).length / SECTOR) * SECTOR;
      directory.extent = take(directory.size);
    }
  }
  for (const file of files) file.sector = take(file.bytes.length);

  const image = Buffer.alloc(next * SECTOR);
  for (const [index, tree] of trees.entries()) {
    const descriptor = volumeDescriptor(tree, label, next, time);
    descriptor.copy(image, (FIRST_DESCRIPTOR + index) * SECTOR);
    pathTable(tree.directories, true).copy(image, tree.littleTable * SECTOR);
    pathTable(tree.directories, false).copy(image, tree.bigTable * SECTOR);
    for (const directory of tree.directories) {
      records(directory, tree.naming, time).copy(image, directory.extent * SECTOR);
    }
  }
  image.write('\xffCD001\x01', (FIRST_DESCRIPTOR + 2) * SECTOR, 'latin1');
  for (const { bytes, sector } of files) bytes.copy(image, sector * SECTOR);
  return image;
}

function makeTree(root: IsoDirectory, naming: Naming, fileOf: (bytes: Buffer) => Extent): Node {
  const build = (name: string, identifier: Buffer, content: Buffer | IsoDirectory, parent?: Node): Node => {
    const file = Buffer.isBuffer(content) ? fileOf(content) : undefined;
    const node: Node = {
      name,
      identifier,
      parent,
      children: [],
      file,
      extent: 0,
      size: file?.bytes.length ?? 0,
    };
    if (Buffer.isBuffer(content)) return node;
    const entries = [...content.entries()].sort(([one], [other]) => (one < other ? -1 : 1));
    for (const [index, [child, inner]] of entries.entries()) {
      node.children.push(build(child, stored(child, Buffer.isBuffer(inner), index, naming), inner, node));
    }
    node.children.sort((one, other) => one.identifier.compare(other.identifier));
    return node;
  };
  return build('', Buffer.from([0]), root);
}

function stored(name: string, isFile: boolean, index: number, naming: Naming): Buffer {
  if (naming === 'joliet') return Buffer.from(name, 'utf16le').swap16();
  // Rock Ridge has the real name, so this one needs only be unique and legal: 8.3, upper case, with a version.
  const short = `${name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')
    .slice(0, 4)}${String(index).padStart(4, '0')}`;
  return Buffer.from(isFile ? `${short}.;1` : short);
}

/** Breadth first, as path tables have it. */
function directoriesOf(root: Node): Node[] {
  const found = [root];
  for (const directory of found)
    found.push(...directory.children.filter((child) => child.file === undefined));
  return found;
}

/** All records of a directory; none crosses a sector's end. */
function records(directory: Node, naming: Naming, time: Date): Buffer {
  const all = [
    record(Buffer.from([0]), directory, naming === 'joliet' ? [] : selfFields(directory), time),
    record(
      Buffer.from([1]),
      directory.parent ?? directory,
      naming === 'joliet' ? [] : [posix(directory)],
      time,
    ),
    ...directory.children.map((child) =>
      record(child.identifier, child, naming === 'joliet' ? [] : [posix(child), nameField(child.name)], time),
    ),
  ];
  const padded: Buffer[] = [];
  let used = 0;
  for (const bytes of all) {
    const left = SECTOR - (used % SECTOR);
    if (bytes.length > left) {
      padded.push(Buffer.alloc(left));
      used += left;
    }
    padded.push(bytes);
    used += bytes.length;
  }
  return Buffer.concat(padded);
}

function record(identifier: Buffer, node: Node, systemUse: readonly Buffer[], time: Date): Buffer {
  const nameEnd = 33 + identifier.length + (identifier.length % 2 === 0 ? 1 : 0);
  const extra = Buffer.concat(systemUse);
  const bytes = Buffer.alloc(nameEnd + extra.length + (extra.length % 2));
  bytes[0] = bytes.length;
  bothOrders32(bytes, 2, node.file?.sector ?? node.extent);
  bothOrders32(bytes, 10, node.size);
  bytes.set(
    [
      time.getUTCFullYear() - 1900,
      time.getUTCMonth() + 1,
      time.getUTCDate(),
      time.getUTCHours(),
      time.getUTCMinutes(),
      time.getUTCSeconds(),
    ],
    18,
  );
  bytes[25] = node.file === undefined ? DIRECTORY_FLAG : 0;
  bothOrders16(bytes, 28, 1);
  bytes[32] = identifier.length;
  identifier.copy(bytes, 33);
  extra.copy(bytes, nameEnd);
  return bytes;
}

/** The root's own record says that Rock Ridge is in use. */
function selfFields(directory: Node): Buffer[] {
  if (directory.parent !== undefined) return [posix(directory)];
  const sharing = Buffer.from('SP\x07\x01\xbe\xef\0', 'latin1');
  const extension = Buffer.from('ER\x12\x01\x0a\0\0\x01RRIP_1991A', 'latin1');
  return [sharing, posix(directory), extension];
}

function posix(node: Node): Buffer {
  const field = Buffer.alloc(36);
  field.write('PX\x24\x01', 'latin1');
  bothOrders32(field, 4, node.file === undefined ? 0o040555 : 0o100444);
  bothOrders32(field, 12, node.file === undefined ? 2 : 1);
  return field;
}

function nameField(name: string): Buffer {
  const text = Buffer.from(name);
  return Buffer.concat([Buffer.from('NM', 'latin1'), Buffer.from([5 + text.length, 1, 0]), text]);
}

function pathTable(directories: readonly Node[], little: boolean): Buffer {
  const entries = directories.map(({ identifier, extent, parent }) => {
    const entry = Buffer.alloc(8 + identifier.length + (identifier.length % 2));
    const parentNumber = parent === undefined ? 1 : directories.indexOf(parent) + 1;
    entry[0] = identifier.length;
    if (little) {
      entry.writeUInt32LE(extent, 2);
      entry.writeUInt16LE(parentNumber, 6);
    } else {
      entry.writeUInt32BE(extent, 2);
      entry.writeUInt16BE(parentNumber, 6);
    }
    identifier.copy(entry, 8);
    return entry;
  });
  return Buffer.concat(entries);
}

interface Tree {
  readonly naming: Naming;
  readonly directories: readonly Node[];
  readonly littleTable: number;
  readonly bigTable: number;
}

function volumeDescriptor(tree: Tree, label: string, sectors: number, time: Date): Buffer {
  const joliet = tree.naming === 'joliet';
  const bytes = Buffer.alloc(SECTOR);
  const text = (offset: number, length: number, value: string): void => {
    const padded = joliet ? value.padEnd(Math.floor(length / 2), ' ') : value.padEnd(length, ' ');
    const encoded = joliet ? Buffer.from(padded, 'utf16le').swap16() : Buffer.from(padded, 'latin1');
    encoded.copy(bytes, offset, 0, length);
  };
  bytes.write(`${joliet ? '\x02' : '\x01'}CD001\x01`, 'latin1');
  text(8, 32, 'LINUX');
  text(40, 32, label);
  bothOrders32(bytes, 80, sectors);
  // UCS-2 level 3.
  if (joliet) bytes.write('%/E', 88);
  bothOrders16(bytes, 120, 1);
  bothOrders16(bytes, 124, 1);
  bothOrders16(bytes, 128, SECTOR);
  bothOrders32(bytes, 132, pathTable(tree.directories, true).length);
  bytes.writeUInt32LE(tree.littleTable, 140);
  bytes.writeUInt32BE(tree.bigTable, 148);
  const [root] = tree.directories;
  if (root !== undefined) record(Buffer.from([0]), root, [], time).copy(bytes, 156);
  text(190, 128, '');
  text(318, 128, '');
  text(446, 128, 'DESKCLOUD');
  text(574, 128, '');
  for (const offset of [702, 739, 776]) text(offset, 37, '');
  const stamp = `${time.toISOString().replaceAll(/\D/g, '').slice(0, 16)}\0`;
  bytes.write(stamp, 813, 'latin1');
  bytes.write(stamp, 830, 'latin1');
  for (const offset of [847, 864]) bytes.write(`${'0'.repeat(16)}\0`, offset, 'latin1');
  bytes[881] = 1;
  return bytes;
}

function bothOrders32(bytes: Buffer, offset: number, value: number): void {
  bytes.writeUInt32LE(value, offset);
  bytes.writeUInt32BE(value, offset + 4);
}

function bothOrders16(bytes: Buffer, offset: number, value: number): void {
  bytes.writeUInt16LE(value, offset);
  bytes.writeUInt16BE(value, offset + 2);
}
