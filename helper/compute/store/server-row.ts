import type { TaskState, VmState } from '../../contract/server-actions.ts';
import type { RequestedNic } from '../../network/face.ts';
import type { Resources } from '../basics.ts';

/** A row of `server` as SQLite gives it; the JSON columns are still text. */
export interface ServerRow {
  readonly seq: number;
  readonly id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly name: string;
  readonly hostname: string;
  readonly description: string | null;
  readonly vm_state: VmState;
  readonly task_state: TaskState | null;
  readonly power_state: number;
  readonly progress: number;
  readonly host: string | null;
  readonly node: string | null;
  readonly requested_zone: string | null;
  readonly availability_zone: string | null;
  readonly image_id: string | null;
  readonly image_properties: string;
  readonly flavor_id: string;
  readonly flavor_name: string;
  readonly vcpus: number;
  readonly ram_mib: number;
  readonly disk_gib: number;
  readonly ephemeral_gib: number;
  readonly swap_mib: number;
  readonly extra_specs: string;
  readonly key_name: string | null;
  readonly key_type: string | null;
  readonly key_data: string | null;
  readonly user_data: string | null;
  readonly config_drive: number;
  readonly personality: string;
  readonly admin_password: string | null;
  readonly disk_config: string;
  readonly access_ip_v4: string | null;
  readonly access_ip_v6: string | null;
  readonly metadata: string;
  readonly tags: string;
  readonly group_id: string | null;
  readonly trusted_certs: string | null;
  readonly locked_by: string | null;
  readonly locked_reason: string | null;
  readonly launch_index: number;
  readonly reservation_id: string;
  readonly root_device_name: string;
  /** JSON of BlockDevices (block-devices.ts). */
  readonly block_devices: string;
  /** 1: the root disk is a volume. */
  readonly volume_backed: number;
  readonly request_spec: string;
  readonly nics: string;
  readonly security_group_ids: string;
  /** {@link FlavorPart} as JSON, while a resize waits to be confirmed. */
  readonly old_flavor: string | null;
  readonly old_vm_state: VmState | null;
  readonly rescue_image_id: string | null;
  /** JSON, while it is in rescue. */
  readonly rescue_image_properties: string | null;
  readonly shelved_image_id: string | null;
  readonly guest_password: string | null;
  readonly shelved_at: number | null;
  readonly fault_code: number | null;
  readonly fault_message: string | null;
  readonly fault_details: string | null;
  readonly fault_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly launched_at: number | null;
  readonly terminated_at: number | null;
  readonly deleted_at: number | null;
}

/** libvirt's domain states as nova numbers them (nova/compute/power_state.py). */
export const POWER = {
  nostate: 0,
  running: 1,
  paused: 3,
  shutdown: 4,
  crashed: 6,
  suspended: 7,
} as const;

/** `instance-%08x`, the domain's name and OS-EXT-SRV-ATTR:instance_name. */
export const instanceName = (row: { readonly seq: number }): string =>
  `instance-${row.seq.toString(16).padStart(8, '0')}`;

export const nicsOfRow = (row: ServerRow): readonly RequestedNic[] =>
  JSON.parse(row.nics) as readonly RequestedNic[];

export const tagsOfRow = (row: Pick<ServerRow, 'tags'>): readonly string[] =>
  JSON.parse(row.tags) as readonly string[];

export const metadataOfRow = (row: ServerRow): Readonly<Record<string, string>> =>
  JSON.parse(row.metadata) as Readonly<Record<string, string>>;

export const imagePropertiesOfRow = (row: ServerRow): Readonly<Record<string, string>> =>
  JSON.parse(row.image_properties) as Readonly<Record<string, string>>;

/** What a server has of its flavor. */
export interface FlavorPart {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly ramMib: number;
  readonly diskGib: number;
  readonly ephemeralGib: number;
  readonly swapMib: number;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

export const flavorOfRow = (row: ServerRow): FlavorPart => ({
  id: row.flavor_id,
  name: row.flavor_name,
  vcpus: row.vcpus,
  ramMib: row.ram_mib,
  diskGib: row.disk_gib,
  ephemeralGib: row.ephemeral_gib,
  swapMib: row.swap_mib,
  extraSpecs: JSON.parse(row.extra_specs) as Readonly<Record<string, string>>,
});

export const oldFlavorOfRow = (row: ServerRow): FlavorPart | undefined =>
  row.old_flavor === null ? undefined : (JSON.parse(row.old_flavor) as FlavorPart);

/**
 * What a server of this flavor takes of its host: root, ephemeral and swap disks together, in GiB rounded up. A root disk
 * that is a volume takes nothing there.
 */
export const resourcesOfFlavor = (flavor: FlavorPart, volumeBacked: boolean): Resources => ({
  vcpus: flavor.vcpus,
  ramMib: flavor.ramMib,
  diskGib: (volumeBacked ? 0 : flavor.diskGib) + flavor.ephemeralGib + Math.ceil(flavor.swapMib / 1024),
});

export const resourcesOf = (row: ServerRow): Resources =>
  resourcesOfFlavor(flavorOfRow(row), row.volume_backed === 1);
