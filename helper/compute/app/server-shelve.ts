import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict } from '../../errors/error.ts';
import { type Caller, requirePolicy } from '../../http/index.ts';
import type { ComputeDeps } from '../deps.ts';
import { serverShelve, serverShelveOffload, serverShelveVolumes } from '../sagas/server-shelve.ts';
import { serverUnshelve, serverUnshelveKept, type ServerUnshelveInput } from '../sagas/server-unshelve.ts';
import { findHost } from '../store/host.ts';
import { firstShelved, shelvedBefore } from '../store/server-change.ts';
import { insertServerAction } from '../store/server-action.ts';
import { POWER, type ServerRow } from '../store/server-row.ts';
import { findServer, setTask } from '../store/server.ts';
import { beginAction, freshServer } from './begin-action.ts';
import type { ServerChanges } from './server-change.ts';
import { requireLegal } from './server-state.ts';
import type { ServerTarget } from './server.ts';

/** Of 2.77 and 2.91. */
export interface UnshelveRequest {
  readonly availability_zone?: string | null;
  readonly host?: string;
}

/** shelve, shelveOffload, unshelve. */
export class ServerShelves {
  readonly #deps: ComputeDeps;
  readonly #changes: ServerChanges;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: ComputeDeps, changes: ServerChanges) {
    this.#deps = deps;
    this.#changes = changes;
  }

  /** Seconds that a shelved server stays on its host; negative: until shelveOffload. */
  get #offloadSeconds(): number {
    return this.#deps.config.shelvedOffloadSeconds ?? 0;
  }

  shelve(caller: Caller, target: ServerTarget): void {
    if (target.row.volume_backed === 1) {
      // Nothing is to be kept: it leaves its host at once.
      beginAction(this.#deps, caller, target.row.id, {
        action: 'shelve',
        task: 'shelving',
        saga: serverShelveVolumes,
        input: (row) => ({ serverId: row.id, running: row.power_state === POWER.running }),
      });
      return;
    }
    const imageId = randomUUID();
    beginAction(this.#deps, caller, target.row.id, {
      action: 'shelve',
      task: 'shelving',
      saga: serverShelve,
      input: (row) => {
        this.#changes.reserveImage(caller, row, imageId, `${row.name.slice(0, 247)}-shelved`, {});
        return {
          serverId: row.id,
          imageId,
          running: row.power_state === POWER.running,
          offload: this.#offloadSeconds === 0,
        };
      },
    });
  }

  offload(caller: Caller, target: ServerTarget): void {
    beginAction(this.#deps, caller, target.row.id, {
      action: 'shelveOffload',
      task: 'shelving_offloading',
      saga: serverShelveOffload,
      input: (row) => ({ serverId: row.id }),
    });
  }

  /** @throws {CloudError} conflict, badRequest, forbidden as nova. */
  unshelve(caller: Caller, target: ServerTarget, request: UnshelveRequest): void {
    const row = freshServer(this.#deps, target.row.id);
    requireLegal('unshelve', row, caller.auth);
    const where = this.#place(caller, row, request);
    beginAction(this.#deps, caller, row.id, {
      action: 'unshelve',
      task: 'unshelving',
      saga: row.vm_state === 'shelved' ? serverUnshelveKept : serverUnshelve,
      input: (fresh): ServerUnshelveInput => {
        const kept = fresh.shelved_image_id !== null || fresh.volume_backed === 1;
        if (fresh.vm_state !== row.vm_state || !kept)
          throw conflict(`Instance ${row.id} changed meanwhile; try again.`);
        return { serverId: row.id, imageId: fresh.shelved_image_id, ...where };
      },
    });
  }

  #place(caller: Caller, row: ServerRow, { availability_zone: zone, host }: UnshelveRequest) {
    const { db, basics } = this.#deps;
    if (zone === undefined && host === undefined) return {};
    if (row.vm_state !== 'shelved_offloaded')
      throw conflict(
        `Specifying an availability zone or a host when unshelving server ${row.id} with status ` +
          `${row.vm_state.toUpperCase()} is not supported. The server status must be SHELVED_OFFLOADED.`,
      );
    if (typeof zone === 'string' && !basics.zones.exists(db, zone))
      throw badRequest('The requested availability zone is not available');
    if (host !== undefined) {
      requirePolicy(caller, 'os_compute_api:os-shelve:unshelve_to_host');
      if (findHost(db, host) === undefined) throw badRequest(`Compute host ${host} could not be found.`);
      const wanted = zone === undefined ? row.requested_zone : zone;
      if (wanted !== null && basics.zones.zoneOf(db, host) !== wanted)
        throw conflict(`Host "${host}" is not in the availability zone "${wanted}".`);
    }
    return { ...(zone === undefined ? {} : { zone }), ...(host === undefined ? {} : { host }) };
  }

  /** Offloads what has been shelved long enough, now and whenever another one has. */
  start(): void {
    if (this.#offloadSeconds <= 0) return;
    this.#deps.sagas.events.on(({ type, resource }) => {
      if (type === 'finished' && resource.type === 'server') this.#plan();
    });
    this.#plan();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #plan(): void {
    const { db, clock } = this.#deps;
    clearTimeout(this.#timer);
    const first = firstShelved(db);
    if (first === null) return;
    const wait = Math.min(Math.max(first + this.#offloadSeconds * 1000 - clock(), 0), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#offloadDue(), wait).unref();
  }

  #offloadDue(): void {
    const { db, clock, sagas } = this.#deps;
    for (const id of shelvedBefore(db, clock() - this.#offloadSeconds * 1000))
      transaction(db, () => {
        const row = findServer(db, id);
        if (row?.vm_state !== 'shelved' || row.task_state !== null) return;
        const at = clock();
        const who = { requestId: `req-${randomUUID()}`, projectId: row.project_id, userId: row.user_id };
        setTask(db, id, 'shelving_offloading', at);
        const operationId = sagas.enqueue(serverShelveOffload, { serverId: id }, who);
        insertServerAction(db, { serverId: id, action: 'shelveOffload', ...who, operationId, at });
      });
  }
}

/** Node's timers take no more than 2^31 - 1 ms; what is due later is planned again. */
const MAX_TIMER_MS = 24 * 3600 * 1000;
