import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { run, type Ran } from './cli.ts';

/** What sends and takes traffic, in guests as in namespaces. */
const TRAFFIC = join(import.meta.dirname, 'traffic.pl');
/** Mirrors listen there. */
export const MIRROR = 7000;

const children = new Set<ChildProcess>();

/** Starts a program that outlives the call; it ends with {@link endAll} at the latest. */
function start(argv: readonly string[]): ChildProcess {
  const [program = '', ...words] = argv;
  // In a group of its own: with it goes whatever it starts.
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.stdin?.on('error', () => undefined);
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/** Ends every program that was started in any place. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...children].map(async (child) => {
      if (child.pid === undefined) return;
      const gone = once(child, 'exit');
      if (child.exitCode !== null || child.signalCode !== null) return;
      process.kill(-child.pid, 'SIGKILL');
      await gone;
    }),
  );
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** A TCP connection over which numbers go to and fro, twenty in a second. */
export class Stream {
  /** What the other side said: its name and the address it sees. */
  greeting = '';
  last = 0;
  /** The longest time without an answer since the first one, in milliseconds. */
  longestGap = 0;
  #lastAt = Date.now();
  #errors = '';
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    if (child.stdout === null) throw new Error('no output');
    createInterface(child.stdout).on('line', (line) => {
      const now = Date.now();
      if (this.greeting === '') this.greeting = line;
      else {
        this.longestGap = Math.max(this.longestGap, now - this.#lastAt);
        this.last = Number(line);
      }
      this.#lastAt = now;
    });
  }

  /** Waits until this many more numbers came back. @throws when the connection stands still for a minute. */
  async goesOn(numbers = 10): Promise<void> {
    const goal = this.last + numbers;
    await until(() => this.last >= goal || this.ended, 60_000);
    assert.ok(this.last >= goal, `the stream '${this.greeting}' stands at ${this.last}: ${this.#errors}`);
  }

  /** Waits until nothing has come for two seconds. @throws when numbers still come after a minute. */
  async stops(): Promise<void> {
    await until(() => this.ended || Date.now() - this.#lastAt > 2000, 60_000);
    assert.ok(this.ended || Date.now() - this.#lastAt > 2000, `the stream '${this.greeting}' goes on`);
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Waits until something is so, or the time is over. */
async function until(condition: () => boolean, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Waits until a look shows what is expected. @throws when it does not in time, with what it showed last. */
export async function becomes<T>(look: () => Promise<T>, expected: T, limitMs = 60_000): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    const shown = await look();
    if (isDeepStrictEqual(shown, expected)) return;
    if (Date.now() > end) assert.deepEqual(shown, expected);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** A ping that has ended: how many answers came, and which were missing before the last. */
export interface Pinged {
  readonly received: number;
  readonly missing: readonly number[];
}

/** Where traffic begins and ends: a guest, or a namespace that stands for another machine. */
export abstract class Place {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** The words that run this command there. */
  abstract words(argv: readonly string[]): string[];
  /** The words before those of traffic.pl. */
  protected abstract readonly traffic: readonly string[];
  protected abstract startMirror(argv: readonly string[]): Promise<void>;

  run(...argv: string[]): Promise<Ran> {
    return run(this.words(argv), { timeoutMs: 120_000 });
  }

  /** A shell's line; its output. @throws when it fails. */
  async sh(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.run('sh', '-c', line);
    assert.equal(code, 0, `${this.name}: ${line}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Starts the mirror there, and waits until it answers. */
  async listens(): Promise<void> {
    await this.startMirror([...this.traffic, 'mirror', this.name, String(MIRROR)]);
    await becomes(() => this.asks('127.0.0.1'), `${this.name} 127.0.0.1`);
  }

  /** Who answers there, and as whom it sees us: 'name address'. Undefined when nobody does within two seconds. */
  async asks(address: string, port = MIRROR): Promise<string | undefined> {
    const { code, stdout } = await this.run(...this.traffic, 'ask', address, String(port));
    return code === 0 ? stdout.trim() : undefined;
  }

  async pings(address: string): Promise<boolean> {
    return (await this.run('ping', '-c', '1', '-W', '2', address)).code === 0;
  }

  /** Opens a lasting connection and waits until numbers come back. */
  async stream(address: string, source = 0): Promise<Stream> {
    const argv = [
      ...this.traffic,
      'stream',
      address,
      String(MIRROR),
      ...(source > 0 ? [String(source)] : []),
    ];
    const stream = new Stream(start(this.words(argv)));
    await stream.goesOn(3);
    return stream;
  }

  /** TCP ports that answer. */
  async scan(address: string, ports: readonly number[]): Promise<number[]> {
    const { stdout } = await this.run(...this.traffic, 'scan', address, ...ports.map(String));
    return stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map(Number)
      .toSorted((a, b) => a - b);
  }

  async send(frames: readonly string[]): Promise<void> {
    const { code, stderr } = await this.run(...this.traffic, 'send', 'eth0', ...frames);
    assert.equal(code, 0, stderr);
  }

  /** Frames in hexadecimal that come in while `work` is done, until one has `end` in it. @throws when none has. */
  async captures(end: string, work: () => Promise<unknown>): Promise<string[]> {
    const child = start(this.words([...this.traffic, 'capture', 'eth0', end]));
    const seen: string[] = [];
    if (child.stdout === null) throw new Error('no output');
    const lines = createInterface(child.stdout);
    const closed = once(child, 'close');
    await once(lines, 'line');
    lines.on('line', (line) => seen.push(line));
    await work();
    assert.deepEqual(await closed, [0, null], `${this.name} never saw the last frame`);
    return seen;
  }

  /** Pings ten times a second until `work` is done. */
  async pingsDuring(address: string, work: () => Promise<unknown>): Promise<Pinged> {
    const child = start(this.words(['sh', '-c', `ping -i 0.1 ${address} & read end; kill -INT $!; wait $!`]));
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
    const closed = once(child, 'close');
    await until(() => output.includes('seq='), 30_000);
    await work();
    child.stdin?.end('\n');
    await closed;
    const received = new Set([...output.matchAll(/seq=(\d+)/g)].map(([, number]) => Number(number)));
    const numbers = Array.from({ length: Math.max(...received) }, (_, at) => at + 1);
    return { received: received.size, missing: numbers.filter((number) => !received.has(number)) };
  }
}

/** A network namespace of this machine. */
export class NamespacePlace extends Place {
  readonly namespace: string;
  protected readonly traffic = ['/usr/bin/perl', TRAFFIC];

  constructor(name: string, namespace: string) {
    super(name);
    this.namespace = namespace;
  }

  words(argv: readonly string[]): string[] {
    return ['nsenter', `--net=/run/netns/${this.namespace}`, ...argv];
  }

  protected startMirror(argv: readonly string[]): Promise<void> {
    start(this.words(argv));
    return Promise.resolve();
  }
}

/** A guest as its tests reach it: over one lasting SSH connection out of its router's namespace. */
export class GuestPlace extends Place {
  readonly ip: string;
  readonly mac: string;
  readonly serverId: string;
  readonly portId: string;
  readonly #namespace: string;
  readonly #ssh: readonly string[];
  protected readonly traffic = [
    '/tmp/perl/ld-linux-x86-64.so.2',
    '--library-path',
    '/tmp/perl',
    '/tmp/perl/perl',
    '/tmp/perl/traffic.pl',
  ];

  constructor(options: {
    readonly name: string;
    readonly ip: string;
    readonly mac: string;
    readonly serverId: string;
    readonly portId: string;
    /** From where the guest is reached by its fixed address. */
    readonly namespace: string;
    readonly keyPath: string;
    /** For the connection's socket; its path must be short. */
    readonly directory: string;
  }) {
    super(options.name);
    this.ip = options.ip;
    this.mac = options.mac;
    this.serverId = options.serverId;
    this.portId = options.portId;
    this.#namespace = options.namespace;
    const settings = {
      IdentitiesOnly: 'yes',
      BatchMode: 'yes',
      StrictHostKeyChecking: 'no',
      UserKnownHostsFile: '/dev/null',
      LogLevel: 'ERROR',
      ConnectTimeout: '5',
      // A connection that was cut ends, and what waits for it with it.
      ServerAliveInterval: '10',
      ControlPath: join(options.directory, `ssh-${options.name}`),
    };
    this.#ssh = [
      'ssh',
      '-i',
      options.keyPath,
      ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
    ];
  }

  words(argv: readonly string[]): string[] {
    return [...this.#ssh, `root@${this.ip}`, argv.map(quoted).join(' ')];
  }

  protected async startMirror(argv: readonly string[]): Promise<void> {
    await this.sh(`setsid ${argv.map(quoted).join(' ')} </dev/null >/tmp/mirror.log 2>&1 &`);
  }

  /** Connects when the guest has booted, and gives it what sends and takes traffic. */
  async ready(): Promise<void> {
    const end = Date.now() + 180_000;
    const check = [...this.#ssh, '-O', 'check', `root@${this.ip}`];
    while ((await run(check)).code !== 0) {
      assert.ok(Date.now() < end, `${this.name} does not answer SSH`);
      const master = start([
        'nsenter',
        `--net=/run/netns/${this.#namespace}`,
        ...this.#ssh,
        '-M',
        '-N',
        `root@${this.ip}`,
      ]);
      for (let ended = false; !ended && (await run(check)).code !== 0;) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        ended = master.exitCode !== null;
      }
    }
    await this.sh('mkdir -p /tmp/perl');
    const { stdout } = await run(['ldd', '/usr/bin/perl']);
    const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
    for (const path of ['/usr/bin/perl', TRAFFIC, ...libraries]) {
      const name = path.split('/').at(-1) ?? '';
      const copy = start([
        ...this.#ssh,
        `root@${this.ip}`,
        `gunzip >/tmp/perl/${name} && chmod 755 /tmp/perl/${name}`,
      ]);
      copy.stdin?.end(gzipSync(await readFile(path)));
      assert.deepEqual(await once(copy, 'close'), [0, null], `${path} does not go to ${this.name}`);
    }
    await this.listens();
  }
}
