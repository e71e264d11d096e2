import type { DomainDisk, DomainNic, DomainSpec } from '../../host/domain/interface.ts';
import type { ServerNic } from '../../network/face.ts';
import type { ComputeConfig } from '../deps.ts';
import { imagePropertiesOfRow, instanceName, type ServerRow } from '../store/server-row.ts';
import { disksOf, oneOf, pathsOf } from './domain-disks.ts';

const VIF_MODELS = ['virtio', 'e1000', 'e1000e', 'rtl8139', 'ne2k_pci', 'pcnet'] as const;
const VIDEO_MODELS = ['virtio', 'vga', 'cirrus', 'qxl', 'bochs', 'none'] as const;
const WATCHDOG_ACTIONS = ['reset', 'poweroff', 'pause', 'none'] as const;

const isTrue = (value: string | undefined): boolean => /^(true|yes|on|1)$/i.test(value ?? '');

/**
 * The domain of a server, from its row, ports and volumes alone: made for the first start, and again for every hard reboot and
 * recovery. Free text of users goes into labels only.
 */
export function domainSpec(
  config: ComputeConfig,
  row: ServerRow,
  nics: readonly ServerNic[],
  volumes: readonly DomainDisk[],
): DomainSpec {
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
    disks: disksOf(config, row, volumes),
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
