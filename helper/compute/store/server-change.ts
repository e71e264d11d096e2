import type { VmState } from '../../contract/server-actions.ts';
import { statement, type Db } from '../../db/index.ts';
import type { Secret } from '../../secret.ts';
import type { RequestSpec } from '../basics.ts';
import type { FlavorPart, ServerRow } from './server-row.ts';

/** What the larger actions change of a server's row. */

type Named = Readonly<Record<string, string | number | boolean | null | Secret>>;

export function setFlavor(db: Db, id: string, flavor: FlavorPart): void {
  statement<[Named]>(
    db,
    `UPDATE server SET flavor_id = @flavorId, flavor_name = @name, vcpus = @vcpus, ram_mib = @ramMib,
       disk_gib = @diskGib, ephemeral_gib = @ephemeralGib, swap_mib = @swapMib, extra_specs = @extraSpecs
     WHERE id = @id AND deleted_at IS NULL`,
  ).run({
    id,
    flavorId: flavor.id,
    name: flavor.name,
    vcpus: flavor.vcpus,
    ramMib: flavor.ramMib,
    diskGib: flavor.diskGib,
    ephemeralGib: flavor.ephemeralGib,
    swapMib: flavor.swapMib,
    extraSpecs: JSON.stringify(flavor.extraSpecs),
  });
}

/** What a resize comes from, until it is confirmed or reverted; null forgets it. */
export function setOld(
  db: Db,
  id: string,
  old: { readonly flavor: FlavorPart; readonly vmState: VmState } | null,
): void {
  statement<[string | null, string | null, string]>(
    db,
    'UPDATE server SET old_flavor = ?, old_vm_state = ? WHERE id = ? AND deleted_at IS NULL',
  ).run(old === null ? null : JSON.stringify(old.flavor), old?.vmState ?? null, id);
}

export interface ServerImage {
  readonly id: string | null;
  /** JSON. */
  readonly properties: string;
  readonly rootDeviceName: string;
}

export const imageOfRow = (row: ServerRow): ServerImage => ({
  id: row.image_id,
  properties: row.image_properties,
  rootDeviceName: row.root_device_name,
});

export function setImage(db: Db, serverId: string, image: ServerImage): void {
  statement<[Named]>(
    db,
    `UPDATE server SET image_id = @id, image_properties = @properties, root_device_name = @rootDeviceName
     WHERE id = @serverId AND deleted_at IS NULL`,
  ).run({ serverId, ...image });
}

export interface RebuiltServer {
  readonly name: string;
  readonly description: string | null;
  readonly hostname: string;
  readonly keyName: string | null;
  readonly keyType: string | null;
  readonly keyData: string | null;
  readonly userData: Secret | string | null;
  readonly personality: string;
  readonly configDrive: boolean;
  readonly adminPassword: Secret;
  readonly diskConfig: string;
  readonly accessIpV4: string | null;
  readonly accessIpV6: string | null;
  readonly metadata: string;
  readonly trustedCerts: string | null;
}

/** What a rebuild changes beside the image. */
export function setRebuilt(db: Db, id: string, changes: RebuiltServer, at: number): void {
  statement<[Named]>(
    db,
    `UPDATE server SET name = @name, description = @description, hostname = @hostname, key_name = @keyName,
       key_type = @keyType, key_data = @keyData, user_data = @userData, personality = @personality, config_drive = @configDrive,
       admin_password = @adminPassword, disk_config = @diskConfig, access_ip_v4 = @accessIpV4,
       access_ip_v6 = @accessIpV6, metadata = @metadata, trusted_certs = @trustedCerts, updated_at = @at
     WHERE id = @id AND deleted_at IS NULL`,
  ).run({ id, at, ...changes });
}

/** What a server in rescue boots from; null when it is in none. */
export function setRescue(
  db: Db,
  id: string,
  rescue: { readonly imageId: string; readonly properties: string } | null,
): void {
  statement<[string | null, string | null, string]>(
    db,
    `UPDATE server SET rescue_image_id = ?, rescue_image_properties = ?
     WHERE id = ? AND deleted_at IS NULL`,
  ).run(rescue?.imageId ?? null, rescue?.properties ?? null, id);
}

/** For the next config drive; null when it was told. */
export function setAdminPassword(db: Db, id: string, password: Secret | null): void {
  statement<[Named]>(
    db,
    'UPDATE server SET admin_password = @password WHERE id = @id AND deleted_at IS NULL',
  ).run({ id, password });
}

/** The image that a shelved server's disk is in (none for one on a volume), and since when; null when it is shelved no more. */
export function setShelved(
  db: Db,
  id: string,
  shelved: { readonly imageId: string | null; readonly at: number } | null,
): void {
  statement<[string | null, number | null, string]>(
    db,
    'UPDATE server SET shelved_image_id = ?, shelved_at = ? WHERE id = ? AND deleted_at IS NULL',
  ).run(shelved?.imageId ?? null, shelved?.at ?? null, id);
}

export function setRequestSpec(db: Db, id: string, spec: RequestSpec): void {
  statement<[string, string]>(
    db,
    'UPDATE server SET request_spec = ? WHERE id = ? AND deleted_at IS NULL',
  ).run(JSON.stringify(spec), id);
}

export function setRequestedZone(db: Db, id: string, zone: string | null): void {
  statement<[string | null, string]>(
    db,
    'UPDATE server SET requested_zone = ? WHERE id = ? AND deleted_at IS NULL',
  ).run(zone, id);
}

/** Servers that were shelved, are still on a host, and were so before `before`. */
export function shelvedBefore(db: Db, before: number): readonly string[] {
  return statement<[number], { id: string }>(
    db,
    `SELECT id FROM server
     WHERE vm_state = 'shelved' AND task_state IS NULL AND deleted_at IS NULL AND shelved_at <= ?
     ORDER BY shelved_at LIMIT 100`,
  )
    .all(before)
    .map(({ id }) => id);
}

/** Since when the server that was shelved first, and is still on a host, is so. */
export function firstShelved(db: Db): number | null {
  return (
    statement<[], { at: number | null }>(
      db,
      "SELECT min(shelved_at) AS at FROM server WHERE vm_state = 'shelved' AND deleted_at IS NULL",
    ).get()?.at ?? null
  );
}
