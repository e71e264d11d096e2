import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloaderContract } from './contract.ts';
import { FakeDownloader } from './fake.ts';
import type { DownloadProgress } from './interface.ts';
import { LinuxDownloader } from './linux.ts';

const content = randomBytes(300_000);
const checksum = { algorithm: 'sha256', value: createHash('sha256').update(content).digest('hex') } as const;
const downloader = new LinuxDownloader({ retryDelaysMs: [1, 1, 1], stallMs: 200 });

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let handlers: Handler[];
let requests: IncomingMessage[];
let base: string;
let directory: string;
let destination: string;

/** Serves the file as a good server does; `etag` names the version. */
const serve =
  (etag: string, bytes = content): Handler =>
  (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from > 0 && request.headers['if-range'] === etag) {
      response.writeHead(206, {
        etag,
        'content-length': bytes.length - from,
        'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      });
      response.end(bytes.subarray(from));
    } else {
      response.writeHead(200, { etag, 'content-length': bytes.length });
      response.end(bytes);
    }
  };

/** Set while a server waits to break its connection until the downloader has got something. */
let breakConnection: (() => void) | undefined;

/** Sends the first bytes of the file and breaks the connection when they have come. */
const breakAfter =
  (count: number, headers: Record<string, string> = { etag: '"one"' }): Handler =>
  (_request, response) => {
    response.writeHead(200, { ...headers, 'content-length': content.length });
    response.write(content.subarray(0, count));
    breakConnection = () => response.destroy();
  };

beforeEach(async () => {
  handlers = [];
  requests = [];
  breakConnection = undefined;
  server = createServer((request, response) => {
    requests.push(request);
    // The last handler serves all further requests.
    const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
    if (request.url === '/missing' || handler === undefined) response.writeHead(404).end();
    else handler(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  directory = await mkdtemp(join(tmpdir(), 'deskcloud-download-'));
  destination = join(directory, 'image.qcow2');
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

const download = (url = `${base}/image`): ReturnType<LinuxDownloader['download']> =>
  downloader.download({
    url,
    destination,
    checksum,
    onProgress: () => breakConnection?.(),
  });

async function expectComplete(): Promise<void> {
  expect(await readdir(directory)).toEqual(['image.qcow2']);
  expect((await readFile(destination)).equals(content)).toBe(true);
}

describe('the simulated downloader', () => {
  const url = 'https://images.example/image.qcow2';
  downloaderContract(() => ({
    downloader: new FakeDownloader(new Map([[url, content]])),
    url,
    content,
    missingUrl: 'https://images.example/missing',
    destination: '/image.qcow2',
  }));
});

describe('the downloader', () => {
  downloaderContract(() => {
    handlers = [serve('"one"')];
    return { downloader, url: `${base}/image`, content, missingUrl: `${base}/missing`, destination };
  });

  it('goes on where a connection broke', async () => {
    handlers = [breakAfter(100_000), serve('"one"')];
    await download();
    await expectComplete();
    expect(requests[1]?.headers).toMatchObject({ 'if-range': '"one"' });
    expect(requests[1]?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it('goes on where an earlier call was stopped', async () => {
    const stop = new AbortController();
    handlers = [
      (_request, response) => {
        response.writeHead(200, { etag: '"one"', 'content-length': content.length });
        response.write(content.subarray(0, 50_000));
      },
    ];
    const attempt = downloader.download({
      url: `${base}/image`,
      destination,
      checksum,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(attempt).rejects.toMatchObject({ reason: 'aborted' });
    expect((await readdir(directory)).sort()).toEqual(['image.qcow2.part', 'image.qcow2.part.json']);
    handlers = [serve('"one"')];
    await download();
    await expectComplete();
    expect(requests[1]?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it('begins anew when the file has changed meanwhile', async () => {
    handlers = [
      (_request, response) => {
        response.writeHead(200, { etag: '"old"', 'content-length': content.length });
        response.write(randomBytes(100_000), () => response.destroy());
      },
      serve('"new"'),
    ];
    await download();
    await expectComplete();
    expect(requests).toHaveLength(2);
  });

  it('begins anew when the server offers nothing to go on with', async () => {
    handlers = [breakAfter(100_000, { etag: 'W/"weak"' }), serve('"one"')];
    await download();
    await expectComplete();
    expect(requests[1]?.headers.range).toBeUndefined();
  });

  it('begins anew when the part is longer than the file', async () => {
    await writeFile(`${destination}.part`, randomBytes(content.length + 10));
    await writeFile(`${destination}.part.json`, JSON.stringify({ url: `${base}/image`, validator: '"one"' }));
    handlers = [(_request, response) => response.writeHead(416).end(), serve('"one"')];
    await download();
    await expectComplete();
    expect(requests).toHaveLength(2);
  });

  it('takes a part of another address for nothing', async () => {
    await writeFile(`${destination}.part`, randomBytes(1000));
    await writeFile(`${destination}.part.json`, JSON.stringify({ url: `${base}/other`, validator: '"one"' }));
    handlers = [serve('"one"')];
    await download();
    await expectComplete();
    expect(requests[0]?.headers.range).toBeUndefined();
  });

  it('asks for nothing when everything is there', async () => {
    handlers = [serve('"one"')];
    await download();
    await download();
    expect(requests).toHaveLength(1);
    await writeFile(`${destination}.part`, content);
    await writeFile(`${destination}.part.json`, JSON.stringify({ url: `${base}/image`, validator: '"one"' }));
    await rm(destination);
    await download();
    await expectComplete();
    expect(requests).toHaveLength(1);
  });

  it('removes content with another checksum', async () => {
    handlers = [serve('"one"', randomBytes(1000))];
    await expect(download()).rejects.toMatchObject({ reason: 'checksum' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('gives up on a connection that breaks again and again, and keeps what came', async () => {
    handlers = [breakAfter(1000), (_request, response) => response.destroy()];
    await expect(download()).rejects.toMatchObject({ reason: 'interrupted' });
    expect(requests).toHaveLength(4);
    expect((await readFile(`${destination}.part`)).length).toBeGreaterThan(0);
  });

  it('takes a silent connection for a broken one', async () => {
    handlers = [
      (_request, response) => {
        response.writeHead(200, { etag: '"one"', 'content-length': content.length });
        response.write(content.subarray(0, 5000));
      },
      serve('"one"'),
    ];
    await download();
    await expectComplete();
    expect(requests[1]?.headers.range).toBe('bytes=5000-');
  });

  it('tries again when the server is busy, and not when it refuses', async () => {
    handlers = [(_request, response) => response.writeHead(503).end(), serve('"one"')];
    await download();
    await expectComplete();
    await rm(destination);
    handlers = [(_request, response) => response.writeHead(403).end()];
    requests = [];
    await expect(download()).rejects.toMatchObject({ reason: 'refused' });
    expect(requests).toHaveLength(1);
  });

  it('follows redirects, and not for ever', async () => {
    handlers = [
      (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
      serve('"one"'),
    ];
    await download();
    await expectComplete();
    expect(requests[1]?.url).toBe('/elsewhere');
    await rm(destination);
    handlers = [(_request, response) => response.writeHead(301, { location: '/image' }).end()];
    await expect(download()).rejects.toMatchObject({ reason: 'tooManyRedirects' });
    handlers = [(_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end()];
    await expect(download()).rejects.toMatchObject({ reason: 'badUrl' });
  });

  it('says how fast it goes', async () => {
    const seen: DownloadProgress[] = [];
    handlers = [
      (_request, response) => {
        response.writeHead(200, { 'content-length': content.length });
        let at = 0;
        const timer = setInterval(() => {
          response.write(content.subarray(at, (at += 60_000)));
          if (at < content.length) return;
          clearInterval(timer);
          response.end();
        }, 120);
      },
    ];
    const url = `${base}/image`;
    await downloader.download({ url, destination, checksum, onProgress: (progress) => seen.push(progress) });
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(seen.length).toBeLessThan(6);
    expect(seen.at(-1)).toMatchObject({ received: content.length, total: content.length });
    expect(seen.at(-1)?.bytesPerSecond).toBeGreaterThan(100_000);
    expect(seen.at(-1)?.bytesPerSecond).toBeLessThan(1_000_000);
  });

  it('says beforehand that the disk is too small', async () => {
    handlers = [
      (_request, response) => {
        response.writeHead(200, { etag: '"one"', 'content-length': Number.MAX_SAFE_INTEGER });
        response.write(content);
      },
    ];
    await expect(download()).rejects.toMatchObject({ reason: 'noSpace' });
  });

  it('says that nobody answers, and hides what a URL keeps secret', async () => {
    server.close();
    await once(server, 'close');
    const attempt = download(`${base}/image?token=secret`);
    await expect(attempt).rejects.toMatchObject({ reason: 'unreachable' });
    await expect(attempt).rejects.toThrow(/internet connection/);
    await expect(attempt).rejects.not.toThrow(/secret/);
    await expect(download('http://user:secret@127.0.0.1/')).rejects.toMatchObject({ reason: 'badUrl' });
    await expect(download('http://no-such-host.invalid/image')).rejects.toMatchObject({
      reason: 'unreachable',
    });
  });

  it('reads a checksum file, and no endless one', async () => {
    handlers = [(_request, response) => response.end(`${checksum.value}  image\n`)];
    expect(await downloader.fetchText(`${base}/SHA256SUMS`)).toBe(`${checksum.value}  image\n`);
    handlers = [(_request, response) => response.end(Buffer.alloc(2 * 1024 * 1024, 'a'))];
    await expect(downloader.fetchText(`${base}/SHA256SUMS`)).rejects.toMatchObject({ reason: 'refused' });
  });
});
