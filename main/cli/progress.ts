import cliProgress from 'cli-progress';

/** Shows how far something is: a bar in a terminal, a line per step elsewhere. */
export interface Progress {
  /** `fraction` from 0 to 1. */
  update(fraction: number, text: string): void;
  /** A line that stays above the bar. */
  line(text: string): void;
  done(text: string): void;
}

export function startProgress(): Progress {
  return process.stdout.isTTY ? new Bar() : new Lines();
}

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1).padStart(5)} s`;

class Bar implements Progress {
  readonly #started = Date.now();
  readonly #bar = new cliProgress.SingleBar({
    format: ' {bar} {percentage}% | {duration_formatted} | {text}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
  });

  constructor() {
    this.#bar.start(100, 0, { text: '' });
  }

  update(fraction: number, text: string): void {
    this.#bar.update(Math.round(fraction * 100), { text });
  }

  line(text: string): void {
    // Clears the bar's line; the bar draws itself again below.
    process.stdout.write(`\r\u001B[K${seconds(this.#started)}  ${text}\n`);
    this.#bar.render();
  }

  done(text: string): void {
    this.#bar.update(100, { text: '' });
    this.#bar.stop();
    process.stdout.write(`${seconds(this.#started)}  ${text}\n`);
  }
}

class Lines implements Progress {
  readonly #started = Date.now();
  #last = '';
  #lastAt = 0;

  update(fraction: number, text: string): void {
    // A log wants each step once, not each percent; a long step shows that it is alive.
    if (text === this.#last && Date.now() - this.#lastAt < 10_000) return;
    this.#last = text;
    this.#lastAt = Date.now();
    process.stdout.write(
      `${seconds(this.#started)}  ${String(Math.round(fraction * 100)).padStart(3)}%  ${text}\n`,
    );
  }

  line(text: string): void {
    process.stdout.write(`${seconds(this.#started)}        ${text}\n`);
  }

  done(text: string): void {
    process.stdout.write(`${seconds(this.#started)}  100%  ${text}\n`);
  }
}
