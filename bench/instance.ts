import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { THRIFTY_MALLOC, type Word } from '../helper/daemon.ts';
import { HelperClient } from '../main/helper-client.ts';
import { helperProgram, instanceArguments, socketOf, type Instance } from '../main/launch.ts';
import { run, type Workplace } from './workplace.ts';

const START_MS = 120_000;

/** A helper of the bench's own, with a state of its own. */
export class BenchInstance {
  readonly instance: Instance;
  readonly directory: string;
  readonly client: HelperClient;
  #process: ChildProcess | undefined;
  #origin = '';

  private constructor(instance: Instance, directory: string) {
    this.instance = instance;
    this.directory = directory;
    this.client = new HelperClient(socketOf(instance));
  }

  /** Prepares an instance below `name` of the workplace, whose end takes it off the machine. */
  static async create(
    place: Workplace,
    name: string,
    options: { config: string; simulated: boolean },
  ): Promise<BenchInstance> {
    const directory = await place.makeDirectory(name);
    const instance = { directory, simulated: options.simulated, port: 0, config: options.config };
    const made = new BenchInstance(instance, directory);
    place.onEnd(() => made.#remove());
    return made;
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the helper does not run');
    return pid;
  }

  get origin(): string {
    return this.#origin;
  }

  get databasePath(): string {
    return join(this.directory, 'state', 'deskcloud.db');
  }

  /**
   * Starts the helper as `deskcloud up` does.
   * @returns seconds from there to the first answer of the API.
   * @throws {Error} with the helper's own words when it does not come up.
   */
  async start(): Promise<number> {
    const started = performance.now();
    const [program, ...words] = helperProgram('main', instanceArguments(this.instance));
    // In a session of its own: Ctrl-C is for the bench, which stops the helper itself.
    const child = spawn(program, words, {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      cwd: '/',
      env: { ...process.env, ...THRIFTY_MALLOC },
    });
    this.#process = child;
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (errors = (errors + chunk).slice(-4096)));
    const word = await new Promise<Word>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the helper did not listen within ${START_MS / 1000} s`)),
        START_MS,
      );
      child.once('error', reject);
      child.once('message', (message: Word) => {
        clearTimeout(timer);
        resolve(message);
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the helper ended with status ${code}: ${errors.trim()}`));
      });
    });
    if ('failed' in word) throw new Error(word.failed);
    this.#origin = word.listening;
    await answer(`${word.listening}/identity/v3`);
    return (performance.now() - started) / 1000;
  }

  /** Ends the helper; guests go on. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  async #remove(): Promise<void> {
    await this.stop();
    if (!this.instance.simulated)
      await run(...helperProgram('teardown', instanceArguments({ ...this.instance, port: undefined })));
  }
}

/** Waits for the whole answer to a GET. */
function answer(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`${url}: status ${response.statusCode}`)),
      );
    }).on('error', reject);
  });
}
