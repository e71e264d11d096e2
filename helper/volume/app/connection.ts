import { transaction } from '../../db/index.ts';
import { badRequest, conflict } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import { placedVolume } from '../driver/index.ts';
import { volumeExport, volumeUnexport } from '../sagas/volume-export.ts';
import type { AttachmentRow } from '../store/attachment.ts';
import { findVolumeRow, type VolumeRow } from '../store/volume.ts';
import type { VolumeContext } from './context.ts';
import type { Volumes } from './volume.ts';

/** What os-brick's connectors ask for, and cinder's drivers answer: a kind, and data of that kind. */
export interface ConnectionInfo {
  readonly driver_volume_type: 'iscsi' | 'local';
  readonly data: Readonly<Record<string, unknown>>;
}

const text = (connector: object, key: string): string | null => {
  const value = (connector as Record<string, unknown>)[key];
  return typeof value === 'string' && value !== '' && value.length <= 255 ? value : null;
};

/** Connections of hosts that attach volumes themselves, as compute services of old and clients with os-brick do. */
export class Connections {
  readonly #context: VolumeContext;
  readonly #volumes: Volumes;

  constructor(context: VolumeContext, volumes: Volumes) {
    this.#context = context;
    this.#volumes = volumes;
  }

  /**
   * Lets the initiator of an attachment's connector in, in the caller's transaction; {@link ready} has to follow.
   * @throws {CloudError} badRequest when the host cannot reach the volume, or its initiator's name is none.
   */
  grant(row: AttachmentRow, connector: object): void {
    const { exports } = this.#context;
    if (exports.isExported(row.volume_id)) exports.grantClient(row.volume_id, row.id, initiatorOf(connector));
    else this.#mustBeHere(row.volume_id, connector);
  }

  /** Waits for the volume's target. @throws {CloudError} conflict with why it could not be made. */
  async ready(volumeId: string): Promise<void> {
    const { db, sagas, exports } = this.#context;
    if (!exports.isExported(volumeId)) return;
    const operation = transaction(db, () => sagas.enqueue(volumeExport, { volumeId }));
    const done = await sagas.wait(operation);
    if (done.state !== 'succeeded')
      throw conflict(`Volume ${volumeId} could not be exported: ${done.error?.message ?? done.state}`);
  }

  /** os-initialize_connection. */
  async initialize(caller: Caller, volumeId: string, connector: object): Promise<ConnectionInfo> {
    const { db, exports } = this.#context;
    const { volume, data } = transaction(db, () => {
      const found = this.#volumes.get(caller.auth, volumeId);
      if (found.backend === null) throw badRequest(`Invalid volume: volume ${volumeId} has no disk yet.`);
      const readOnly = found.readonly === 1;
      if (!exports.isExported(volumeId)) {
        this.#mustBeHere(volumeId, connector);
        return { volume: found, data: undefined };
      }
      const row = exports.grantClient(volumeId, null, initiatorOf(connector));
      return { volume: found, data: exports.connection(row, { readOnly }) };
    });
    if (data === undefined)
      return { driver_volume_type: 'local', data: this.#local(volume, volume.readonly === 1) };
    await this.ready(volumeId);
    return { driver_volume_type: 'iscsi', data };
  }

  /** os-terminate_connection: the initiator is let in no more. Idempotent, as cinder has it. */
  async terminate(caller: Caller, volumeId: string, connector: object): Promise<void> {
    const { db, exports, sagas } = this.#context;
    const operation = transaction(db, () => {
      this.#volumes.get(caller.auth, volumeId);
      if (!exports.isExported(volumeId)) return undefined;
      exports.forgetClient(volumeId, initiatorOf(connector));
      return sagas.enqueue(volumeUnexport, { volumeId });
    });
    if (operation !== undefined) await sagas.wait(operation);
  }

  /**
   * An attachment's connection_info: cinder's data with the kind beside it. Of servers of this cloud nothing is said.
   * @param password false for those who may look at the attachment, and not use it.
   */
  infoOf(row: AttachmentRow, password: boolean): Readonly<Record<string, unknown>> {
    const { exports, db } = this.#context;
    if (row.connector === null) return {};
    const more = { attachment_id: row.id, volume_id: row.volume_id };
    const readOnly = row.attach_mode === 'ro';
    const data = exports.connectionOf(row.id, { readOnly });
    if (data !== undefined) {
      const { auth_password, ...open } = data;
      return { driver_volume_type: 'iscsi', ...open, ...(password ? { auth_password } : {}), ...more };
    }
    const volume = findVolumeRow(db, row.volume_id);
    return {
      driver_volume_type: 'local',
      ...(volume === undefined ? {} : this.#local(volume, readOnly)),
      ...more,
    };
  }

  /** What os-brick's local connector opens. */
  #local(volume: Pick<VolumeRow, 'id' | 'backend'>, readOnly: boolean): Readonly<Record<string, unknown>> {
    if (volume.backend === null) return {};
    const { path, format } = this.#context.drivers.local(placedVolume(volume.backend, volume.id));
    return {
      device_path: path,
      format,
      volume_id: volume.id,
      access_mode: readOnly ? 'ro' : 'rw',
      encrypted: false,
      qos_specs: null,
    };
  }

  /** @throws {CloudError} badRequest for another host: it would look for a file that it has not. */
  #mustBeHere(volumeId: string, connector: object): void {
    const host = text(connector, 'host');
    const here = this.#context.config.hostName;
    if (host !== null && host !== here)
      throw badRequest(
        `Invalid input received: Volume ${volumeId} is a file of the host ${here}, which ${host} cannot reach. Use a volume type whose back end exports by iSCSI (volume.backends, export: iscsi).`,
      );
  }
}

/** @throws {CloudError} badRequest for a name that no initiator has (RFC 3720, 3.2.6). */
function initiatorOf(connector: object): string | null {
  const name = text(connector, 'initiator');
  if (name !== null && !/^(iqn|eui|naa)\.[A-Za-z0-9.:-]{1,219}$/.test(name))
    throw badRequest(`Invalid input received: '${name.slice(0, 80)}' is no iSCSI initiator's name.`);
  return name;
}
