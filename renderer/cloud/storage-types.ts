/** Resources of block storage 3.70 as its API shows them: the attributes that the window reads. */

export interface Volume {
  readonly id: string;
  /** '' or null where it has none. */
  readonly name: string | null;
  readonly description: string | null;
  readonly status: string;
  /** GiB */
  readonly size: number;
  readonly volume_type: string | null;
  readonly volume_type_id: string;
  readonly availability_zone: string;
  readonly created_at: string;
  readonly updated_at: string | null;
  readonly snapshot_id: string | null;
  readonly source_volid: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly bootable: 'true' | 'false';
  readonly encrypted: boolean;
  readonly multiattach: boolean;
  readonly group_id: string | null;
  readonly attachments: readonly VolumeAttachment[];
  readonly volume_image_metadata?: Readonly<Record<string, string>>;
  readonly 'os-vol-tenant-attr:tenant_id': string;
  /** For administrators only: host, back end and pool, as 'desk@file#file'. */
  readonly 'os-vol-host-attr:host'?: string | null;
}

export interface VolumeAttachment {
  readonly attachment_id: string;
  readonly server_id: string | null;
  readonly device: string | null;
  readonly attached_at: string | null;
}

export interface VolumeSnapshot {
  readonly id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly volume_id: string;
  readonly status: string;
  /** GiB, of the volume. */
  readonly size: number;
  readonly created_at: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly 'os-extended-snapshot-attributes:project_id': string;
}

export interface VolumeType {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly is_public: boolean;
  readonly qos_specs_id?: string | null;
  readonly extra_specs?: Readonly<Record<string, string>>;
}

export interface QosSpecs {
  readonly id: string;
  readonly name: string;
  readonly consumer: 'front-end' | 'back-end' | 'both';
  readonly specs: Readonly<Record<string, string>>;
}

/** An offer of a volume to whoever has its key. */
export interface VolumeTransfer {
  readonly id: string;
  readonly name: string | null;
  readonly volume_id: string;
  readonly created_at: string;
  /** Only in the answer that made it. */
  readonly auth_key?: string;
}

/** A volume of a server, as compute 2.93 shows it. */
export interface ServerVolume {
  readonly volumeId: string;
  readonly serverId: string;
  readonly device: string;
  readonly tag: string | null;
  readonly delete_on_termination: boolean;
}

export interface VolumeBackup {
  readonly id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly status: string;
  /** GiB, of the volume. */
  readonly size: number;
  readonly volume_id: string;
  readonly snapshot_id: string | null;
  readonly container: string;
  readonly is_incremental: boolean;
  readonly has_dependent_backups: boolean;
  readonly fail_reason: string | null;
  readonly created_at: string;
  /** As of when its data is. */
  readonly data_timestamp: string;
  readonly 'os-backup-project-attr:project_id'?: string;
}

/** What another cloud needs to know a backup whose data it has. */
export interface BackupRecord {
  readonly backup_service: string;
  readonly backup_url: string;
}

/** Volumes that are snapshotted, copied and deleted together; the volumes name their group (`group_id`). */
export interface VolumeGroup {
  readonly id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly status: string;
  readonly group_type: string;
  /** Ids of the types that its volumes may have. */
  readonly volume_types: readonly string[];
  readonly created_at: string;
  readonly group_snapshot_id: string | null;
  readonly source_group_id: string | null;
}

export interface VolumeGroupSnapshot {
  readonly id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly status: string;
  readonly group_id: string;
  readonly created_at: string;
}

export interface GroupType {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly is_public: boolean;
  readonly group_specs?: Readonly<Record<string, string | null>>;
}

/** A disk on a back end, whoever made it. */
export interface ManageableDisk {
  readonly reference: { readonly 'source-name': string };
  /** GiB */
  readonly size: number;
  readonly safe_to_manage: boolean;
  readonly reason_not_safe: string | null;
  /** Of the volume that it is the disk of. */
  readonly cinder_id: string | null;
}
