import { createReadStream } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative } from 'node:path';
import type { RawRoute } from '../http/index.ts';

const PAGE = join(import.meta.dirname, 'page');
/** noVNC's package; its entry is core/rfb.js. */
const NOVNC = dirname(dirname(createRequire(import.meta.url).resolve('@novnc/novnc')));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/**
 * The console page and noVNC's modules. Only files that were there at the start are served, looked up by name in a
 * table: a request's text never becomes a path.
 */
export async function consoleFiles(prefix: string): Promise<readonly RawRoute[]> {
  const files = new Map<string, string>();
  for (const name of await readdir(PAGE)) files.set(`/${name}`, join(PAGE, name));
  for (const directory of ['core', 'vendor']) {
    for (const entry of await readdir(join(NOVNC, directory), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && extname(path) === '.js') files.set(`/novnc/${relative(NOVNC, path)}`, path);
    }
  }
  const html = await readFile(join(PAGE, 'vnc.html'));
  return [
    {
      method: 'GET',
      path: `${prefix}/vnc`,
      handle: (_request, response) => {
        response.writeHead(200, { ...HEADERS, 'content-type': TYPES['.html'] });
        response.end(html);
      },
    },
    {
      method: 'GET',
      path: `${prefix}/*`,
      handle: (_request, response, params) => send(response, files.get(`/${params['*'] ?? ''}`)),
    },
  ];
}

function send(response: ServerResponse, path: string | undefined): void {
  if (path === undefined) {
    response.writeHead(404, { ...HEADERS, 'content-type': 'text/plain' });
    response.end('There is no such file.\n');
    return;
  }
  response.writeHead(200, { ...HEADERS, 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
  createReadStream(path)
    .on('error', () => response.destroy())
    .pipe(response);
}
