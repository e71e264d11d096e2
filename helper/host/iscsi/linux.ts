import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '../../secret.ts';
import { record } from '../record.ts';
import { PROGRAM_PATHS } from '../setup/tools.ts';
import {
  IscsiError,
  LUN,
  type IscsiAccount,
  type IscsiHost,
  type IscsiPortal,
  type IscsiTarget,
  type IscsiTargetStatus,
} from './interface.ts';
import {
  decodeAnswer,
  encodeRequest,
  errorText,
  parseTargets,
  type ShownTarget,
  type TgtRequest,
} from './protocol.ts';

/** How long the daemon may take to answer, to begin, to end. */
const LIMIT_MS = 10_000;
const LOOK_MS = 10;
const NO_SUCH_ACCOUNT = 15;

export interface LinuxIscsiOptions {
  readonly portal: IscsiPortal;
  /** Of this instance alone; empty after the host's reboot. */
  readonly runDirectory: string;
}

/** Targets by tgt's user-space daemon. */
export class LinuxIscsiHost implements IscsiHost {
  readonly portal: IscsiPortal;
  readonly #directory: string;
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ portal, runDirectory }: LinuxIscsiOptions) {
    this.portal = portal;
    this.#directory = join(runDirectory, 'iscsi');
  }

  ensure(target: IscsiTarget): Promise<void> {
    return this.#serial(async () => {
      plain(target.path);
      plain(target.iqn);
      await this.#start();
      let shown = await this.#find(target.iqn);
      // A unit cannot be given another file while somebody is logged in; a target of that name is not this one.
      if (shown?.path !== undefined && shown.path !== null && shown.path !== target.path) {
        await this.#delete(shown);
        shown = undefined;
      }
      const tid = shown?.tid ?? (await this.#freeTid());
      if (shown === undefined)
        await this.#ask({ mode: 'target', op: 'new', tid, text: `targetname=${target.iqn}` });
      // Accounts before the unit: without one, everybody could log in.
      await this.#accounts(tid, shown, target.accounts);
      if (shown === undefined || shown.path === null) {
        const unit = { mode: 'device', tid, lun: LUN } as const;
        await this.#ask({ ...unit, op: 'new', text: `path=${target.path},bstype=rdwr` });
        await this.#ask({ ...unit, op: 'update', text: 'targetOps thin_provisioning=1,' });
      }
      await this.#accessRules(tid, shown, target.accounts);
    });
  }

  /** The daemon never says what a password is: those that are bound have the one that they were made with. */
  async #accounts(
    tid: number,
    shown: ShownTarget | undefined,
    accounts: readonly IscsiAccount[],
  ): Promise<void> {
    const bound = shown?.users ?? [];
    for (const account of accounts) {
      if (bound.includes(account.user)) continue;
      await this.#addAccount(account);
      await this.#bind(tid, account.user, 'bind');
    }
    const former = bound.filter((user) => !accounts.some((account) => account.user === user));
    if (former.length === 0) return;
    // tgt leaves a hole where an account goes, and dies of it when it lists its targets; and a target without any
    // account lets everybody in. So all are bound anew, in the room that they left, behind one that nobody knows.
    const guard = {
      user: `guard-${tid}`,
      password: new Secret(randomBytes(8).toString('hex')),
      initiator: null,
    };
    await this.#addAccount(guard);
    await this.#bind(tid, guard.user, 'bind');
    for (const user of former) await this.#removeAccount(user);
    for (const { user } of accounts) await this.#bind(tid, user, 'unbind');
    for (const { user } of accounts) await this.#bind(tid, user, 'bind');
    await this.#removeAccount(guard.user);
  }

  async #addAccount({ user, password }: IscsiAccount): Promise<void> {
    // Of a target that went without it.
    await this.#removeAccount(user);
    await this.#ask(
      { mode: 'account', op: 'new', text: `user=${plain(user)},password=${plain(password.reveal())}` },
      [],
      `user=${user},password=***`,
    );
  }

  async #removeAccount(user: string): Promise<void> {
    await this.#ask({ mode: 'account', op: 'delete', text: `user=${plain(user)}` }, [NO_SUCH_ACCOUNT]);
  }

  async #bind(tid: number, user: string, op: 'bind' | 'unbind'): Promise<void> {
    await this.#ask({ mode: 'account', op, tid, text: `user=${plain(user)}` });
  }

  async #accessRules(
    tid: number,
    shown: ShownTarget | undefined,
    accounts: readonly IscsiAccount[],
  ): Promise<void> {
    const wanted = new Set(accounts.map(({ initiator }) => initiator ?? this.portal.host));
    const there = shown?.initiators ?? [];
    const rule = (name: string): string =>
      `initiator-${name === this.portal.host ? 'address' : 'name'}=${plain(name)}`;
    for (const name of wanted)
      if (!there.includes(name)) await this.#ask({ mode: 'target', op: 'bind', tid, text: rule(name) });
    for (const name of there)
      if (!wanted.has(name)) await this.#ask({ mode: 'target', op: 'unbind', tid, text: rule(name) });
  }

  remove(iqn: string): Promise<void> {
    return this.#serial(async () => {
      if (!this.isRunning()) return;
      const shown = await this.#find(iqn);
      if (shown !== undefined) await this.#delete(shown);
      if ((await this.#targets()).length === 0) await this.#stop();
    });
  }

  /** With its accounts, which else would stay; they go last, since a target without any lets everybody in. */
  async #delete({ tid, users }: ShownTarget): Promise<void> {
    await this.#ask({ mode: 'target', op: 'delete', tid, force: true });
    for (const user of users) await this.#removeAccount(user);
  }

  grow(iqn: string): Promise<void> {
    return this.#serial(async () => {
      if (!this.isRunning()) return;
      const shown = await this.#find(iqn);
      if (shown === undefined || shown.path === null) return;
      // One request, which the daemon carries out before it looks at any other: no initiator sees the unit offline.
      const text = `targetOps online=0,path=${shown.path},online=1,`;
      await this.#ask({ mode: 'device', op: 'update', tid: shown.tid, lun: LUN, text });
    });
  }

  list(): Promise<readonly IscsiTargetStatus[]> {
    return this.#serial(async () => {
      if (!this.isRunning()) return [];
      return (await this.#targets()).map(({ tid: _tid, ...status }) => status);
    });
  }

  isRunning(): boolean {
    return this.#pids().length > 0;
  }

  removeAll(): Promise<void> {
    return this.#serial(() => this.#stop());
  }

  /** What tells our daemon from others', in its command line; in the foreground it writes no such file. */
  get #mark(): string {
    return join(this.#directory, 'tgtd.pid');
  }

  /** Found by their command lines: the helper that started the daemon may be long gone (R20). */
  #pids(): readonly number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        const [program = '', ...words] = commandLine(pid);
        return program.endsWith('tgtd') && words.includes(this.#mark);
      })
      .map(Number);
  }

  async #start(): Promise<void> {
    if (this.isRunning()) return;
    const program = PROGRAM_PATHS.map((path) => join(path, 'tgtd')).find((path) => existsSync(path));
    if (program === undefined)
      throw new IscsiError(
        'Volumes cannot be exported by iSCSI: the target daemon tgtd is not installed. ' +
          'Install it with: sudo apt-get install tgt qemu-block-extra',
      );
    await mustBeFree(this.portal);
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    chmodSync(this.#directory, 0o700);
    const { host, port } = this.portal;
    const argv = ['-f', '-p', this.#mark, '-C', '0', '--iscsi', `portal=${host}:${port}`];
    const logPath = join(this.#directory, 'log');
    const log = openSync(logPath, 'w', 0o600);
    const started = performance.now();
    const child = spawn(program, argv, {
      detached: true,
      cwd: '/',
      env: { PATH: PROGRAM_PATHS.join(':'), LC_ALL: 'C', TGT_IPC_SOCKET: this.#socket },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.unref();
    let ended: string | undefined;
    child.once('error', (error) => (ended = error.message));
    child.once('exit', (code, signal) => (ended = `it ended (${code ?? signal})`));
    const deadline = performance.now() + LIMIT_MS;
    // tgtd says nothing when it is ready.
    while (!(await this.#answers())) {
      if (ended !== undefined || performance.now() > deadline)
        throw new IscsiError(
          `The target daemon tgtd did not start on ${host}:${port}: ${ended ?? 'it does not answer'}. ${readText(logPath).trim().slice(-500)}`,
        );
      await delay(LOOK_MS);
    }
    record({
      kind: 'command',
      argv: [program, ...argv],
      exitCode: null,
      durationMs: performance.now() - started,
      output: `in the background, pid ${child.pid}`,
    });
  }

  async #answers(): Promise<boolean> {
    try {
      await exchange(this.#socketPath, { mode: 'target', op: 'show' });
      return true;
    } catch {
      return false;
    }
  }

  async #stop(): Promise<void> {
    const pids = this.#pids();
    // It hears SIGTERM only once it has no target.
    if (await this.#answers()) for (const shown of await this.#targets()) await this.#delete(shown);
    for (const pid of pids) signal(pid, 'SIGTERM');
    const deadline = performance.now() + LIMIT_MS;
    while (pids.some((pid) => this.#pids().includes(pid))) {
      // Perhaps not our child, so there is no event to wait for.
      await delay(LOOK_MS);
      if (performance.now() > deadline - LIMIT_MS + 1000)
        for (const pid of this.#pids()) signal(pid, 'SIGKILL');
      if (performance.now() > deadline) throw new IscsiError('The target daemon tgtd does not end.');
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #socket(): string {
    return join(this.#directory, 'socket');
  }

  /** tgtd adds its control port. */
  get #socketPath(): string {
    return `${this.#socket}.0`;
  }

  async #targets(): Promise<readonly ShownTarget[]> {
    return parseTargets((await exchange(this.#socketPath, { mode: 'target', op: 'show' })).text);
  }

  async #find(iqn: string): Promise<ShownTarget | undefined> {
    return (await this.#targets()).find((one) => one.iqn === iqn);
  }

  async #freeTid(): Promise<number> {
    const taken = new Set((await this.#targets()).map(({ tid }) => tid));
    let tid = 1;
    while (taken.has(tid)) tid += 1;
    return tid;
  }

  /** @param shown what the record has in place of the text, which may hold a password. */
  async #ask(request: TgtRequest, fine: readonly number[] = [], shown = request.text): Promise<void> {
    const started = performance.now();
    const { error } = await exchange(this.#socketPath, request);
    const failed = error !== 0 && !fine.includes(error);
    const { mode, op, tid, lun } = request;
    const detail = [
      ...(tid === undefined ? [] : [`tid ${tid}`]),
      ...(lun === undefined ? [] : [`lun ${lun}`]),
      ...(shown === undefined ? [] : [shown]),
    ].join(' ');
    record({
      kind: 'rpc',
      procedure: `tgt ${mode === 'device' ? 'logicalunit' : mode} ${op}`,
      detail,
      durationMs: performance.now() - started,
      ...(failed ? { error: errorText(error) } : {}),
    });
    if (failed) throw new IscsiError(`tgtd did not do '${mode} ${op} ${detail}': ${errorText(error)}.`);
  }

  #serial<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

/** One request, one connection, one answer. */
function exchange(path: string, request: TgtRequest): Promise<{ error: number; text: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    let bytes = Buffer.alloc(0);
    const fail = (why: string, cause?: Error): void => {
      socket.destroy();
      reject(new IscsiError(`The target daemon tgtd does not answer: ${why}.`, { cause }));
    };
    socket.setTimeout(LIMIT_MS, () => fail(`nothing for ${LIMIT_MS / 1000} s`));
    socket.on('error', (error) => fail(error.message, error));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    socket.on('close', () => {
      const answer = decodeAnswer(bytes);
      if (answer === undefined) fail('it closed the connection');
      else resolve(answer);
    });
    socket.on('connect', () => socket.write(encodeRequest(request)));
  });
}

/** A comma would begin another parameter (S31). */
function plain(value: string): string {
  if (/^[\x21-\x2b\x2d-\x7e]+$/.test(value)) return value;
  throw new IscsiError(
    `${JSON.stringify(value)} cannot be exported by iSCSI: tgt takes no comma, blank or non-ASCII letter in it.`,
  );
}

async function mustBeFree({ host, port }: IscsiPortal): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    throw new IscsiError(
      `Volumes cannot be exported by iSCSI on ${host}:${port}: ${(error as Error).message}. ` +
        'End what uses that port, or set another one (volume.iscsiPort) while no server has such a volume.',
      { cause: error },
    );
  }
  await new Promise((resolve) => probe.close(resolve));
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
    record({ kind: 'note', text: `${name} to tgtd (pid ${pid})` });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
