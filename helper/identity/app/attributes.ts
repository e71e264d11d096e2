import { badRequest, notFound, type CloudError } from '../../errors/error.ts';

/** What no client may store under its own name: answers or checks use it. */
const RESERVED = new Set([
  'id',
  'links',
  'password_expires_at',
  'password_changed_at',
  'created_at',
  'password_hash',
]);
const MOST_BYTES = 8192;

/** Attributes beyond the known ones, as upstream keeps them. */
export function extrasOf(
  body: Readonly<Record<string, unknown>>,
  known: readonly string[],
): Record<string, unknown> {
  const extras = Object.fromEntries(
    Object.entries(body).filter(([key]) => !known.includes(key) && !RESERVED.has(key)),
  );
  if (JSON.stringify(extras).length > MOST_BYTES)
    throw badRequest(`Additional attributes take more than ${MOST_BYTES} bytes.`);
  return extras;
}

/** Old extras with new ones over them; null takes one away. */
export function mergeExtras(stored: string, changes: Readonly<Record<string, unknown>>): string {
  const merged = { ...parseObject(stored), ...changes };
  const text = JSON.stringify(
    Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)),
  );
  if (text.length > MOST_BYTES) throw badRequest(`Additional attributes take more than ${MOST_BYTES} bytes.`);
  return text;
}

export const parseObject = (text: string): Record<string, unknown> =>
  JSON.parse(text) as Record<string, unknown>;

/** An attribute that may be given again but not changed. */
export function unchanged(what: string, given: unknown, stored: unknown): void {
  if (given !== undefined && given !== stored) throw badRequest(`Cannot change ${what}.`);
}

export const missing = (kind: string, id: string): CloudError => notFound(`Could not find ${kind}: ${id}.`);

/** The thing, or upstream's 404 for it. */
export function present<T>(found: T | undefined, kind: string, id: string): T {
  if (found === undefined) throw missing(kind, id);
  return found;
}
