import { join } from 'node:path';
import type { DomainDisk } from '../../host/domain/interface.ts';
import type { StatePath } from '../../host/files/interface.ts';
import type { ComputeConfig } from '../deps.ts';
import { imagePropertiesOfRow, type ServerRow } from '../store/server-row.ts';

/** Files and disks of a server, and how its guest sees them: from its row alone. */

type Properties = Readonly<Record<string, string>>;

/** Below the state directory: all that a server keeps. */
export const instanceDirectory = (serverId: string): StatePath => ['instances', serverId];

/** The disk that a server in rescue boots from, and its config drive. */
export const RESCUE_DISK = 'disk.rescue';
export const RESCUE_DRIVE = 'disk.config.rescue';

const BUSES = { virtio: 'vd', scsi: 'sd', sata: 'sd', ide: 'hd', usb: 'sd' } as const;
type Bus = keyof typeof BUSES;
const BUS_NAMES = Object.keys(BUSES) as Bus[];

/** A value where it is one of those that there are. */
export const oneOf = <T extends string>(values: readonly T[], value: string | undefined): T | undefined =>
  values.find((one) => one === value);

const busOf = (properties: Properties): Bus => oneOf(BUS_NAMES, properties['hw_disk_bus']) ?? 'virtio';

/** The first name behind these disks that is free on the bus of the server's disks. */
export const nextTarget = (properties: Properties, disks: readonly { readonly target: string }[]): string =>
  freeTarget(BUSES[busOf(properties)], disks);

/** The bus of a server's disks, which volumes are on too. */
export const diskBus = (properties: Properties): DomainDisk['bus'] => busOf(properties);

const letter = (index: number): string => String.fromCharCode(97 + index);

/** The guest's name of its root disk: 'vda', by the image's hw_disk_bus. */
export const rootTarget = (properties: Properties): string => `${BUSES[busOf(properties)]}a`;

/** An extra disk of a flavor. */
export interface LocalDisk {
  readonly name: 'disk.eph0' | 'disk.swap';
  readonly sizeBytes: number;
}

/** Ephemeral and swap disks of a server, in the order in which the guest sees them. */
export function localDisks(row: Pick<ServerRow, 'ephemeral_gib' | 'swap_mib'>): readonly LocalDisk[] {
  const disks: LocalDisk[] = [];
  if (row.ephemeral_gib > 0) disks.push({ name: 'disk.eph0', sizeBytes: row.ephemeral_gib * 1024 ** 3 });
  if (row.swap_mib > 0) disks.push({ name: 'disk.swap', sizeBytes: row.swap_mib * 1024 ** 2 });
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
  volumes: readonly DomainDisk[] = [],
): readonly DomainDisk[] {
  const paths = pathsOf(config, row.id);
  const own = imagePropertiesOfRow(row);
  if (row.rescue_image_id === null) {
    const disks = hardDisks(config, row, own);
    return [...disks, ...configDrive(row, paths.configDrive, disks), ...volumes];
  }
  const rescue = JSON.parse(row.rescue_image_properties ?? '{}') as Properties;
  const device = stableDevice(rescue, own);
  if (device === undefined) {
    const bus = busOf(rescue);
    const names = [paths.rescueDisk, paths.disk];
    const disks = names.map((path, index) => hardDisk(bus, index, path));
    return [...disks, ...configDrive(row, paths.rescueDrive, disks)];
  }
  const disks = hardDisks(config, row, own, false);
  const all = [...disks, ...configDrive(row, paths.rescueDrive, disks), ...volumes];
  const target = freeTarget(BUSES[device.bus], all);
  return [
    ...all,
    { ...device, target, format: 'qcow2', source: { kind: 'file', path: paths.rescueDisk }, bootIndex: 1 },
  ];
}

const hardDisk = (bus: Bus, index: number, path: string, boots = index === 0): DomainDisk => ({
  target: `${BUSES[bus]}${letter(index)}`,
  bus,
  device: 'disk',
  format: 'qcow2',
  source: { kind: 'file', path },
  ...(boots ? { bootIndex: 1 } : {}),
});

/** The server's own, of which the first is booted from. */
function hardDisks(
  config: ComputeConfig,
  row: ServerRow,
  properties: Properties,
  boots = true,
): readonly DomainDisk[] {
  const paths = pathsOf(config, row.id);
  const files = [paths.disk, ...localDisks(row).map((disk) => paths.local(disk))];
  const bus = busOf(properties);
  return files.map((path, index) => hardDisk(bus, index, path, boots && index === 0));
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
