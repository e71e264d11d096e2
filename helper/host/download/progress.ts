import { performance } from 'node:perf_hooks';
import type { DownloadProgress } from './interface.ts';

const REPORT_EVERY_MS = 200;
const WINDOW_MS = 10_000;

/** Turns counts of bytes into reports of progress, not too many of them. */
export class ProgressMeter {
  #samples: { at: number; received: number }[];
  #total: number | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;
  readonly #report: ((progress: DownloadProgress) => void) | undefined;

  constructor(received: number, report: ((progress: DownloadProgress) => void) | undefined) {
    this.#samples = [{ at: performance.now(), received }];
    this.#report = report;
  }

  /** The bytes that were there count no more. */
  restart(): void {
    this.#samples = [{ at: performance.now(), received: 0 }];
  }

  update(received: number, total: number | undefined): void {
    this.#total = total;
    const now = performance.now();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    this.#samples.push({ at: now, received });
    // The oldest sample is the last one from before the window, so that there are always two.
    while (this.#samples.length > 2 && now - (this.#samples[1]?.at ?? now) > WINDOW_MS) this.#samples.shift();
    this.#send(received, now);
  }

  finish(received: number): void {
    this.#total = received;
    this.#send(received, performance.now());
  }

  #send(received: number, now: number): void {
    const first = this.#samples[0];
    const seconds = first === undefined ? 0 : (now - first.at) / 1000;
    const bytes = first === undefined ? 0 : received - first.received;
    this.#report?.({ received, total: this.#total, bytesPerSecond: seconds > 0 ? bytes / seconds : 0 });
  }
}
