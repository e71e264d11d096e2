import { join } from 'node:path';
import type { DomainDisk, DomainNic, DomainSpec } from '../../host/domain/interface.ts';
import type { StatePath } from '../../host/files/interface.ts';
import type { ServerNic } from '../../network/face.ts';
import type { ComputeConfig } from '../deps.ts';
import { imagePropertiesOfRow, instanceName, type ServerRow } from '../store/server-row.ts';

/** Below the state directory: all that a server keeps. */
export const instanceDirectory = (serverId: string): StatePath => ['instances', serverId];

const BUSES = { virtio: 'vd', scsi: 'sd', sata: 'sd', ide: 'hd' } as const;
type Bus = keyof typeof BUSES;

const VIF_MODELS = ['virtio', 'e1000', 'e1000e', 'rtl8139', 'ne2k_pci', 'pcnet'] as const;
const VIDEO_MODELS = ['virtio', 'vga', 'cirrus', 'qxl', 'bochs', 'none'] as const;
const WATCHDOG_ACTIONS = ['reset', 'poweroff', 'pause', 'none'] as const;

const oneOf = <T extends string>(values: readonly T[], value: string | undefined): T | undefined =>
  values.find((one) => one === value);

const isTrue = (value: string | undefined): boolean => /^(true|yes|on|1)$/i.test(value ?? '');

const busOf = (properties: Readonly<Record<string, string>>): Bus =>
  oneOf(Object.keys(BUSES) as Bus[], properties['hw_disk_bus']) ?? 'virtio';

/** The guest's name of its root disk: 'vda', by the image's hw_disk_bus. */
export const rootTarget = (properties: Readonly<Record<string, string>>): string =>
  `${BUSES[busOf(properties)]}a`;

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
    configDrive: join(state, 'disk.config'),
    consoleLog: join(state, 'console.log'),
    vncSocket: join(run, 'vnc.sock'),
    serialSocket: join(run, 'serial.sock'),
    local: (disk: LocalDisk) => join(state, disk.name),
  };
}

/**
 * The domain of a server, from its row and ports alone: made for the first start, and again for every hard reboot and
 * recovery. Free text of users goes into labels only.
 */
export function domainSpec(config: ComputeConfig, row: ServerRow, nics: readonly ServerNic[]): DomainSpec {
  const properties = imagePropertiesOfRow(row);
  const paths = pathsOf(config, row.id);
  const machine = properties['hw_machine_type'];
  const videoModel = oneOf(VIDEO_MODELS, properties['hw_video_model']);
  const watchdog = oneOf(WATCHDOG_ACTIONS, properties['hw_watchdog_action']);
  return {
    uuid: row.id,
    name: instanceName(row),
    labels: {
      serverName: row.name,
      projectId: row.project_id,
      flavorName: row.flavor_name,
      imageId: row.image_id,
    },
    vcpus: row.vcpus,
    memoryMib: row.ram_mib,
    disks: disksOf(config, row, properties),
    nics: nics.map((nic) => domainNic(nic, properties)),
    consoleLogPath: paths.consoleLog,
    serialSocketPath: paths.serialSocket,
    vncSocketPath: paths.vncSocket,
    hardware: {
      // A machine type is a word of qemu's; anything else an image says is not for us to pass on (S41).
      ...(machine !== undefined && /^[a-z0-9][a-z0-9._-]{0,62}$/i.test(machine) ? { machine } : {}),
      ...(videoModel === undefined ? {} : { videoModel }),
      ...(watchdog === undefined ? {} : { watchdog }),
      rng: properties['hw_rng_model'] === undefined || properties['hw_rng_model'] === 'virtio',
      guestAgent: isTrue(properties['hw_qemu_guest_agent']),
    },
  };
}

function disksOf(
  config: ComputeConfig,
  row: ServerRow,
  properties: Readonly<Record<string, string>>,
): readonly DomainDisk[] {
  const paths = pathsOf(config, row.id);
  const bus = busOf(properties);
  const target = (index: number): string => `${BUSES[bus]}${String.fromCharCode(97 + index)}`;
  const local = localDisks(row).map((disk, index): DomainDisk => ({
    target: target(index + 1),
    bus,
    device: 'disk',
    format: 'qcow2',
    path: paths.local(disk),
  }));
  const root: DomainDisk = {
    target: target(0),
    bus,
    device: 'disk',
    format: 'qcow2',
    path: paths.disk,
    bootIndex: 1,
  };
  if (row.config_drive === 0) return [root, ...local];
  // 'sda' on its own SATA port, or behind the disks where those are called sd* too.
  const letter = BUSES[bus] === 'sd' ? local.length + 1 : 0;
  const drive: DomainDisk = {
    target: `sd${String.fromCharCode(97 + letter)}`,
    bus: 'sata',
    device: 'cdrom',
    format: 'raw',
    path: paths.configDrive,
    readOnly: true,
  };
  return [root, ...local, drive];
}

/** A port as a card of the guest. */
export function domainNic(nic: ServerNic, properties: Readonly<Record<string, string>>): DomainNic {
  return {
    portId: nic.portId,
    tapName: nic.tapName,
    macAddress: nic.macAddress,
    mtu: nic.mtu,
    model: oneOf(VIF_MODELS, properties['hw_vif_model']) ?? 'virtio',
  };
}

/** Milliseconds that a guest has to shut down: os_shutdown_timeout of its image, or the configured time. */
export function shutdownTimeoutMs(config: ComputeConfig, row: ServerRow): number {
  const asked = Number(imagePropertiesOfRow(row)['os_shutdown_timeout']);
  const seconds =
    Number.isInteger(asked) && asked >= 0 && asked <= 3600 ? asked : (config.shutdownTimeoutSeconds ?? 60);
  return seconds * 1000;
}
