import { transaction, type Db } from '../db/index.ts';
import { listOperations, type SagaEngine } from '../saga/index.ts';
import type { PowerState } from '../host/domain/interface.ts';
import { serverRecover } from './sagas/server-power.ts';
import { POWER } from './store/server-row.ts';
import { findServer, serverExists, settle } from './store/server.ts';
import { bootOf, powersOnHost, setBoot, type PowerRow } from './store/server-power.ts';

/** What was done about a server whose domain is not as its row says. */
export type PowerChange = 'state' | 'recovery';

/** What the power-state loop may ask of compute and tell it. */
export interface ServerPower {
  /** True when there is a row of this id that is not deleted. */
  known(serverId: string): boolean;
  /** True when an operation is open for the server: it will settle the state itself. */
  busy(serverId: string): boolean;
  /** Calls back whenever an operation on a server has ended, with the server's id. */
  onOperationEnd(listener: (serverId: string) => void): () => void;
  /** True when the host was booted since states were last compared, as {@link noteBoot} remembers. */
  rebooted(): boolean;
  noteBoot(): void;
  /**
   * Compares all servers of this host with its domains; those with an open operation are left alone.
   * @param rebooted the host was booted since the last look: what ran before runs again.
   * @returns what was changed, by server, for the log.
   */
  observeAll(powers: ReadonlyMap<string, PowerState>, rebooted: boolean): ReadonlyMap<string, PowerChange>;
  /** As {@link observeAll} for one server; `power` is undefined when it has no domain. */
  observe(serverId: string, power: PowerState | undefined): PowerChange | undefined;
}

const VM_STATE_OF: Partial<Record<PowerState, PowerRow['vm_state']>> = {
  running: 'active',
  paused: 'paused',
  shutdown: 'stopped',
  crashed: 'stopped',
};

/** States in which a server's power follows from its domain; in others an operation or its owner decides. */
const FOLLOWED: ReadonlySet<string> = new Set(['active', 'paused', 'stopped']);

/** What is to be done about a server; undefined when all is as it should be. */
function needed(
  row: PowerRow,
  power: PowerState | undefined,
  rebooted: boolean,
):
  | { readonly recover: true }
  | { readonly vmState: PowerRow['vm_state']; readonly power: number }
  | undefined {
  if (row.task_state !== null) return undefined;
  const runs = power === 'running' || power === 'paused';
  const shouldRun = row.vm_state === 'active' || row.vm_state === 'rescued';
  if (shouldRun && !runs && (rebooted || power === undefined)) return { recover: true };
  if (!FOLLOWED.has(row.vm_state)) return undefined;
  // A stopped server whose domain is not there starts from a new definition when it is started.
  const seen: PowerState = power ?? 'shutdown';
  const vmState = VM_STATE_OF[seen];
  if (vmState === undefined || (vmState === row.vm_state && POWER[seen] === row.power_state))
    return undefined;
  return { vmState, power: POWER[seen] };
}

export function serverPower(deps: {
  readonly db: Db;
  readonly sagas: SagaEngine;
  readonly clock: () => number;
  readonly config: { readonly hostName: string; readonly bootId: string };
}): ServerPower {
  const { db, sagas, clock, config } = deps;

  const busy = (serverId: string): boolean => {
    const [newest] = listOperations(db, { resource: { type: 'server', id: serverId }, limit: 1 });
    return newest !== undefined && newest.finishedAt === null;
  };

  const observe = (
    serverId: string,
    power: PowerState | undefined,
    rebooted: boolean,
  ): PowerChange | undefined =>
    transaction(db, () => {
      const row = findServer(db, serverId);
      if (row === undefined || busy(serverId)) return undefined;
      const need = needed(row, power, rebooted);
      if (need === undefined) return undefined;
      if ('recover' in need) {
        sagas.enqueue(serverRecover, { serverId }, { projectId: row.project_id });
        return 'recovery';
      }
      settle(db, serverId, { ...need, at: clock() });
      return 'state';
    });

  return {
    busy,
    known: (serverId) => serverExists(db, serverId),
    onOperationEnd: (listener) =>
      sagas.events.on(({ type, resource }) => {
        const ended = type === 'finished' || type === 'failed' || type === 'cancelled';
        if (ended && resource.type === 'server') listener(resource.id);
      }),
    rebooted: () => {
      const last = bootOf(db, config.hostName);
      return last !== undefined && last !== config.bootId;
    },
    noteBoot: () => {
      if (bootOf(db, config.hostName) !== config.bootId) setBoot(db, config.hostName, config.bootId);
    },
    observe: (serverId, power) => observe(serverId, power, false),
    observeAll: (powers, rebooted) => {
      const changes = new Map<string, PowerChange>();
      for (const row of powersOnHost(db, config.hostName)) {
        const power = powers.get(row.id);
        if (needed(row, power, rebooted) === undefined) continue;
        const change = observe(row.id, power, rebooted);
        if (change !== undefined) changes.set(row.id, change);
      }
      return changes;
    },
  };
}
