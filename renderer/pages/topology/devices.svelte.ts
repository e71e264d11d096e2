import { onDestroy } from 'svelte';
import type { DeviceLook, DeviceQuestion, NetworkDevices } from '../../../helper/contract/devices.ts';
import { Api } from '../../cloud/api.ts';
import { problemOf, type Problem } from '../../cloud/errors.ts';
import { onEvent } from '../../shell/events.ts';

const api = new Api(null);
const GATHER_MS = 500;
const KINDS: ReadonlySet<string> = new Set([
  'network',
  'subnet',
  'port',
  'router',
  'server',
  'floatingip',
  'security_group',
]);
/** An operation's end is when the host has what it made. */
const ENDS: ReadonlySet<string> = new Set(['finished', 'failed', 'connected']);

/** The host's network devices, read when shown and again after what changes them; never by the clock. */
class Devices {
  report: NetworkDevices | undefined = $state.raw(undefined);
  problem: Problem | undefined = $state.raw(undefined);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = false;
  readonly #stop: () => void;

  constructor() {
    this.#stop = onEvent((event) => {
      if (!this.#wanted) return;
      if (ENDS.has(event.type) || (event.type === 'changed' && KINDS.has(event.kind)))
        this.#timer ??= setTimeout(() => void this.read(), GATHER_MS);
    });
  }

  /** Begins to keep it current. */
  want(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    void this.read();
  }

  async read(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.report = await api.get<NetworkDevices>('deskcloud', '/network/devices');
      this.problem = undefined;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stop();
  }
}

/** For as long as this component is there. */
export function useDevices(): Devices {
  const devices = new Devices();
  onDestroy(() => devices.close());
  return devices;
}

/** What a terminal would show of a thing now. @throws {ApiError} 404 when the host has no such thing */
export async function look(question: DeviceQuestion): Promise<readonly DeviceLook[]> {
  const query = new URLSearchParams({
    kind: question.kind,
    name: question.kind === 'filter' ? question.portId : question.name,
    ...('namespace' in question && question.namespace !== null ? { namespace: question.namespace } : {}),
  });
  return (await api.get<{ looks: readonly DeviceLook[] }>('deskcloud', `/network/look?${query}`)).looks;
}
