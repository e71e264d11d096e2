import { badRequest } from '../errors/error.ts';
import type { HostSecret } from '../host/secret/interface.ts';
import type { VolumeFace } from '../volume/face.ts';

/** Volumes by their state; a test looks at what compute did with them. */
export class StandInVolumes implements VolumeFace {
  /** By attachment. */
  readonly attachments = new Map<string, { volumeId: string; state: string }>();
  readonly terminated: string[] = [];
  /** Multi-attach. */
  readonly shared = new Set<string>();
  /** Larger than others. */
  readonly larger = new Set<string>();
  /** Not free. */
  readonly busy = new Set<string>();

  isMultiattach: VolumeFace['isMultiattach'] = (_auth, volumeId) => this.shared.has(volumeId);
  reserve: VolumeFace['reserve'] = (_auth, { id, volumeId }) => {
    if (this.busy.has(volumeId) && !this.shared.has(volumeId))
      throw badRequest(
        `Invalid volume: volume '${volumeId}' status must be 'available'. Currently in 'in-use'`,
      );
    this.busy.add(volumeId);
    this.attachments.set(id, { volumeId, state: 'reserved' });
  };
  connect: VolumeFace['connect'] = (id) => this.#become(id, 'attaching');
  complete: VolumeFace['complete'] = (id) => this.#become(id, 'attached');
  beginDetach: VolumeFace['beginDetach'] = (id) => this.#become(id, 'detaching');
  rollDetach: VolumeFace['rollDetach'] = (id) => this.#become(id, 'attached');
  release: VolumeFace['release'] = (id) => {
    const found = this.attachments.get(id);
    if (found !== undefined) this.busy.delete(found.volumeId);
    this.attachments.delete(id);
  };
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
  copy: VolumeFace['copy'] = (from, to) => {
    this.copies.push(`${from} ${to}`);
    return Promise.resolve();
  };
  terminate: VolumeFace['terminate'] = (volumeId) => void this.terminated.push(volumeId);

  #become(id: string, state: string): void {
    const found = this.attachments.get(id);
    if (found !== undefined) this.attachments.set(id, { ...found, state });
  }
}
