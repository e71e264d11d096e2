import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { THRIFTY_MALLOC } from '../../helper/daemon.ts';
import { LinuxCommandRunner } from '../../helper/host/command/linux.ts';
import { createLinuxHostNetwork } from '../../helper/host/net/linux.ts';
import type { NetworkInventory } from '../../helper/host/net/interface.ts';
import { LinuxIscsiHost } from '../../helper/host/iscsi/linux.ts';
import { LinuxDomainHost } from '../../helper/host/domain/index.ts';
import { LinuxSecretHost } from '../../helper/host/secret/linux.ts';
import { HelperClient } from '../../main/helper-client.ts';
import { OpenStackClient } from '../../main/openstack-client.ts';
import { helperProgram } from './helper-program.ts';
import { PATIENCE_MS } from './patience.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const commands = new LinuxCommandRunner();

/** A helper that takes longer to end hangs. */
const STOP_LIMIT_MS = 120_000;

/** What an instance has on the machine; all empty when nothing is left. */
export interface Inventory extends NetworkInventory {
  readonly domains: readonly string[];
  /** iSCSI targets, and whether their daemon runs. */
  readonly exports: readonly string[];
  /** In libvirt's store, by id. */
  readonly secrets: readonly string[];
}

/**
 * A whole Deskcloud of a test's own: the real helper as a process, with its own directory, owner tag, external bridge
 * and port, beside whatever else runs on this machine.
 */
export class TestInstance {
  readonly directory: string;
  readonly owner: string;
  readonly bridge: string;
  /** Third number of the external subnet 198.18.<n>.0/24 (RFC 2544: for tests). */
  readonly subnet: number;
  readonly client: HelperClient;
  #process: ChildProcess | undefined;
  #output = '';

  /** @param more settings beside those that every instance has of its own. */
  constructor(name: string, host: 'linux' | 'simulated' = 'linux', more: object = {}) {
    const tag = randomBytes(3).toString('hex');
    // The users of the emulator and of dnsmasq must be able to pass through to disks and sockets.
    this.directory = mkdtempSync(join(tmpdir(), `deskcloud-${name}-`));
    chmodSync(this.directory, 0o711);
    this.owner = `${name}-${tag}`;
    this.bridge = `bx-${tag}`;
    // Of files of tests that run at a time, up to four, each has every fourth.
    const place = Number(process.env['VITEST_POOL_ID'] ?? '0') % 4;
    this.subnet = (Number.parseInt(tag.slice(0, 2), 16) & 0xfc) | place;
    this.client = new HelperClient(join(this.directory, 'run', 'helper.sock'));
    const base = 10_000 + (Number.parseInt(tag, 16) % 1_000_000) * 16;
    const config = {
      owner: this.owner,
      host,
      listener: { port: 0 },
      external: {
        bridge: this.bridge,
        cidr: `198.18.${this.subnet}.0/24`,
        hostAddress: `198.18.${this.subnet}.1`,
        masquerade: false,
      },
      network: { vniRange: [base, base + 15] },
      ...more,
    };
    writeFileSync(this.configPath, stringify(config));
  }

  get configPath(): string {
    return join(this.directory, 'deskcloud.yaml');
  }

  get arguments(): string[] {
    return ['--config', this.configPath, '--directory', this.directory];
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Starts the helper and waits until it listens. It fails what it would answer otherwise than its endpoint declares.
   * @throws {Error} with its output when it ends instead.
   */
  start(): Promise<void> {
    return this.#run([helperProgram('checked')]);
  }

  /** As {@link start}, of the helper as it is shipped: answers are not looked at. */
  startPlain(): Promise<void> {
    return this.#run([helperProgram('main')]);
  }

  /** As {@link start}, by a program that becomes the helper, as `unshare`. */
  startUnder(wrapper: readonly string[]): Promise<void> {
    return this.#run([helperProgram('checked')], wrapper);
  }

  /** As {@link start}, of a helper that kills itself before or after its n-th write to the journal from its start. */
  startKilling(phase: 'before' | 'after', n: number): Promise<void> {
    return this.#run([helperProgram('killing'), phase, String(n)]);
  }

  /** As {@link start}, of a helper that kills itself when the file `orderPath` (a KillOrder) says so. */
  startArmed(orderPath: string): Promise<void> {
    return this.#run([helperProgram('armed'), orderPath]);
  }

  /** As {@link start}, of a helper that says on SIGUSR2 in the file `answerPath` what memory it needs. */
  startMeasured(answerPath: string): Promise<void> {
    return this.#run([join(ROOT, 'test', 'fuzz', 'measured-helper.ts'), answerPath]);
  }

  /** Resolves when the helper that was started has compared the host with its database. @throws when it cannot. */
  async ready(): Promise<void> {
    while (!this.#output.includes('"msg":"ready"')) {
      if (this.#process === undefined || this.#output.includes('"msg":"the host could not be brought'))
        throw new Error(`the helper did not become ready: ${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Resolves when the helper's process is gone, however it ended. */
  async ended(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await once(child, 'exit');
  }

  async #run(program: readonly string[], wrapper: readonly string[] = []): Promise<void> {
    const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
    const [first = '', ...words] = [...wrapper, ...node, ...program, ...this.arguments];
    const child = spawn(first, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...THRIFTY_MALLOC },
    });
    this.#process = child;
    this.#output = '';
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        this.#output = (this.#output + chunk.toString()).slice(-65_536);
        if (this.#output.includes('"msg":"listening"')) resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', (code, signal) => {
        if (this.#process === child) this.#process = undefined;
        reject(new Error(`the helper ended (${code ?? signal}): ${this.#output}`));
      });
    });
  }

  /** Kills the helper as a crash would, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends the helper in good order. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    const [, how] = (await gone) as [number | null, NodeJS.Signals | null];
    clearTimeout(limit);
    if (signal === 'SIGTERM' && how === 'SIGKILL') {
      throw new Error(
        `the helper did not end within ${STOP_LIMIT_MS / 1000} s of SIGTERM:\n${this.log().slice(-4000)}`,
      );
    }
  }

  /** The administrator, logged in. */
  async admin(): Promise<OpenStackClient> {
    return await OpenStackClient.login(await this.client.credentials());
  }

  /** Waits until no operation is open. @throws when one is stuck, or takes too long. */
  async settled(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const open = (await this.client.operations({ limit: '50' })).filter((one) => one.finishedAt === null);
      if (open.length === 0) return;
      const stuck = open.some((one) => one.state === 'stuck');
      if (stuck || Date.now() > deadline)
        throw new Error(`operations are still open: ${JSON.stringify(open, undefined, 1)}`);
      await delay(30);
    }
  }

  /** What the helper logged, for the message of a failed test. */
  log(): string {
    const path = join(this.directory, 'log', 'helper.log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  async inventory(): Promise<Inventory> {
    const network = createLinuxHostNetwork({
      owner: this.owner,
      stateDirectory: join(this.directory, 'state'),
      commands,
    });
    const domains = new LinuxDomainHost({ owner: this.owner });
    const secrets = new LinuxSecretHost({ owner: this.owner });
    const iscsi = new LinuxIscsiHost({
      portal: { host: '127.0.0.1', port: 1 },
      runDirectory: join(this.directory, 'run'),
    });
    try {
      return {
        ...(await network.inventory()),
        exports: [
          ...(iscsi.isRunning() ? ['tgtd'] : []),
          ...(await iscsi.list().catch(() => [])).map(({ iqn }) => iqn),
        ],
        domains: (await domains.list()).map((one) => one.name).sort(),
        secrets: (await secrets.list()).map((one) => one.id).sort(),
      };
    } finally {
      await domains.close();
      await secrets.close();
    }
  }

  /** Takes everything away, as `deskcloud demo --down` does, and says what was left all the same. */
  async remove(): Promise<Inventory> {
    await this.stop();
    await commands.run(
      [
        process.execPath,
        '--disable-warning=ExperimentalWarning',
        helperProgram('teardown'),
        ...this.arguments,
      ],
      { timeoutMs: 120_000 },
    );
    const left = await this.inventory();
    rmSync(this.directory, { recursive: true, force: true });
    return left;
  }
}

/** An inventory with nothing in it. */
export const NOTHING: Inventory = {
  bridges: [],
  vxlans: [],
  taps: [],
  shapers: [],
  veths: [],
  namespaces: [],
  dnsmasq: [],
  radvd: [],
  tables: [],
  filteredPorts: [],
  domains: [],
  exports: [],
  secrets: [],
};
