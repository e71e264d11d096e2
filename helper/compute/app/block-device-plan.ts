import { randomUUID } from 'node:crypto';
import { CloudError, badRequest, forbidden } from '../../errors/error.ts';
import { type Caller, mv, requirePolicy } from '../../http/index.ts';
import type { ImageInfo } from '../../image/face.ts';
import type { Flavor } from '../basics.ts';
import type { ComputeDeps } from '../deps.ts';
import { BUS_NAMES, busOfWish, nextTarget, oneOf } from '../sagas/domain-disks.ts';
import type { ServerCreateRequest } from '../schemas/server-create.ts';
import {
  authorOf,
  type BlockDevices,
  type DiskWish,
  type WantedDisk,
  type WantedVolume,
} from '../store/block-devices.ts';
import { insertServerVolume, type ServerVolumeRow } from '../store/server-volume.ts';
import {
  checkDevice,
  checkLocal,
  fromV1,
  fromV2,
  invalidMapping,
  isEphemeral,
  isMapping,
  isSwap,
  mappingsOf,
  stripDev,
  type Mapping,
} from './device-mapping.ts';

/** What a server is booted from, as far as its flavor must fit it. */
export interface BootImage {
  /** Null where a volume is booted from. */
  readonly id: string | null;
  readonly properties: Readonly<Record<string, string>>;
  readonly minRam: number;
  /** GiB. */
  readonly minDisk: number;
}

/** The disks of a new server, checked. */
export interface DevicePlan {
  readonly image: BootImage;
  /** The image that the root disk is made of on the host; null where the root disk is a volume. */
  readonly rootImage: ImageInfo | null;
  readonly mappings: readonly Mapping[];
  /** Of the root disk where that is a volume: GiB, null for one that is there already. */
  readonly rootVolume: { readonly sizeGib: number | null } | null;
}

/** As many disks as a bus with one letter for each has. */
const MOST_DISKS = 26;

/** What of an image is not among its properties, where a volume remembers it. */
const ATTRIBUTES = [
  'image_id',
  'image_name',
  'size',
  'checksum',
  'container_format',
  'disk_format',
  'min_ram',
  'min_disk',
];

function orInvalid<T>(work: () => T, details: string): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CloudError) || error.kind !== 'notFound') throw error;
    throw invalidMapping(details);
  }
}

/** What a volume remembers of the image that it was made of. */
export function imageOfMetadata(metadata: Readonly<Record<string, string>>): BootImage {
  const properties = Object.entries(metadata).filter(([key]) => !ATTRIBUTES.includes(key));
  return {
    id: null,
    properties: Object.fromEntries(properties),
    minRam: Number(metadata['min_ram'] ?? 0) || 0,
    minDisk: Number(metadata['min_disk'] ?? 0) || 0,
  };
}

/** The disks of new servers: from a request, and from what its image and flavor say. */
export class DevicePlanner {
  readonly #deps: Pick<ComputeDeps, 'db' | 'image' | 'volume'>;

  constructor(deps: Pick<ComputeDeps, 'db' | 'image' | 'volume'>) {
    this.#deps = deps;
  }

  /** @throws {CloudError} badRequest, forbidden in nova's words. */
  plan(caller: Caller, request: ServerCreateRequest, flavor: Flavor, several: boolean): DevicePlan {
    const v1 = request.block_device_mapping ?? [];
    const v2 = request.block_device_mapping_v2 ?? [];
    if (v1.length > 0 && v2.length > 0)
      throw badRequest('Using different block_device_mapping syntaxes is not allowed in the same request.');
    const imageId = request.imageRef === undefined || request.imageRef === '' ? null : request.imageRef;
    const imageGiven = request.imageRef !== undefined;
    // Its form is looked at before the rights are, and before anything is looked up.
    const asked = v2.length > 0 ? fromV2(v2, imageGiven) : fromV1(v1, null, 'vda', false);
    if (asked.length > 0) requirePolicy(caller, 'os_compute_api:servers:create:attach_volume');
    if (imageId === null && asked.length === 0) throw badRequest('Missing imageRef attribute');
    const isBoot = (one: Mapping): boolean =>
      v2.length > 0 ? one.bootIndex === 0 : /^[a-z]+da\d*$/.test(stripDev(one.deviceName ?? ''));
    const image =
      imageId === null
        ? this.#imageOfDevice(caller, asked.filter(isMapping).find(isBoot))
        : this.#image(caller, imageId);
    const mappings = mappingsOf({ v1, v2, imageId, imageGiven, several }, image.properties, flavor);
    const sized = mappings.map((one) => this.#check(caller, one));
    checkLocal(sized, flavor);
    if (sized.length > MOST_DISKS)
      throw forbidden(
        `The maximum allowed number of disk devices (${MOST_DISKS}) to attach to a single instance has been exceeded.`,
      );
    const root = sized.find(({ bootIndex }) => bootIndex === 0);
    const onVolume = root?.destination === 'volume';
    if (onVolume && (request.trusted_image_certificates ?? []).length > 0)
      throw badRequest('Image certificate validation is not supported when booting from volume');
    const rootId = imageId ?? root?.id;
    return {
      image,
      rootImage: onVolume || rootId == null ? null : this.#deps.image.get(this.#deps.db, caller.auth, rootId),
      mappings: sized,
      rootVolume: onVolume ? { sizeGib: root.source === 'volume' ? null : root.size } : null,
    };
  }

  #image(caller: Caller, id: string): BootImage {
    const { db, image } = this.#deps;
    try {
      const found = image.get(db, caller.auth, id);
      if (found.status !== 'active') throw badRequest(`Image ${id} is not active.`);
      return found;
    } catch (error) {
      if (!(error instanceof CloudError) || error.kind !== 'notFound') throw error;
      throw badRequest('Can not find requested image', { cause: error });
    }
  }

  /** What is known of the image behind a device that is booted from. */
  #imageOfDevice(caller: Caller, device: Mapping | undefined): BootImage {
    const { db, image, volume } = this.#deps;
    const { auth } = caller;
    if (device?.id == null) return { id: null, properties: {}, minRam: 0, minDisk: 0 };
    const { id } = device;
    if (device.source === 'image') {
      const found = orInvalid(() => image.get(db, auth, id), `failed to get image ${id}.`);
      if (found.status !== 'active') throw badRequest(`Image ${id} is not active.`);
      return { ...found, id: null };
    }
    const volumeId =
      device.source === 'volume'
        ? id
        : orInvalid(() => volume.findSnapshot(auth, id), `failed to get snapshot ${id}.`).volumeId;
    const found = orInvalid(() => volume.find(auth, volumeId), `failed to get volume ${volumeId}.`);
    if (!found.bootable) throw badRequest(`Block Device ${volumeId} is not bootable.`);
    return imageOfMetadata(found.imageMetadata);
  }

  /** One mapping by itself; its size where it is known by now. */
  #check(caller: Caller, one: Mapping): Mapping {
    const { db, image, volume } = this.#deps;
    const { auth } = caller;
    checkDevice(one);
    if (one.volumeType !== null && !volume.hasType(auth, one.volumeType))
      throw badRequest(`Volume type ${one.volumeType.slice(0, 80)} could not be found.`);
    const { source, destination, size, id } = one;
    if (destination === 'local') {
      if (source === 'image' && id !== null)
        orInvalid(() => image.get(db, auth, id), `failed to get image ${id}.`);
      return one;
    }
    if (source === 'blank' && size === null)
      throw invalidMapping("Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size");
    if (id === null) return one;
    if (source === 'image') {
      orInvalid(() => image.get(db, auth, id), `failed to get image ${id}.`);
      if (size === null)
        throw invalidMapping("Images with destination_type 'volume' need to have a non-zero size specified");
      return one;
    }
    if (source === 'volume') {
      if (
        caller.version < mv('2.60') &&
        orInvalid(() => volume.isMultiattach(auth, id), `failed to get volume ${id}.`)
      )
        throw badRequest('Multiattach volumes are only supported starting with compute API version 2.60.');
      return { ...one, size: orInvalid(() => volume.find(auth, id), `failed to get volume ${id}.`).sizeGib };
    }
    const snapshot = orInvalid(() => volume.findSnapshot(auth, id), `failed to get snapshot ${id}.`);
    return { ...one, size: size ?? snapshot.sizeGib };
  }
}

/** What a new server's row says of its disks. */
export interface ServerDevices {
  readonly rootDeviceName: string;
  readonly blockDevices: BlockDevices;
  /** Volumes that are there. */
  readonly existing: readonly ServerVolumeRow[];
}

const wishOf = ({ bus, deviceType, bootIndex, tag }: Mapping): DiskWish => {
  const known = oneOf(BUS_NAMES, bus ?? undefined);
  return {
    ...(known === undefined ? {} : { bus: known }),
    ...(deviceType === 'cdrom' ? { device: 'cdrom' as const } : {}),
    ...(bootIndex === null ? {} : { bootIndex }),
    ...(tag === null ? {} : { tag }),
  };
};

/** Root disk first, then ephemeral disks, swap, and volumes: nova's order of names. */
function inOrder(mappings: readonly Mapping[]): readonly Mapping[] {
  const rank = (one: Mapping): number =>
    one.bootIndex === 0 ? 0 : isEphemeral(one) ? 1 : isSwap(one) ? 2 : one.destination === 'local' ? 1 : 3;
  return [...mappings].sort((one, other) => rank(one) - rank(other));
}

/** Chooses names and ids for one server's disks. Names that were asked for have no effect, as with nova's libvirt driver. */
export function devicesOf(
  { mappings, image, rootVolume }: DevicePlan,
  flavor: Flavor,
  server: { readonly id: string; readonly at: number; readonly caller: Caller },
): ServerDevices {
  const targets: { target: string }[] = [];
  const ephemerals: WantedDisk[] = [];
  const volumes: WantedVolume[] = [];
  const existing: ServerVolumeRow[] = [];
  let swap: WantedDisk | undefined;
  let root: DiskWish | undefined;
  for (const one of inOrder(mappings)) {
    const wish = wishOf(one);
    const size = one.size ?? (isSwap(one) ? flavor.swapMib : isEphemeral(one) ? flavor.ephemeralGib : 0);
    if (one.source === 'blank' && one.destination === 'local' && size === 0) continue;
    const bus = busOfWish(image.properties, wish);
    const target = nextTarget(image.properties, targets, bus);
    targets.push({ target });
    if (one.destination === 'local') {
      if (one.source === 'image') root = wish;
      else if (one.byFlavor === true) continue;
      else if (isSwap(one)) swap = { ...wish, name: 'disk.swap', sizeBytes: size * 1024 ** 2 };
      else ephemerals.push({ ...wish, name: `disk.eph${ephemerals.length}`, sizeBytes: size * 1024 ** 3 });
      continue;
    }
    const row: ServerVolumeRow = {
      attachment_id: randomUUID(),
      server_id: server.id,
      volume_id: one.source === 'volume' ? (one.id ?? '') : randomUUID(),
      bdm_uuid: randomUUID(),
      target,
      tag: one.tag,
      delete_on_termination: one.deleteOnTermination ? 1 : 0,
      boot_index: one.bootIndex,
      disk_bus: wish.bus === undefined && wish.device === undefined ? null : bus,
      device_type: wish.device ?? 'disk',
      created_at: server.at,
    };
    if (one.source === 'volume') existing.push(row);
    else
      volumes.push({
        row,
        name: one.source === 'blank' ? `${server.id}-blank-vol` : '',
        sizeGib: size,
        type: one.volumeType,
        source: one.source === 'blank' ? { kind: 'blank' } : { kind: one.source, id: one.id ?? '' },
      });
  }
  return {
    rootDeviceName: `/dev/${targets[0]?.target ?? 'vda'}`,
    blockDevices: {
      ...(rootVolume !== null || root === undefined || Object.keys(root).length <= 1 ? {} : { root }),
      ...(ephemerals.length === 0 ? {} : { ephemerals }),
      ...(swap === undefined ? {} : { swap }),
      ...(volumes.length === 0 ? {} : { volumes, author: authorOf(server.caller.auth) }),
    },
    existing,
  };
}

/** Keeps the volumes that are there for the server. In the transaction of its row. @throws {CloudError} badRequest */
export function reserveVolumes(
  { db, volume }: Pick<ComputeDeps, 'db' | 'volume'>,
  caller: Caller,
  rows: readonly ServerVolumeRow[],
): void {
  for (const row of rows) {
    const { attachment_id: id, volume_id: volumeId, server_id: serverId } = row;
    orInvalid(
      () => volume.reserve(caller.auth, { id, volumeId, serverId }),
      `failed to get volume ${volumeId}.`,
    );
    insertServerVolume(db, row);
  }
}
