import {
  illegal,
  type ServerAction,
  type TaskState,
  type VmState,
} from '../../../helper/contract/server-actions.ts';
import type { Api } from '../../cloud/api.ts';
import type { Server } from '../../cloud/types.ts';
import { m } from '../../i18n/index.svelte.ts';

/** What a button of the window can do to a server by itself, and the body by which compute is asked for it. */
const BODIES = {
  start: { 'os-start': null },
  stop: { 'os-stop': null },
  'reboot soft': { reboot: { type: 'SOFT' } },
  'reboot hard': { reboot: { type: 'HARD' } },
  pause: { pause: null },
  unpause: { unpause: null },
  suspend: { suspend: null },
  resume: { resume: null },
  shelve: { shelve: null },
  unshelve: { unshelve: null },
  unrescue: { unrescue: null },
  confirmResize: { confirmResize: null },
  revertResize: { revertResize: null },
  lock: { lock: null },
  unlock: { unlock: null },
  shelveOffload: { shelveOffload: null },
  migrate: { migrate: null },
} as const satisfies Partial<Record<ServerAction, object>>;

export type PlainAction = keyof typeof BODIES;

/** Why an action is not legal now, in words; undefined when it is. The same table as compute's. */
export function whyNot(action: ServerAction, server: Server): string | undefined {
  const reason = illegal(action, {
    vmState: server['OS-EXT-STS:vm_state'] as VmState,
    taskState: server['OS-EXT-STS:task_state'] as TaskState | null,
    locked: server.locked,
    launched: server['OS-SRV-USG:launched_at'] !== null,
  });
  if (reason === undefined) return undefined;
  const words = m().servers.illegal;
  switch (reason.reason) {
    case 'locked':
      return words.locked;
    case 'vm_state':
      return words.vm_state(reason.state);
    case 'task_state':
      return words.task_state(reason.state ?? '');
    case 'launched_at':
      return words.launched_at;
  }
}

/** Asks compute for a plain action; it goes on when this resolves. */
export const act = (api: Api, server: Server, action: PlainAction): Promise<unknown> =>
  api.post('compute', `/servers/${server.id}/action`, BODIES[action]);

/** The addresses of a server: floating ones first, for they are what a person uses, and IPv6's long ones last. */
export function addressesOf(
  server: Server,
): readonly { address: string; floating: boolean; network: string }[] {
  return Object.entries(server.addresses)
    .flatMap(([network, addresses]) =>
      addresses.map((one) => ({
        address: one.addr,
        floating: one['OS-EXT-IPS:type'] === 'floating',
        network,
      })),
    )
    .sort(
      (a, b) =>
        Number(b.floating) - Number(a.floating) ||
        Number(a.address.includes(':')) - Number(b.address.includes(':')),
    );
}
