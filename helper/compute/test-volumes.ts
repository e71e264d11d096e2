import { badRequest } from '../errors/error.ts';
import type { HostSecret } from '../host/secret/interface.ts';
import type { VolumeFace } from '../volume/face.ts';

/** Volumes by their state; a test looks at what compute did with them. */
export class StandInVolumes implements VolumeFace {
  /** By attachment. */
  readonly attachments = new Map<string, { volumeId: string; state: string }>();
  readonly terminated: string[] = [];
  /** Not free. */
  readonly busy = new Set<string>();

  reserve: VolumeFace['reserve'] = (_auth, { id, volumeId }) => {
    if (this.busy.has(volumeId))
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
      limits: { total_iops_sec: 100, made_up: 1 },
    };
  };
  /** By attachment. */
  readonly held = new Map<string, HostSecret[]>();
  secrets: VolumeFace['secrets'] = (id) => this.held.get(id) ?? [];
  allSecrets: VolumeFace['allSecrets'] = () =>
    [...this.held.values()].flat().map((secret) => ({ ...secret, settled: true }));
  terminate: VolumeFace['terminate'] = (volumeId) => void this.terminated.push(volumeId);

  #become(id: string, state: string): void {
    const found = this.attachments.get(id);
    if (found !== undefined) this.attachments.set(id, { ...found, state });
  }
}
