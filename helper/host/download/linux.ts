import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { record } from '../record.ts';
import { checksumOf, PartFile } from './part-file.ts';
import { ProgressMeter } from './progress.ts';
import { Interrupted, RangeRefused, request, shown, type Answer } from './request.ts';
import { DownloadError, type DownloadedFile, type Downloader, type DownloadOptions } from './interface.ts';

const MIB = 1024 * 1024;
const MAX_TEXT = MIB;

export interface DownloaderTimes {
  /** Waits before the attempts after the first, in milliseconds; as many retries without any byte as entries. */
  readonly retryDelaysMs: readonly number[];
  /** Milliseconds without a byte after which the connection counts as broken. */
  readonly stallMs: number;
}

/** The real {@link Downloader}. */
export class LinuxDownloader implements Downloader {
  readonly #times: DownloaderTimes;

  constructor(times: DownloaderTimes = { retryDelaysMs: [1000, 2000, 4000, 8000, 16_000], stallMs: 30_000 }) {
    this.#times = times;
  }

  async download(options: DownloadOptions): Promise<DownloadedFile> {
    const { url, destination, checksum } = options;
    const wanted = checksum.value.toLowerCase();
    if ((await checksumOf(destination, checksum.algorithm)) === wanted) return fileAt(destination);
    const part = await PartFile.open(destination, url, checksum.algorithm).catch((error: unknown) => {
      throw localFailure(error, destination);
    });
    try {
      // A run that ended between the last byte and the new name leaves a part that is complete.
      if (part.digest() !== wanted) await this.#fetchAll(part, options);
      const actual = part.digest();
      if (actual !== wanted) {
        await part.discard();
        throw new DownloadError(
          'checksum',
          `The file from ${shown(url)} is not the one that was promised: its ${checksum.algorithm} checksum is ${actual}, expected ${wanted}. It was removed; try again later, or choose another image if it happens again.`,
        );
      }
      await part.complete();
      return { path: destination, size: part.received };
    } catch (error) {
      if (options.signal?.aborted) {
        throw new DownloadError('aborted', `The download of ${shown(url)} was stopped.`, { cause: error });
      }
      throw localFailure(error, destination);
    } finally {
      await part.close();
    }
  }

  async fetchText(url: string, signal?: AbortSignal): Promise<string> {
    return this.#persist(url, signal, async () => {
      const answer = await request(url, { stallMs: this.#times.stallMs, signal, keepHttps: true });
      let text = '';
      const decoder = new TextDecoder();
      for await (const chunk of answer.body) {
        text += decoder.decode(chunk, { stream: true });
        if (text.length > MAX_TEXT) {
          throw new DownloadError(
            'refused',
            `${shown(url)} is longer than 1 MiB, too long for a checksum file.`,
          );
        }
      }
      return { value: text, progressed: false };
    });
  }

  async #fetchAll(part: PartFile, options: DownloadOptions): Promise<void> {
    const meter = new ProgressMeter(part.received, options.onProgress);
    await this.#persist(options.url, options.signal, async (attempt) => {
      const before = part.received;
      try {
        await this.#fetchRest(part, options, meter);
        return { value: undefined, progressed: true };
      } catch (error) {
        // Bytes that came are a reason to go on trying: what remains becomes less.
        attempt.progressed = part.received > before;
        throw error;
      }
    });
    meter.finish(part.received);
  }

  /** One request for what is still missing. */
  async #fetchRest(part: PartFile, options: DownloadOptions, meter: ProgressMeter): Promise<void> {
    const started = performance.now();
    const validator = part.validator;
    const answer = await request(options.url, {
      stallMs: this.#times.stallMs,
      signal: options.signal,
      keepHttps: false,
      ...(validator === undefined ? {} : { resume: { from: part.received, validator } }),
    }).catch(async (error: unknown) => {
      if (!(error instanceof RangeRefused)) throw error;
      await part.restart(options.url, undefined);
      throw new Interrupted('the server has another file now', { cause: error });
    });
    if (answer.resumedFrom !== part.received || validator === undefined) {
      if (answer.resumedFrom !== 0) throw new Interrupted('the server sent another part than asked for');
      await part.restart(options.url, answer.validator);
      meter.restart();
    }
    try {
      await expectSpace(options.destination, answer, part.received);
      for await (const chunk of answer.body) {
        await part.append(chunk);
        meter.update(part.received, answer.total);
      }
      if (answer.total !== undefined && part.received < answer.total) {
        throw new Interrupted(`only ${part.received} of ${answer.total} bytes came`);
      }
      if (answer.total !== undefined && part.received > answer.total) {
        await part.restart(options.url, undefined);
        throw new Interrupted('more bytes came than the server announced');
      }
    } finally {
      answer.close();
      record({
        kind: 'note',
        text: `GET ${shown(options.url)} from byte ${answer.resumedFrom}: ${part.received} bytes are there`,
        data: { durationMs: performance.now() - started },
      });
    }
  }

  /** Repeats `work` while it fails in a way that may pass by itself. */
  async #persist<T>(
    url: string,
    signal: AbortSignal | undefined,
    work: (attempt: { progressed: boolean }) => Promise<{ value: T; progressed: boolean }>,
  ): Promise<T> {
    const delays = this.#times.retryDelaysMs;
    let failures = 0;
    for (;;) {
      const attempt = { progressed: false };
      try {
        return (await work(attempt)).value;
      } catch (error) {
        if (signal?.aborted) {
          throw new DownloadError('aborted', `The download of ${shown(url)} was stopped.`, { cause: error });
        }
        if (!(error instanceof Interrupted)) throw error;
        failures = attempt.progressed ? 1 : failures + 1;
        const wait = delays[failures - 1];
        if (wait === undefined) throw error.final(url);
        record({ kind: 'note', text: `GET ${shown(url)}: ${error.message}; again in ${wait} ms` });
        await delay(wait, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
        if (signal?.aborted) throw new DownloadError('aborted', `The download of ${shown(url)} was stopped.`);
      }
    }
  }
}

async function fileAt(path: string): Promise<DownloadedFile> {
  return { path, size: (await stat(path)).size };
}

/** Says that the disk is too small before it is full. */
async function expectSpace(destination: string, answer: Answer, received: number): Promise<void> {
  if (answer.total === undefined) return;
  const { bavail, bsize } = await statfs(dirname(destination));
  const missing = answer.total - received - bavail * bsize;
  if (missing > 0) throw noSpace(destination, `${Math.ceil(missing / MIB)} MiB more are needed`);
}

const noSpace = (destination: string, detail: string, cause?: unknown): DownloadError =>
  new DownloadError(
    'noSpace',
    `There is not enough space in ${dirname(destination)} for the download: ${detail}. Make room there and start it again; what has come is kept.`,
    { cause },
  );

function localFailure(error: unknown, destination: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT' ? noSpace(destination, 'the disk is full', error) : error;
}
