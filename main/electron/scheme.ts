import { Readable } from 'node:stream';
import { protocol } from 'electron';
import { DOWNLOAD_PREFIX, type Shell } from '../shell/index.ts';
import { SECURITY_HEADERS, WINDOW, windowFile } from '../web/files.ts';

const SCHEME = 'deskcloud-window';
const HOST = 'window';

/** The origin of the window's page: a scheme of its own instead of file://, so that it has an origin at all. */
export const ORIGIN = `${SCHEME}://${HOST}`;

/** Before the app is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the built window and downloads, and nothing else, with the headers that the loopback listener sends. */
export function serveScheme(shell: Shell): void {
  protocol.handle(SCHEME, async (request) => {
    const url = new URL(request.url);
    // Node's URL gives 'null' as the origin of every scheme that it does not know.
    if (request.method !== 'GET' || url.host !== HOST) return refusal(405);
    if (url.pathname.startsWith(DOWNLOAD_PREFIX)) {
      const download = await shell.download(url.pathname.slice(DOWNLOAD_PREFIX.length));
      if (download === undefined) return refusal(404);
      return new Response(download.stream as ReadableStream<Uint8Array<ArrayBuffer>>, {
        headers: {
          ...SECURITY_HEADERS,
          'content-type': 'application/octet-stream',
          'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(download.name)}`,
          ...(download.size === null ? {} : { 'content-length': download.size }),
        },
      });
    }
    const file = await windowFile(WINDOW, url.pathname);
    if (file === undefined) return refusal(404);
    return new Response(Readable.toWeb(file.stream) as ReadableStream<Uint8Array<ArrayBuffer>>, {
      headers: file.headers,
    });
  });
}

const refusal = (status: number): Response => new Response(null, { status, headers: SECURITY_HEADERS });
