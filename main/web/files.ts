import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';

/** What `vite build` makes of renderer/. */
export const WINDOW = join(import.meta.dirname, '..', '..', 'build', 'renderer');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/**
 * What a page of the window may do: scripts of its own origin alone, no other origin at all, not inside a frame.
 * Styles may be inline, since xterm.js and floating elements set them.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** With everything that is served, by either front end. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

export interface WindowFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: Readable;
}

/**
 * A file of the built window. Paths without an extension are routes of the window and get its page.
 * @returns undefined where there is none.
 */
export async function windowFile(directory: string, path: string): Promise<WindowFile | undefined> {
  if (!/^(\/[A-Za-z0-9_][A-Za-z0-9._~%-]*)*\/?$/.test(path) || path.includes('..')) return undefined;
  const extension = extname(path);
  const isRoute = !path.startsWith('/assets/');
  const file = isRoute && TYPES[extension] === undefined ? '/index.html' : path;
  const place = join(directory, file);
  const found = await stat(place).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  return {
    headers: {
      ...SECURITY_HEADERS,
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': String(found.size),
      // Names of assets have their content's digest in them.
      'cache-control': isRoute ? 'no-store' : 'public, max-age=31536000, immutable',
    },
    stream: createReadStream(place),
  };
}
