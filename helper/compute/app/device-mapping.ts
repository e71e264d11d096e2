import { badRequest, type CloudError } from '../../errors/error.ts';
import type { BlockDevice } from '../schemas/server-create.ts';
import { isTrue } from '../schemas/common.ts';

/**
 * Block device mappings as requests and images have them (nova's two formats), brought into one form and merged. Nothing is
 * looked up here; see block-device-plan.ts.
 */

export type Source = 'blank' | 'image' | 'snapshot' | 'volume';

/** One mapping, in nova's newer form. */
export interface Mapping {
  readonly source: Source;
  readonly destination: 'local' | 'volume';
  /** Of the image, snapshot or volume. */
  readonly id: string | null;
  /** 0 is booted from first; null for what is not booted from. */
  readonly bootIndex: number | null;
  /** GiB; MiB for swap. */
  readonly size: number | null;
  readonly volumeType: string | null;
  readonly deleteOnTermination: boolean;
  /** '/dev/vdb': tells which of an image's mappings is overridden, and the root device in the older form. */
  readonly deviceName: string | null;
  readonly bus: string | null;
  readonly deviceType: string | null;
  readonly guestFormat: string | null;
  readonly tag: string | null;
  /** Nobody asked for it: it follows the flavor. */
  readonly byFlavor?: true;
}

/** One that only says which of the image's is not wanted. */
export interface NoDevice {
  readonly noDevice: true;
  readonly deviceName: string | null;
}

export type Entry = Mapping | NoDevice;

export const isMapping = (entry: Entry): entry is Mapping => !('noDevice' in entry);

export const invalidMapping = (details: string): CloudError =>
  badRequest(`Block Device Mapping is Invalid: ${details}`);

export const stripDev = (name: string): string => name.replace(/^\/dev\//, '');

const deviceNameOf = (name: string | null | undefined): string | null =>
  name === undefined || name === null || name === '' ? null : `/dev/${stripDev(name)}`;

const sizeOf = (size: number | string | null | undefined): number | null =>
  size === undefined || size === null || size === '' || Number(size) === 0 ? null : Number(size);

/** Negative is as none. */
function bootIndexOf(index: BlockDevice['boot_index']): number | null {
  if (index === undefined || index === null) return null;
  const number = Number(index);
  return number < 0 ? null : number;
}

const wantsNoDevice = (value: unknown): boolean =>
  typeof value === 'string' ? value !== '' : value === true || (typeof value === 'number' && value !== 0);

const PLAIN = {
  size: null,
  volumeType: null,
  deviceName: null,
  bus: null,
  deviceType: null,
  guestFormat: null,
  tag: null,
} as const;

/** What imageRef alone means. */
const rootImage = (imageId: string): Mapping => ({
  ...PLAIN,
  source: 'image',
  destination: 'local',
  id: imageId,
  bootIndex: 0,
  deleteOnTermination: true,
});

const blank = (size: number, guestFormat: string | null): Mapping => ({
  ...PLAIN,
  source: 'blank',
  destination: 'local',
  id: null,
  bootIndex: null,
  size,
  deleteOnTermination: true,
  guestFormat,
});

/**
 * `block_device_mapping_v2`.
 * @param imageGiven the request has an imageRef.
 * @throws {CloudError} badRequest
 */
export function fromV2(devices: readonly BlockDevice[], imageGiven: boolean): readonly Entry[] {
  return devices.map((device): Entry => {
    const deviceName = deviceNameOf(device.device_name);
    if (wantsNoDevice(device.no_device)) return { noDevice: true, deviceName };
    const { source_type: source } = device;
    if (source === undefined) throw invalidMapping('Some required fields are missing');
    const id = device.uuid ?? null;
    if (source === 'blank' && id !== null) throw invalidMapping('Invalid device UUID.');
    if (source !== 'blank' && id === null) throw invalidMapping('Missing device UUID.');
    const destination =
      device.destination_type ?? (source === 'volume' || source === 'snapshot' ? 'volume' : 'local');
    const bootIndex = bootIndexOf(device.boot_index);
    if (source === 'image' && destination === 'local' && !(imageGiven && bootIndex === 0))
      throw invalidMapping('Mapping image to local is not supported.');
    if ((source === 'volume' || source === 'snapshot') && destination === 'local')
      throw invalidMapping(`Mapping ${source} to local is not supported.`);
    const volumeType = device.volume_type ?? null;
    if (destination === 'local' && volumeType !== null)
      throw invalidMapping('Specifying a volume_type with destination_type=local is not supported.');
    if (source === 'volume' && volumeType !== null)
      throw invalidMapping('Specifying volume type to existing volume is not supported.');
    return {
      source,
      destination,
      id,
      bootIndex,
      size: sizeOf(device.volume_size),
      volumeType,
      deleteOnTermination: isTrue(device.delete_on_termination),
      deviceName,
      bus: device.disk_bus ?? null,
      deviceType: device.device_type ?? null,
      guestFormat: device.guest_format ?? null,
      tag: device.tag ?? null,
    };
  });
}

const LOCAL = /^(?:swap|ephemeral\d+)$/;

/**
 * `block_device_mapping`. The one whose name is the root device's is booted from.
 * @param image booted from where none is; null where there is no imageRef, or the image has a root device of its own.
 * @throws {CloudError} badRequest
 */
export function fromV1(
  devices: readonly BlockDevice[],
  image: string | null,
  rootDevice: string,
  rootElsewhere: boolean,
): readonly Entry[] {
  const entries = devices.map((device): Entry => {
    const deviceName = deviceNameOf(device.device_name);
    const common = { ...PLAIN, deviceName, size: sizeOf(device.volume_size) };
    const virtual = device.virtual_name;
    if (virtual !== undefined && LOCAL.test(virtual)) {
      const guestFormat = virtual === 'swap' ? 'swap' : null;
      return { ...blank(0, guestFormat), ...common, guestFormat };
    }
    const id = device.snapshot_id ?? device.volume_id;
    if (id === undefined) {
      if (wantsNoDevice(device.no_device)) return { noDevice: true, deviceName };
      throw invalidMapping('Unrecognized legacy format.');
    }
    const isRoot = !rootElsewhere && deviceName !== null && stripDev(deviceName) === stripDev(rootDevice);
    return {
      ...common,
      source: device.snapshot_id === undefined ? 'volume' : 'snapshot',
      destination: 'volume',
      id,
      bootIndex: isRoot ? 0 : null,
      deleteOnTermination: isTrue(device.delete_on_termination),
    };
  });
  const volumeBacked = entries.some((entry) => isMapping(entry) && entry.bootIndex === 0);
  return image !== null && !volumeBacked && !rootElsewhere ? [rootImage(image), ...entries] : entries;
}

type Properties = Readonly<Record<string, string>>;

/** A property that is a list in JSON; others are not for us. */
function listOf(properties: Properties, name: string): readonly Record<string, unknown>[] {
  try {
    const list = JSON.parse(properties[name] ?? '[]') as unknown;
    return Array.isArray(list)
      ? list.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null)
      : [];
  } catch {
    return [];
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** The name of the root device that an image says; 'vda' by default. */
export const rootDeviceOf = (properties: Properties): string =>
  stripDev(
    textOf(properties['root_device_name']) ??
      textOf(listOf(properties, 'mappings').find((one) => one['virtual'] === 'root')?.['device']) ??
      'vda',
  );

/** What a flavor has of disks. */
export interface FlavorDisks {
  readonly ephemeralGib: number;
  readonly swapMib: number;
}

/** The mappings of an image that was made of a server with volumes (its property `block_device_mapping`), and `mappings`. */
export function fromImage(properties: Properties, flavor: FlavorDisks): readonly Entry[] {
  const devices = listOf(properties, 'block_device_mapping').map((one) => {
    const present = Object.entries(one).filter(([, value]) => value !== null);
    const device = Object.fromEntries(present) as unknown as BlockDevice;
    const id = device.snapshot_id ?? device.volume_id ?? device.image_id ?? device.uuid;
    return id === undefined ? device : { ...device, uuid: id };
  });
  const own = isTrue(properties['bdm_v2'])
    ? fromV2(
        devices.filter((one) => one.source_type !== 'image' || one.destination_type === 'volume'),
        false,
      )
    : fromV1(devices, null, rootDeviceOf(properties), false);
  const mapped = listOf(properties, 'mappings').flatMap((one): readonly Mapping[] => {
    const virtual = textOf(one['virtual']) ?? '';
    if (!LOCAL.test(virtual)) return [];
    const size = virtual === 'swap' ? flavor.swapMib : flavor.ephemeralGib;
    const deviceName = deviceNameOf(textOf(one['device']));
    return size === 0 ? [] : [{ ...blank(size, virtual === 'swap' ? 'swap' : null), deviceName }];
  });
  return merge(mapped, own);
}

/** The second list's override those of the first that have the same names. */
function merge(overridable: readonly Entry[], overrider: readonly Entry[]): readonly Entry[] {
  const names = new Set(overrider.map(({ deviceName }) => deviceName).filter((name) => name !== null));
  return [...overrider, ...overridable.filter(({ deviceName }) => !names.has(deviceName ?? ''))];
}

export const isSwap = (one: Mapping): boolean =>
  one.source === 'blank' && one.destination === 'local' && one.guestFormat === 'swap';

export const isEphemeral = (one: Mapping): boolean =>
  one.source === 'blank' && one.destination === 'local' && one.guestFormat !== 'swap';

export interface MappingRequest {
  readonly v1: readonly BlockDevice[];
  readonly v2: readonly BlockDevice[];
  /** imageRef; null for none or ''. */
  readonly imageId: string | null;
  /** imageRef is there, perhaps empty. */
  readonly imageGiven: boolean;
  /** More than one server is asked for. */
  readonly several: boolean;
}

/**
 * All that a server gets: what was asked for, what its image has, what its flavor brings.
 * @param properties of the image, or of the volume that is booted from.
 * @throws {CloudError} badRequest in nova's words.
 */
export function mappingsOf(
  request: MappingRequest,
  properties: Properties,
  flavor: FlavorDisks,
): readonly Mapping[] {
  const { v1, v2, imageId } = request;
  const root = rootDeviceOf(properties);
  const ofImage = fromImage(properties, flavor);
  const rootInImage = ofImage.some((one) => isMapping(one) && one.bootIndex === 0);
  const asked =
    v2.length === 0
      ? fromV1(v1, imageId, root, rootInImage)
      : fromV2(v2, request.imageGiven).filter(
          (one) => !(rootInImage && isMapping(one) && one.bootIndex === 0 && one.source === 'image'),
        );
  if (imageId !== null && v2.some((one) => one.destination_type === 'volume' && nameIs(one, root)))
    throw badRequest(`The volume cannot be assigned the same device name as the root device ${root}`);
  const mappings = merge(ofImage, asked).filter(isMapping);
  if (request.several && mappings.some(({ source }) => source === 'volume'))
    throw badRequest('Cannot attach one or more volumes to multiple instances');
  const ofFlavor: Mapping[] = [];
  if (flavor.ephemeralGib > 0 && !mappings.some(isEphemeral))
    ofFlavor.push({ ...blank(flavor.ephemeralGib, null), byFlavor: true });
  if (flavor.swapMib > 0 && !mappings.some(isSwap))
    ofFlavor.push({ ...blank(flavor.swapMib, 'swap'), byFlavor: true });
  const all = [...mappings, ...ofFlavor];
  checkBootSequence(all);
  return all;
}

const nameIs = ({ device_name: name }: BlockDevice, root: string): boolean =>
  name !== undefined && name !== null && stripDev(name) === root;

/** One device is booted from first, and others follow without a gap. @throws {CloudError} badRequest */
function checkBootSequence(mappings: readonly Mapping[]): void {
  const indexes = mappings
    .map(({ bootIndex }) => bootIndex)
    .filter((index) => index !== null)
    .sort((one, other) => one - other);
  if (indexes.length === 0 || indexes.some((index, position) => index !== position))
    throw invalidMapping(
      'Boot sequence for the instance and image/block device mapping combination is not valid.',
    );
}

/** nova's max_local_block_devices. */
const MOST_LOCAL = 3;

/**
 * Ephemeral and swap disks are within what the flavor has, and local disks are not too many.
 * @throws {CloudError} badRequest
 */
export function checkLocal(mappings: readonly Mapping[], flavor: FlavorDisks): void {
  const ephemeral = mappings
    .filter(isEphemeral)
    .reduce((sum, { size }) => sum + (size ?? flavor.ephemeralGib), 0);
  if (ephemeral > flavor.ephemeralGib)
    throw badRequest(
      'Ephemeral disks requested are larger than the instance type allows. If no size is given in one block device mapping, flavor ephemeral size will be used.',
    );
  const swaps = mappings.filter(isSwap);
  if (swaps.length > 1) throw invalidMapping('More than one swap drive requested.');
  if ((swaps[0]?.size ?? 0) > flavor.swapMib)
    throw badRequest('Swap drive requested is larger than instance type allows.');
  if (mappings.filter(({ destination }) => destination === 'local').length > MOST_LOCAL)
    throw invalidMapping('You specified more local devices than the limit allows');
}

const BUSES_OF_NOVA = ['fdc', 'ide', 'sata', 'scsi', 'usb', 'virtio', 'xen', 'lxc', 'uml'];

/** @throws {CloudError} badRequest for a bus that nova does not know, or a device that guests here cannot have. */
export function checkDevice({ bus, deviceType }: Mapping): void {
  if (bus !== null && bus !== '' && !BUSES_OF_NOVA.includes(bus))
    throw badRequest(
      `Block Device Mapping is invalid: The provided disk bus ${bus.slice(0, 40)} is not valid.`,
    );
  if (deviceType === 'floppy' || deviceType === 'lun')
    throw invalidMapping(`device_type ${deviceType} is not supported by this host; disk and cdrom are.`);
}
