import type { VmState } from '../../contract/server-actions.ts';
import { statement, type Db } from '../../db/index.ts';
import type { Secret } from '../../secret.ts';
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
       key_type = @keyType, key_data = @keyData, user_data = @userData, personality = @personality,
       admin_password = @adminPassword, disk_config = @diskConfig, access_ip_v4 = @accessIpV4,
       access_ip_v6 = @accessIpV6, metadata = @metadata, trusted_certs = @trustedCerts, updated_at = @at
     WHERE id = @id AND deleted_at IS NULL`,
  ).run({ id, at, ...changes });
}

export function setRescueImage(db: Db, id: string, imageId: string | null): void {
  statement<[string | null, string]>(
    db,
    'UPDATE server SET rescue_image_id = ? WHERE id = ? AND deleted_at IS NULL',
  ).run(imageId, id);
}

export function setShelvedImage(db: Db, id: string, imageId: string | null): void {
  statement<[string | null, string]>(
    db,
    'UPDATE server SET shelved_image_id = ? WHERE id = ? AND deleted_at IS NULL',
  ).run(imageId, id);
}
