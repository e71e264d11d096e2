import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Ran } from './cli.ts';
import type { TestInstance } from './instance.ts';

/** Debian's `openstack` for many commands: the same program, whose imports (a second each time) are done once. */
export class OpenStackShell {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child;
    this.#lines = lines;
    lines.on('line', (line) => this.#waiting.shift()?.(line));
  }

  static async start(instance: TestInstance): Promise<OpenStackShell> {
    const child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'openstack-fork.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        OS_CLIENT_CONFIG_FILE: join(instance.directory, 'user', 'clouds.yaml'),
        PATH: '/usr/bin:/usr/sbin:/bin:/sbin',
        HOME: instance.directory,
        PYTHONWARNINGS: 'ignore',
      },
    });
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    return new OpenStackShell(child, lines);
  }

  /** `openstack --os-cloud deskcloud <line>`; spaces part the line's words, there is no quoting. */
  run(line: string): Promise<Ran> {
    return new Promise((resolve) => {
      this.#waiting.push((answer) => resolve(JSON.parse(answer) as Ran));
      this.#child.stdin?.write(`${JSON.stringify(['--os-cloud', 'deskcloud', ...line.split(' ')])}\n`);
    });
  }

  /** As {@link run}, of a command that must succeed. @throws {Error} with what it printed. */
  async ok(line: string): Promise<string> {
    const ran = await this.run(line);
    if (ran.code !== 0)
      throw new Error(`openstack ${line} ended with ${ran.code}: ${ran.stderr}${ran.stdout}`);
    return ran.stdout;
  }

  /** What a command that must succeed prints with `-f json`. */
  async json<T = Record<string, unknown>>(line: string): Promise<T> {
    const text = await this.ok(`${line} -f json`);
    return (text === '' ? {} : JSON.parse(text)) as T;
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await gone;
    this.#lines.close();
  }
}
