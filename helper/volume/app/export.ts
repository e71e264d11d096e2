import { randomBytes, randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import type { DiskSource } from '../../host/domain/interface.ts';
import { LUN, type IscsiHost } from '../../host/iscsi/interface.ts';
import type { HostSecret } from '../../host/secret/interface.ts';
import { Secret } from '../../secret.ts';
import { placedVolume, type Drivers } from '../driver/index.ts';
import { findAttachment } from '../store/attachment.ts';
import {
  allExports,
  deleteConnections,
  exportOf,
  exportsOf,
  insertExport,
  setEnded,
  setInitiator,
  type ExportRow,
} from '../store/export.ts';
import { findVolumeRow } from '../store/volume.ts';

const PREFIX = 'iqn.2010-10.org.openstack:';
/** As cinder names targets. */
export const targetName = (volumeId: string): string => `${PREFIX}volume-${volumeId}`;
const guestName = (serverId: string): string => `${PREFIX}guest-${serverId}`;

export interface ExportsOptions {
  readonly db: Db;
  readonly drivers: Drivers;
  readonly iscsi: IscsiHost;
}

/**
 * Volumes of back ends that export by iSCSI. A row says that a user may reach a volume, from reserving to giving back;
 * a volume has a target while it has such rows, and {@link settle} makes that so, however often and from wherever.
 */
export class Exports {
  readonly #options: ExportsOptions;
  #queue: Promise<unknown> = Promise.resolve();
  /** No target was there at the last look, and none was made since. */
  #quiet = false;

  constructor(options: ExportsOptions) {
    this.#options = options;
  }

  /** Whether the volume's back end exports; what came there as qcow2 while it was in use stays a file. SQL only. */
  isExported(volumeId: string): boolean {
    const { db, drivers } = this.#options;
    const volume = findVolumeRow(db, volumeId);
    if (volume === undefined || volume.backend === null || volume.format !== 'raw') return false;
    return drivers.of(volume.backend).backend.export === 'iscsi';
  }

  /** Makes a password for a server that a volume is kept for, whether or not its back end exports. SQL only. */
  grantGuest(volumeId: string, attachmentId: string, serverId: string): void {
    insertExport(this.#options.db, grant(volumeId, attachmentId, guestName(serverId)));
  }

  /** The same for a host of a client's own. SQL only. */
  grantClient(volumeId: string, attachmentId: string | null, initiator: string | null): ExportRow {
    const { db } = this.#options;
    const there = attachmentId === null ? undefined : exportOf(db, attachmentId);
    if (there !== undefined) {
      setInitiator(db, there.id, initiator);
      return { ...there, initiator };
    }
    if (attachmentId === null) deleteConnections(db, volumeId, initiator);
    const row = grant(volumeId, attachmentId, initiator);
    insertExport(db, row);
    return row;
  }

  /** Whether os-initialize_connection gave somebody a way to the volume. SQL only. */
  hasClients(volumeId: string): boolean {
    return exportsOf(this.#options.db, volumeId).some(({ attachment_id: id }) => id === null);
  }

  /** os-terminate_connection. SQL only. */
  forgetClient(volumeId: string, initiator: string | null): void {
    deleteConnections(this.#options.db, volumeId, initiator);
  }

  /** Whether giving an attachment back leaves a target to look after. SQL only. */
  leavesTarget(attachmentId: string): boolean {
    const row = exportOf(this.#options.db, attachmentId);
    return row !== undefined && row.ended === 0 && this.isExported(row.volume_id);
  }

  /** The server that has the volume is on no host for now: {@link begin} lets it in again. SQL only. */
  pause(attachmentId: string): void {
    setEnded(this.#options.db, attachmentId, true);
  }

  /** How a guest reaches its volume; undefined when that is not by iSCSI. SQL only. */
  source(attachmentId: string): DiskSource | undefined {
    const { db, iscsi } = this.#options;
    const row = exportOf(db, attachmentId);
    if (row === undefined || !this.isExported(row.volume_id)) return undefined;
    return {
      kind: 'iscsi',
      ...iscsi.portal,
      iqn: targetName(row.volume_id),
      lun: LUN,
      initiator: row.initiator ?? '',
      chap: { user: row.chap_user, secretId: row.secret_id },
    };
  }

  /** What the hypervisor must know for it. SQL only. */
  secrets(attachmentId: string): readonly HostSecret[] {
    const row = exportOf(this.#options.db, attachmentId);
    return row === undefined || !this.isExported(row.volume_id) ? [] : [secretOf(row)];
  }

  /** Those of all attachments; `settled` where no attach or detach is under way. SQL only. */
  allSecrets(): readonly (HostSecret & { readonly settled: boolean })[] {
    const { db } = this.#options;
    return allExports(db)
      .filter((row) => row.attachment_id !== null && this.isExported(row.volume_id))
      .map((row) => ({
        ...secretOf(row),
        settled: findAttachment(db, row.attachment_id ?? '')?.attach_status === 'attached',
      }));
  }

  /** What a client needs to log in, by cinder's names. @param row as {@link grantClient} gave it. */
  connection(row: ExportRow, more: { readonly readOnly: boolean }): Readonly<Record<string, unknown>> {
    const { host, port } = this.#options.iscsi.portal;
    return {
      target_discovered: false,
      target_portal: `${host}:${port}`,
      target_iqn: targetName(row.volume_id),
      target_lun: LUN,
      volume_id: row.volume_id,
      auth_method: 'CHAP',
      auth_username: row.chap_user,
      auth_password: row.chap_password,
      access_mode: more.readOnly ? 'ro' : 'rw',
      encrypted: false,
      qos_specs: null,
      cacheable: false,
    };
  }

  /** What a client of an attachment needs; undefined when it is not reached by iSCSI. SQL only. */
  connectionOf(attachmentId: string, more: { readonly readOnly: boolean }) {
    const row = exportOf(this.#options.db, attachmentId);
    return row === undefined || !this.isExported(row.volume_id) ? undefined : this.connection(row, more);
  }

  /** The user may reach the volume (again). */
  async begin(attachmentId: string): Promise<void> {
    await this.#change(attachmentId, false);
  }

  /** The user has let go of the volume. */
  async end(attachmentId: string): Promise<void> {
    await this.#change(attachmentId, true);
  }

  async #change(attachmentId: string, ended: boolean): Promise<void> {
    const { db } = this.#options;
    const row = exportOf(db, attachmentId);
    if (row === undefined) return;
    transaction(db, () => setEnded(db, attachmentId, ended));
    await this.settle(row.volume_id);
  }

  /** Makes the volume's target, with those in it that may reach it now; without any there is none. */
  settle(volumeId: string): Promise<void> {
    return this.#serial(async () => {
      const { db, drivers, iscsi } = this.#options;
      const rows = exportsOf(db, volumeId);
      const volume = findVolumeRow(db, volumeId);
      const backend = volume?.backend ?? null;
      if (volume === undefined || backend === null || rows.length === 0 || !this.isExported(volumeId))
        return iscsi.remove(targetName(volumeId));
      this.#quiet = false;
      return iscsi.ensure({
        iqn: targetName(volumeId),
        path: drivers.local(placedVolume(backend, volumeId)).path,
        accounts: rows.map((row) => ({
          user: row.chap_user,
          password: new Secret(row.chap_password),
          initiator: row.initiator,
        })),
      });
    });
  }

  /** Ends a volume's target, whoever may still reach it: the volume goes. */
  remove(volumeId: string): Promise<void> {
    return this.#serial(() => this.#options.iscsi.remove(targetName(volumeId)));
  }

  /** Lets initiators see that a volume has become larger. Its guests are paused meanwhile. */
  grow(volumeId: string): Promise<void> {
    return this.#serial(() => this.#options.iscsi.grow(targetName(volumeId)));
  }

  /**
   * Makes all targets that there should be, and takes away others: after the daemon's or the host's end.
   * @returns volumes whose targets were not there.
   */
  async reconcile(): Promise<readonly string[]> {
    const { db, iscsi } = this.#options;
    // A volume that is only reserved has a target when its user comes for it.
    const wanted = [
      ...new Set(
        allExports(db)
          .filter(({ ended, attachment_id: id }) => ended === 0 && (id === null || connected(db, id)))
          .map(({ volume_id }) => volume_id)
          .filter((id) => this.isExported(id)),
      ),
    ];
    if (wanted.length === 0 && this.#quiet) return [];
    const names = new Set((await iscsi.list()).filter(({ path }) => path !== null).map(({ iqn }) => iqn));
    const missing = wanted.filter((id) => !names.has(targetName(id)));
    for (const id of missing) await this.settle(id);
    for (const name of names) {
      const id = name.slice(targetName('').length);
      if (exportsOf(db, id).length === 0 || !this.isExported(id)) await this.settle(id);
    }
    this.#quiet = names.size === 0 && missing.length === 0;
    return missing;
  }

  /** In turn, each with the rows as they are then, so that the last one leaves what is so. */
  #serial<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

const connected = (db: Db, attachmentId: string): boolean =>
  findAttachment(db, attachmentId)?.attach_status !== 'reserved';

function grant(volumeId: string, attachmentId: string | null, initiator: string | null): ExportRow {
  return {
    id: attachmentId ?? randomUUID(),
    volume_id: volumeId,
    attachment_id: attachmentId,
    initiator,
    chap_user: randomBytes(10).toString('hex'),
    // Initiators want 12 to 16 characters (RFC 7143, 9.2.1: at least 96 bits).
    chap_password: randomBytes(12).toString('base64url'),
    secret_id: randomUUID(),
    ended: 0,
  };
}

const secretOf = (row: ExportRow): HostSecret => ({
  id: row.secret_id,
  use: 'iscsi',
  value: new Secret(row.chap_password),
});
