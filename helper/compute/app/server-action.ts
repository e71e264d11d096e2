import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import type { StatePath } from '../../host/files/interface.ts';
import { type Caller, requirePolicy } from '../../http/index.ts';
import type { ConsoleType, ComputeDeps } from '../deps.ts';
import { serverDelete } from '../sagas/server-delete.ts';
import {
  serverPause,
  serverReboot,
  serverResume,
  serverStart,
  serverStop,
  serverSuspend,
  serverUnpause,
  type ServerPowerInput,
} from '../sagas/server-power.ts';
import { insertServerAction } from '../store/server-action.ts';
import type { ServerRow } from '../store/server-row.ts';
import { resetState, setDeleting, setLock } from '../store/server.ts';
import { beginAction, freshServer, requireHost, whoOf, type ActionBegin } from './begin-action.ts';
import type { ServerTarget } from './server.ts';
import { requireLegal } from './server-state.ts';

/** As nova's limit of a console's output. */
const MAX_CONSOLE_BYTES = 102_400;

/** What is done to servers by POST /servers/{id}/action, and DELETE. */
export class ServerActions {
  readonly #deps: ComputeDeps;

  constructor(deps: ComputeDeps) {
    this.#deps = deps;
  }

  start(caller: Caller, target: ServerTarget): void {
    this.#begin(caller, target, {
      action: 'start',
      task: 'powering-on',
      saga: serverStart,
      input: { serverId: target.row.id },
    });
  }

  stop(caller: Caller, target: ServerTarget): void {
    this.#begin(caller, target, {
      action: 'stop',
      task: 'powering-off',
      saga: serverStop,
      input: { serverId: target.row.id },
    });
  }

  reboot(caller: Caller, target: ServerTarget, hard: boolean): void {
    this.#begin(caller, target, {
      action: hard ? 'reboot hard' : 'reboot soft',
      name: 'reboot',
      task: hard ? 'rebooting_hard' : 'rebooting',
      saga: serverReboot,
      input: { serverId: target.row.id, hard },
    });
  }

  pause(caller: Caller, target: ServerTarget): void {
    this.#begin(caller, target, {
      action: 'pause',
      task: 'pausing',
      saga: serverPause,
      input: { serverId: target.row.id },
    });
  }

  unpause(caller: Caller, target: ServerTarget): void {
    this.#begin(caller, target, {
      action: 'unpause',
      task: 'unpausing',
      saga: serverUnpause,
      input: { serverId: target.row.id },
    });
  }

  suspend(caller: Caller, target: ServerTarget): void {
    this.#begin(caller, target, {
      action: 'suspend',
      task: 'suspending',
      saga: serverSuspend,
      input: { serverId: target.row.id },
    });
  }

  resume(caller: Caller, target: ServerTarget): void {
    this.#begin(caller, target, {
      action: 'resume',
      task: 'resuming',
      saga: serverResume,
      input: { serverId: target.row.id },
    });
  }

  /** Cancels what is under way for the server, and queues its removal. Twice is once. */
  delete(caller: Caller, target: ServerTarget): void {
    const { db, sagas, clock, consoles } = this.#deps;
    transaction(db, () => {
      const row = freshServer(this.#deps, target.row.id);
      requireLegal('delete', row, caller.auth);
      if (row.task_state === 'deleting') return;
      const at = clock();
      setDeleting(db, row.id, at);
      const who = whoOf(caller, row);
      const operationId = sagas.enqueue(
        serverDelete,
        { serverId: row.id },
        { ...who, cancels: { type: 'server', id: row.id } },
      );
      insertServerAction(db, { serverId: row.id, action: 'delete', ...who, operationId, at });
      consoles.revoke(row.id);
    });
  }

  lock(caller: Caller, target: ServerTarget, reason: string | null): void {
    const by = target.project_id === caller.auth.projectId ? 'owner' : 'admin';
    this.#atOnce(caller, target, 'lock', (row, at) => setLock(this.#deps.db, row.id, by, reason, at));
  }

  /** A lock of an administrator's is not the owner's to open. */
  unlock(caller: Caller, target: ServerTarget): void {
    const expected = target.project_id === caller.auth.projectId ? 'owner' : 'admin';
    const { locked_by: by } = target.row;
    if (by !== null && by !== expected)
      requirePolicy(caller, 'os_compute_api:os-lock-server:unlock:unlock_override');
    this.#atOnce(caller, target, 'unlock', (row, at) => setLock(this.#deps.db, row.id, null, null, at));
  }

  resetState(target: ServerTarget, state: 'active' | 'error'): void {
    resetState(this.#deps.db, target.row.id, state, this.#deps.clock());
  }

  /** The end of the serial console's log, at most so many lines. */
  async consoleOutput(target: ServerTarget, lines: number | undefined): Promise<string> {
    const { row } = target;
    requireHost(row);
    const text = await this.#consoleLog(row.id);
    if (lines === undefined || lines < 0) return text;
    if (lines === 0) return '';
    // As nova's, the answer has no more than so many parts between line ends: the last line comes without its own.
    return text.replace(/\n$/, '').split('\n').slice(-lines).join('\n');
  }

  async #consoleLog(serverId: string): Promise<string> {
    const newest = await this.#tail(['instances', serverId, 'console.log'], MAX_CONSOLE_BYTES);
    // virtlogd begins a new file when one is full; right after that the last lines are in the old one.
    const room = MAX_CONSOLE_BYTES - newest.length;
    const older = await this.#tail(['instances', serverId, 'console.log.0'], room);
    // Control characters of a guest's choosing have no business in a terminal or a page (S36).
    return Buffer.concat([older, newest]).toString('utf8').replaceAll(CONTROL, '');
  }

  /** At most the last `bytes` of a file; nothing when it is not there. */
  async #tail(path: StatePath, bytes: number): Promise<Buffer> {
    const { files } = this.#deps;
    const found = await files.stat(path);
    if (found?.kind !== 'file' || bytes === 0) return Buffer.alloc(0);
    const handle = await files.open(path);
    try {
      const length = Math.min(found.size, bytes);
      const { buffer, bytesRead } = await handle.read({
        buffer: Buffer.alloc(length),
        position: found.size - length,
        length,
      });
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  /**
   * A URL of the server's console with a one-time token.
   * @throws {CloudError} conflict when the guest does not run.
   */
  console(caller: Caller, target: ServerTarget, type: ConsoleType): string {
    const { row } = target;
    requireHost(row);
    requireLegal(type === 'serial' ? 'get_serial_console' : 'get_vnc_console', row, caller.auth);
    return this.#deps.consoles.issue({
      serverId: row.id,
      projectId: row.project_id,
      userId: caller.auth.userId,
      type,
      origin: caller.origin,
    });
  }

  #begin<Input extends ServerPowerInput>(
    caller: Caller,
    target: ServerTarget,
    { input, ...what }: Omit<ActionBegin<Input>, 'input'> & { readonly input: Input },
  ): void {
    beginAction(this.#deps, caller, target.row.id, { ...what, input: () => input });
  }

  #atOnce(
    caller: Caller,
    target: ServerTarget,
    action: string,
    work: (row: ServerRow, at: number) => void,
  ): void {
    const { db, clock } = this.#deps;
    transaction(db, () => {
      const row = freshServer(this.#deps, target.row.id);
      const at = clock();
      work(row, at);
      insertServerAction(db, {
        serverId: row.id,
        action,
        ...whoOf(caller, row),
        operationId: null,
        at,
      });
    });
  }
}

/** All control characters but tab and line feed. */
const CONTROL = /[^\P{Cc}\t\n]/gu;

/** 'novnc' and 'serial' are there; others that upstream knows are not. */
export function consoleTypeOf(type: string): ConsoleType {
  if (type === 'novnc' || type === 'serial') return type;
  throw badRequest(`Unavailable console type ${type}.`);
}
