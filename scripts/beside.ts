import { spawn } from 'node:child_process';

/** How a program that ran beside others ended. */
export interface Ended {
  readonly ok: boolean;
  readonly seconds: number;
}

/**
 * Programs that run beside each other on one terminal: what one says comes without another's words between. The first
 * is heard at once; who comes later is heard when all before it have ended.
 */
export class Beside {
  readonly #queue: Voice[] = [];
  readonly #write: (text: Buffer | string) => unknown;

  constructor(write: (text: Buffer | string) => unknown = (text) => process.stdout.write(text)) {
    this.#write = write;
  }

  /** @param title is said before and after what the program says. It never throws: a program that is not there fails. */
  run(
    title: string,
    argv: readonly string[],
    options: { cwd: string; env: NodeJS.ProcessEnv },
  ): Promise<Ended> {
    const started = Date.now();
    const voice: Voice = { said: [`\n== ${title}\n`], ended: false };
    this.#queue.push(voice);
    this.#hear();
    const say = (text: Buffer | string): void => {
      voice.said.push(text);
      this.#hear();
    };
    const [program = '', ...words] = argv;
    const child = spawn(program, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', say);
    child.stderr.on('data', say);
    return new Promise((resolve) => {
      const end = (ok: boolean): void => {
        if (voice.ended) return;
        const seconds = (Date.now() - started) / 1000;
        voice.ended = true;
        say(`== ${title}: ${ok ? 'ok' : 'FAILED'} (${seconds.toFixed(1)} s)\n`);
        resolve({ ok, seconds });
      };
      child.once('error', (error) => {
        say(`${program}: ${error.message}\n`);
        end(false);
      });
      child.once('close', (code) => end(code === 0));
    });
  }

  #hear(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      for (const text of first.said.splice(0)) this.#write(text);
      if (!first.ended) return;
      this.#queue.shift();
    }
  }
}

interface Voice {
  /** What was not heard yet. */
  readonly said: (Buffer | string)[];
  ended: boolean;
}
