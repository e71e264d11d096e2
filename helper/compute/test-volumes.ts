import type { Db } from '../db/index.ts';
import { badRequest, notFound } from '../errors/error.ts';
import type { HostSecret } from '../host/secret/interface.ts';
import type { ComputeVolumes, VolumeFace, VolumeInfo } from '../volume/face.ts';
import { StandInRows } from './test-doubles.ts';

interface Attachment {
  readonly volumeId: string;
  readonly state: string;
}

/** Attachments by id, as rows: a transaction that fails takes them back too. */
class Attachments {
  readonly #rows: StandInRows;

  constructor(db: Db) {
    this.#rows = new StandInRows(db, 'attachment');
  }
  get(id: string): Attachment | undefined {
    const text = this.#rows.get(id);
    return text === undefined ? undefined : (JSON.parse(text) as Attachment);
  }
  set(id: string, attachment: Attachment): void {
    this.#rows.set(id, JSON.stringify(attachment));
  }
  delete(id: string): void {
    this.#rows.delete(id);
  }
  values(): readonly Attachment[] {
    return this.#rows.ids().flatMap((id) => this.get(id) ?? []);
  }
}

const nothing = (): never => {
  throw notFound('There is none.');
};

/** Volumes by their state; a test looks at what compute did with them. */
export class StandInVolumes implements VolumeFace {
  /** No volumes of nobody. */
  readonly proxy: ComputeVolumes = {
    volumes: () => [],
    volume: nothing,
    createVolume: nothing,
    deleteVolume: nothing,
    snapshots: () => [],
    snapshot: nothing,
    createSnapshot: nothing,
    deleteSnapshot: nothing,
  };
  readonly attachments: Attachments;
  /** What compute had made, by id: its status. */
  readonly made: StandInRows;
  readonly terminated: string[] = [];
  /** Multi-attach. */
  readonly shared = new Set<string>();
  /** Larger than others. */
  readonly larger = new Set<string>();
  /** Others use them. */
  readonly taken = new Set<string>();
  /** That can be found; all that are asked for when it is empty. */
  readonly known = new Map<string, Partial<VolumeInfo>>();
  readonly snapshots = new Map<string, { volumeId: string; sizeGib: number }>();
  readonly reimaged: string[] = [];
  /** What becomes of volumes that are made. */
  outcome = 'available';

  constructor(db: Db) {
    this.attachments = new Attachments(db);
    this.made = new StandInRows(db, 'volume');
  }

  get busy(): ReadonlySet<string> {
    return new Set([...this.taken, ...this.attachments.values().map(({ volumeId }) => volumeId)]);
  }

  isMultiattach: VolumeFace['isMultiattach'] = (_auth, volumeId) => this.shared.has(volumeId);
  reserve: VolumeFace['reserve'] = (_auth, { id, volumeId }) => {
    if (this.busy.has(volumeId) && !this.shared.has(volumeId))
      throw badRequest(
        `Invalid volume: volume '${volumeId}' status must be 'available'. Currently in 'in-use'`,
      );
    this.attachments.set(id, { volumeId, state: 'reserved' });
  };
  connect: VolumeFace['connect'] = (id) => this.#become(id, 'attaching');
  disconnect: VolumeFace['disconnect'] = (id) => this.#become(id, 'reserved');
  complete: VolumeFace['complete'] = (id) => this.#become(id, 'attached');
  beginDetach: VolumeFace['beginDetach'] = (id) => this.#become(id, 'detaching');
  rollDetach: VolumeFace['rollDetach'] = (id) => this.#become(id, 'attached');
  release: VolumeFace['release'] = (id) => this.attachments.delete(id);
  disk: VolumeFace['disk'] = (id) => {
    const volumeId = this.attachments.get(id)?.volumeId ?? id;
    return {
      volumeId,
      source: { kind: 'file', path: `/volumes/${volumeId}` },
      format: 'qcow2',
      readOnly: false,
      shareable: this.shared.has(volumeId),
      limits: { total_iops_sec: 100, made_up: 1 },
    };
  };
  /** By attachment. */
  readonly held = new Map<string, HostSecret[]>();
  secrets: VolumeFace['secrets'] = (id) => this.held.get(id) ?? [];
  allSecrets: VolumeFace['allSecrets'] = () =>
    [...this.held.values()].flat().map((secret) => ({ ...secret, settled: true }));
  requireSwappable: VolumeFace['requireSwappable'] = () => undefined;
  beginSwap: VolumeFace['beginSwap'] = (auth, { from, to, volumeId, serverId }) => {
    this.beginDetach(from);
    this.reserve(auth, { id: to, volumeId, serverId });
    return this.larger.has(volumeId) ? 2 ** 31 : null;
  };
  /** From which attachments to which volumes were copied by block storage itself. */
  readonly copies: string[] = [];
  /** Disks that are smaller than their volumes. */
  readonly small = new Set<string>();
  fit: VolumeFace['fit'] = (id) => {
    this.small.add(id);
    return Promise.resolve();
  };
  grow: VolumeFace['grow'] = (id) => {
    this.small.delete(id);
    return Promise.resolve();
  };
  copy: VolumeFace['copy'] = (from, to) => {
    this.copies.push(`${from} ${to}`);
    return Promise.resolve();
  };
  terminate: VolumeFace['terminate'] = (volumeId) => {
    this.terminated.push(volumeId);
    this.made.delete(volumeId);
  };

  find: VolumeFace['find'] = (_auth, id) => {
    const found = this.known.get(id);
    if (found === undefined && this.known.size > 0) throw notFound(`Volume ${id} could not be found.`);
    return { id, sizeGib: 1, bootable: true, description: null, imageMetadata: {}, ...found };
  };
  findSnapshot: VolumeFace['findSnapshot'] = (_auth, id) => {
    const found = this.snapshots.get(id);
    if (found === undefined) throw notFound(`Snapshot ${id} could not be found.`);
    return found;
  };
  hasType: VolumeFace['hasType'] = (_auth, type) => type === 'fast';
  make: VolumeFace['make'] = (_auth, { id, ...volume }) => this.made.set(id, JSON.stringify(volume));
  settled: VolumeFace['settled'] = (_id, _signal, onProgress) => {
    onProgress(0.4, 'copying');
    return Promise.resolve(this.outcome);
  };
  abandon: VolumeFace['abandon'] = (id) => this.made.delete(id);
  snapshot: VolumeFace['snapshot'] = (_auth, { volumeId }) => {
    const id = `99999999-9999-4999-8999-${String(this.snapshots.size + 1).padStart(12, '0')}`;
    this.snapshots.set(id, { volumeId, sizeGib: 1 });
    return id;
  };
  reimage: VolumeFace['reimage'] = (_auth, _volumeId, imageId) => void this.reimaged.push(imageId);
  /** Attachments of volumes that are reached over iSCSI, and those of them that have a target. */
  readonly exporting = new Set<string>();
  readonly exported = new Set<string>();
  isExported: VolumeFace['isExported'] = (id) => this.exporting.has(id);
  exportTo: VolumeFace['exportTo'] = async (id) => void this.exported.add(id);
  endExport: VolumeFace['endExport'] = async (id) => void this.exported.delete(id);

  #become(id: string, state: string): void {
    const found = this.attachments.get(id);
    if (found !== undefined) this.attachments.set(id, { ...found, state });
  }
}
