import { createHash } from 'node:crypto';
import { DownloadError, type DownloadedFile, type Downloader, type DownloadOptions } from './interface.ts';

/** A {@link Downloader} without network and disk: files by URL, given by who makes it. */
export class FakeDownloader implements Downloader {
  /** What was downloaded, by destination. */
  readonly files = new Map<string, Uint8Array>();
  readonly #internet: ReadonlyMap<string, Uint8Array>;

  constructor(internet: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#internet = internet;
  }

  async download(options: DownloadOptions): Promise<DownloadedFile> {
    const { url, destination, checksum } = options;
    if (options.signal?.aborted) throw new DownloadError('aborted', `The download of ${url} was stopped.`);
    const content = this.#content(url);
    const actual = createHash(checksum.algorithm).update(content).digest('hex');
    if (actual !== checksum.value.toLowerCase()) {
      throw new DownloadError(
        'checksum',
        `The file from ${url} is not the one that was promised: its ${checksum.algorithm} checksum is ${actual}, expected ${checksum.value}.`,
      );
    }
    this.files.set(destination, content);
    options.onProgress?.({ received: content.length, total: content.length, bytesPerSecond: 0 });
    return { path: destination, size: content.length };
  }

  async fetchText(url: string): Promise<string> {
    return new TextDecoder().decode(this.#content(url));
  }

  #content(url: string): Uint8Array {
    const protocol = URL.parse(url)?.protocol;
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw new DownloadError('badUrl', `${url} is no http or https address.`);
    }
    const content = this.#internet.get(url);
    if (content === undefined) throw new DownloadError('notFound', `There is no file at ${url} (simulated).`);
    return content;
  }
}
