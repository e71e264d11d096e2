import { join } from 'node:path';
import type { DomainDisk } from '../../host/domain/interface.ts';
import type { StatePath } from '../../host/files/interface.ts';
import type { ComputeConfig } from '../deps.ts';
import { BUSES, blockDevicesOf, type Bus, type DiskWish } from '../store/block-devices.ts';
import { imagePropertiesOfRow, type ServerRow } from '../store/server-row.ts';

/** Files and disks of a server, and how its guest sees them: from its row alone. */

type Properties = Readonly<Record<string, string>>;

/** Below the state directory: all that a server keeps. */
export const instanceDirectory = (serverId: string): StatePath => ['instances', serverId];

/** The disk that a server in rescue boots from, and its config drive. */
export const RESCUE_DISK = 'disk.rescue';
export const RESCUE_DRIVE = 'disk.config.rescue';

export const BUS_NAMES = Object.keys(BUSES) as Bus[];

/** A value where it is one of those that there are. */
export const oneOf = <T extends string>(values: readonly T[], value: string | undefined): T | undefined =>
  values.find((one) => one === value);

const busOf = (properties: Properties): Bus => oneOf(BUS_NAMES, properties['hw_disk_bus']) ?? 'virtio';

/** The first name beside these disks that is free on a bus, by default that of the server's disks. */
export const nextTarget = (
  properties: Properties,
  disks: readonly { readonly target: string }[],
  bus = busOf(properties),
): string => freeTarget(BUSES[bus], disks);

/** The bus of a server's disks, which volumes are on too. */
export const diskBus = (properties: Properties): DomainDisk['bus'] => busOf(properties);

const letter = (index: number): string => String.fromCharCode(97 + index);

/** The guest's name of its root disk: 'vda', by what was asked for or the image's hw_disk_bus. */
export const rootTarget = (properties: Properties, wish: DiskWish = {}): string =>
  `${BUSES[busOfWish(properties, wish)]}a`;

/** A CD drive is on no virtio bus. */
export function busOfWish(properties: Properties, { bus, device }: DiskWish): Bus {
  const found = bus ?? busOf(properties);
  return device === 'cdrom' && found === 'virtio' ? 'sata' : found;
}

/** An ephemeral or swap disk, and how the guest is to have it. */
export interface LocalDisk extends DiskWish {
  readonly name: `disk.eph${number}` | 'disk.swap';
  readonly sizeBytes: number;
}

/** Ephemeral and swap disks of a server, in the order in which the guest sees them: what was asked for, or the flavor's. */
export function localDisks(
  row: Pick<ServerRow, 'ephemeral_gib' | 'swap_mib' | 'block_devices'>,
): readonly LocalDisk[] {
  const { ephemerals, swap } = blockDevicesOf(row);
  const disks: LocalDisk[] = [...(ephemerals ?? [])];
  if (ephemerals === undefined && row.ephemeral_gib > 0)
    disks.push({ name: 'disk.eph0', sizeBytes: row.ephemeral_gib * 1024 ** 3 });
  if (swap !== undefined) disks.push(swap);
  else if (row.swap_mib > 0) disks.push({ name: 'disk.swap', sizeBytes: row.swap_mib * 1024 ** 2 });
  return disks;
}

/** Where a server's sockets and files are, as absolute paths. */
export function pathsOf(config: ComputeConfig, serverId: string) {
  const state = join(config.stateDirectory, 'instances', serverId);
  const run = join(config.runDirectory, 'instances', serverId);
  return {
    disk: join(state, 'disk'),
    rescueDisk: join(state, RESCUE_DISK),
    configDrive: join(state, 'disk.config'),
    rescueDrive: join(state, RESCUE_DRIVE),
    consoleLog: join(state, 'console.log'),
    vncSocket: join(run, 'vnc.sock'),
    serialSocket: join(run, 'serial.sock'),
    local: (disk: LocalDisk) => join(state, disk.name),
  };
}

/**
 * The disks of a server in their order. In rescue it boots from another one: that is its first disk, its own root disk
 * the second; or, where the rescue image names a device or a bus, one more behind all of its own, which stay where they are
 * (nova's stable device rescue). Its volumes are there as ever in the latter, and not in the former.
 */
export function disksOf(
  config: ComputeConfig,
  row: ServerRow,
  volumes: readonly DomainDisk[],
): readonly DomainDisk[] {
  const paths = pathsOf(config, row.id);
  const own = imagePropertiesOfRow(row);
  if (row.rescue_image_id === null) return allDisks(config, row, paths.configDrive, volumes);
  const rescue = JSON.parse(row.rescue_image_properties ?? '{}') as Properties;
  const device = stableDevice(rescue, own);
  if (device === undefined) {
    const bus = busOf(rescue);
    const names = [paths.rescueDisk, paths.disk];
    const disks = names.map((path, index) => rescueDisk(bus, index, path));
    return [...disks, ...configDrive(row, paths.rescueDrive, disks)];
  }
  const all = allDisks(config, row, paths.rescueDrive, volumes).map(withoutBoot);
  const target = freeTarget(BUSES[device.bus], all);
  return [
    ...all,
    { ...device, target, format: 'qcow2', source: { kind: 'file', path: paths.rescueDisk }, bootIndex: 1 },
  ];
}

function withoutBoot(disk: DomainDisk): DomainDisk {
  const plain: { -readonly [Key in keyof DomainDisk]: DomainDisk[Key] } = { ...disk };
  delete plain.bootIndex;
  return plain;
}

const rescueDisk = (bus: Bus, index: number, path: string): DomainDisk => ({
  target: `${BUSES[bus]}${letter(index)}`,
  bus,
  device: 'disk',
  format: 'qcow2',
  source: { kind: 'file', path },
  ...(index === 0 ? { bootIndex: 1 } : {}),
});

/** Root disk (a file or a volume), ephemeral and swap disks, config drive, volumes: guests count them in this order. */
function allDisks(
  config: ComputeConfig,
  row: ServerRow,
  drive: string,
  volumes: readonly DomainDisk[],
): readonly DomainDisk[] {
  const root = row.volume_backed === 1 ? volumes.filter(({ bootIndex }) => bootIndex === 1) : [];
  const others = volumes.filter((volume) => !root.includes(volume));
  const disks = [...root, ...files(config, row, volumes)];
  return [...disks, ...configDrive(row, drive, [...disks, ...others]), ...others];
}

/** The disks that are files of the server's own. Names that volumes have already are theirs. */
function files(config: ComputeConfig, row: ServerRow, volumes: readonly DomainDisk[]): readonly DomainDisk[] {
  const paths = pathsOf(config, row.id);
  const properties = imagePropertiesOfRow(row);
  const root =
    row.volume_backed === 1 ? [] : [{ path: paths.disk, bootIndex: 0, ...blockDevicesOf(row).root }];
  const wanted = [...root, ...localDisks(row).map((disk) => ({ ...disk, path: paths.local(disk) }))];
  const disks: DomainDisk[] = [];
  for (const { path, bootIndex, ...wish } of wanted) {
    const bus = busOfWish(properties, wish);
    disks.push({
      target: freeTarget(BUSES[bus], [...disks, ...volumes]),
      bus,
      device: wish.device ?? 'disk',
      format: 'qcow2',
      source: { kind: 'file', path },
      ...(wish.device === 'cdrom' ? { readOnly: true } : {}),
      ...(bootIndex === undefined ? {} : { bootIndex: bootIndex + 1 }),
    });
  }
  return disks;
}

/** 'sda' on its own SATA port, or behind the disks where those are called sd* too. */
const configDrive = (row: ServerRow, path: string, disks: readonly DomainDisk[]): readonly DomainDisk[] =>
  row.config_drive === 0
    ? []
    : [
        {
          target: freeTarget('sd', disks),
          bus: 'sata',
          device: 'cdrom',
          format: 'raw',
          source: { kind: 'file', path },
          readOnly: true,
        },
      ];

function freeTarget(prefix: string, disks: readonly { readonly target: string }[]): string {
  const taken = new Set(disks.map(({ target }) => target));
  let index = 0;
  while (taken.has(`${prefix}${letter(index)}`)) index += 1;
  return `${prefix}${letter(index)}`;
}

interface RescueDevice {
  readonly device: 'disk' | 'cdrom';
  readonly bus: Bus;
}

/** Undefined where the rescue image does not ask for it. */
function stableDevice(rescue: Properties, own: Properties): RescueDevice | undefined {
  const asked = rescue['hw_rescue_device'];
  const bus = oneOf(BUS_NAMES, rescue['hw_rescue_bus']);
  if (asked === undefined && bus === undefined) return undefined;
  const device = asked === 'cdrom' ? 'cdrom' : 'disk';
  return { device, bus: bus ?? (device === 'cdrom' ? 'sata' : busOf(own)) };
}

/** The rescue image goes beside the server's own disks, volumes among them, which stay where they are. */
export const isStable = (rescue: Properties): boolean => stableDevice(rescue, {}) !== undefined;

/** What of a rescue image's wishes cannot be met, in nova's words; undefined when all can. */
export function unsupportedRescue(rescue: Properties): string | undefined {
  const { hw_rescue_device: device, hw_rescue_bus: bus } = rescue;
  if (device !== undefined && device !== 'disk' && device !== 'cdrom')
    return `Requested rescue device '${device.slice(0, 40)}' is not supported; disk and cdrom are.`;
  if (bus !== undefined && oneOf(BUS_NAMES, bus) === undefined)
    return `Requested rescue bus '${bus.slice(0, 40)}' is not supported; ${BUS_NAMES.join(', ')} are.`;
  return device === 'cdrom' && bus === 'virtio'
    ? "Requested rescue bus 'virtio' is not supported for a cdrom; scsi, sata and ide are."
    : undefined;
}
