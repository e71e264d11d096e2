import { randomBytes, randomUUID } from 'node:crypto';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { qemuOwner } from '../helper/host/domain/index.ts';
import { OWNER, run, type Workplace } from './workplace.ts';

const BRIDGE = `${OWNER}-fl`;

/** A guest that a bare script makes. */
export interface FloorGuest {
  readonly name: string;
  readonly tap: string;
  readonly directory: string;
  readonly disk: string;
  readonly xml: string;
}

/** A guest of Deskcloud's that floor guests are made after. */
export interface Model {
  readonly uuid: string;
  /** Its domain as libvirt has it. */
  readonly xml: string;
  /** Image file below its disk, and the disk's size in bytes. */
  readonly base: string;
  readonly sizeBytes: number;
}

/** Reads what a guest of Deskcloud's consists of. */
export async function modelOf(uuid: string): Promise<Model> {
  const xml = await run('virsh', 'dumpxml', '--inactive', uuid);
  const disk = /<source file='([^']+)'/.exec(xml)?.[1] ?? '';
  const info = JSON.parse(await run('qemu-img', 'info', '-U', '--output=json', disk)) as {
    'virtual-size': number;
    'backing-filename': string;
  };
  return { uuid, xml, base: info['backing-filename'], sizeBytes: info['virtual-size'] };
}

/**
 * The least that a guest costs on this machine: the same overlay, tap and domain as Deskcloud's, by the commands that
 * a script would use, and nothing else: no checks, no records, no addresses, no filters.
 */
export class Floor {
  readonly #directory: string;
  readonly #model: Model;
  #count = 0;

  private constructor(directory: string, model: Model) {
    this.#directory = directory;
    this.#model = model;
  }

  static async create(place: Workplace, model: Model): Promise<Floor> {
    const floor = new Floor(await place.makeDirectory('floor'), model);
    await run('ip', 'link', 'add', BRIDGE, 'type', 'bridge');
    place.onEnd(async () => {
      await run('ip', 'link', 'del', BRIDGE);
    });
    await run('ip', 'link', 'set', BRIDGE, 'up');
    place.onEnd(() => removeGuests());
    return floor;
  }

  /** What a script would have ready: names, directories, the domain's XML. */
  async prepare(): Promise<FloorGuest> {
    const number = (this.#count += 1);
    const directory = join(this.#directory, String(number));
    const sockets = join(directory, 'run');
    await mkdir(sockets, { recursive: true, mode: 0o711 });
    const owner = await qemuOwner();
    if (owner !== undefined) await chown(sockets, owner.uid, owner.gid);
    const guest: FloorGuest = {
      name: `${OWNER}-floor-${number}`,
      tap: `${OWNER}-${number}`,
      directory,
      disk: join(directory, 'disk'),
      xml: join(directory, 'domain.xml'),
    };
    await writeFile(guest.xml, domainLike(this.#model, guest));
    return guest;
  }

  async make({ disk, tap, name, xml }: FloorGuest): Promise<void> {
    const { base, sizeBytes } = this.#model;
    const overlay = ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, disk, String(sizeBytes)];
    await run('qemu-img', ...overlay);
    await run('ip', 'tuntap', 'add', 'dev', tap, 'mode', 'tap', 'vnet_hdr');
    await run('ip', 'link', 'set', 'dev', tap, 'master', BRIDGE, 'up');
    await run('virsh', '-q', 'define', xml);
    await run('virsh', '-q', 'start', name);
  }

  async remove({ name, tap, directory }: FloorGuest): Promise<void> {
    await run('virsh', '-q', 'destroy', name);
    await run('virsh', '-q', 'undefine', name);
    await run('ip', 'link', 'del', 'dev', tap);
    await rm(directory, { recursive: true });
  }
}

/** The model's domain with the names of another guest; its tag is not Deskcloud's any more. */
function domainLike({ uuid, xml }: Model, { name, tap, directory }: FloorGuest): string {
  return xml
    .replace(/<name>[^<]*</, `<name>${name}<`)
    .replace(/(<(?:\w+:)?owner>)[^<]*</, `$1${OWNER}-floor<`)
    .replaceAll(new RegExp(`'[^']*/state/instances/${uuid}/`, 'g'), `'${directory}/`)
    .replaceAll(new RegExp(`'[^']*/run/instances/${uuid}/`, 'g'), `'${directory}/run/`)
    .replaceAll(uuid, randomUUID())
    .replace(/<mac address='[^']*'/, `<mac address='${randomMac()}'`)
    .replace(/<target dev='tap[^']*'/, `<target dev='${tap}'`);
}

const randomMac = (): string => `fa:16:3e:${randomBytes(3).toString('hex').match(/../g)?.join(':') ?? ''}`;

/** Removes floor guests of this and of earlier runs by their names. */
async function removeGuests(): Promise<void> {
  const domains = await run('virsh', 'list', '--all', '--name');
  for (const name of domains.split('\n').filter((one) => one.startsWith(`${OWNER}-floor-`))) {
    await run('virsh', '-q', 'destroy', name).catch(() => undefined);
    await run('virsh', '-q', 'undefine', name);
  }
  const links = JSON.parse(await run('ip', '-j', 'link', 'show', 'type', 'tun')) as { ifname?: string }[];
  for (const { ifname } of links)
    if (ifname !== undefined && /^deskbench-\d+$/.test(ifname)) await run('ip', 'link', 'del', 'dev', ifname);
}
