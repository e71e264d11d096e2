import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Downloader } from './interface.ts';

/** What a test of the contract needs from its surroundings. */
export interface DownloadWorld {
  readonly downloader: Downloader;
  /** An address with `content` behind it. */
  readonly url: string;
  readonly content: Buffer;
  /** An address of the same server with nothing behind it. */
  readonly missingUrl: string;
  readonly destination: string;
}

/** What every {@link Downloader} does, the simulated one too. */
export function downloaderContract(world: () => DownloadWorld): void {
  const value = (): string => createHash('sha256').update(world().content).digest('hex');

  it('downloads a file and reports its end', async () => {
    const { downloader, url, content, destination } = world();
    const seen: number[] = [];
    const file = await downloader.download({
      url,
      destination,
      checksum: { algorithm: 'sha256', value: value().toUpperCase() },
      onProgress: ({ received }) => seen.push(received),
    });
    expect(file).toEqual({ path: destination, size: content.length });
    expect(seen.at(-1)).toBe(content.length);
  });

  it('refuses content with another checksum', async () => {
    const { downloader, url, destination } = world();
    const wrong = '0'.repeat(64);
    const attempt = downloader.download({
      url,
      destination,
      checksum: { algorithm: 'sha256', value: wrong },
    });
    await expect(attempt).rejects.toMatchObject({ reason: 'checksum' });
    await expect(attempt).rejects.toThrow(value());
    await expect(attempt).rejects.toThrow(wrong);
  });

  it('says that there is no such file', async () => {
    const { downloader, missingUrl, destination } = world();
    const checksum = { algorithm: 'sha256', value: value() } as const;
    await expect(downloader.download({ url: missingUrl, destination, checksum })).rejects.toMatchObject({
      reason: 'notFound',
    });
    await expect(downloader.fetchText(missingUrl)).rejects.toMatchObject({ reason: 'notFound' });
  });

  it('refuses other kinds of address', async () => {
    const { downloader, destination } = world();
    const checksum = { algorithm: 'sha256', value: value() } as const;
    for (const url of ['file:///etc/passwd', 'ftp://127.0.0.1/x', 'no address', '-o']) {
      await expect(downloader.download({ url, destination, checksum })).rejects.toMatchObject({
        reason: 'badUrl',
      });
    }
  });

  it('obeys a signal that was given before', async () => {
    const { downloader, url, destination } = world();
    const checksum = { algorithm: 'sha256', value: value() } as const;
    await expect(
      downloader.download({ url, destination, checksum, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ reason: 'aborted' });
  });
}
