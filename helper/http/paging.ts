import { badRequest } from '../errors/error.ts';

/** Which part of a list is asked for. */
export interface Page {
  readonly limit: number;
  /** Id after which the page begins. */
  readonly marker?: string;
}

/**
 * `limit` and `marker` of a query. A limit over `max` is cut to it, as nova and neutron do; 0 is taken as `max`
 * where upstream does so (nova's `limit=0` gives an empty page: pass zeroIsEmpty).
 * @throws {CloudError} badRequest for a limit that is no number or negative.
 */
export function pageOf(
  query: { readonly limit?: unknown; readonly marker?: unknown },
  options: { readonly max: number; readonly zeroIsEmpty?: boolean },
): Page {
  const marker = typeof query.marker === 'string' && query.marker !== '' ? query.marker : undefined;
  return { limit: limitOf(query.limit, options), ...(marker === undefined ? {} : { marker }) };
}

function limitOf(raw: unknown, options: { readonly max: number; readonly zeroIsEmpty?: boolean }): number {
  if (raw === undefined || raw === '') return options.max;
  const text = typeof raw === 'string' || typeof raw === 'number' ? `${raw}` : '';
  if (!/^\d{1,15}$/.test(text)) {
    throw badRequest(
      `Invalid input for query parameters limit. Value: ${text.slice(0, 40)}. limit must be an integer of at least 0`,
    );
  }
  const limit = Number(text);
  if (limit === 0) return options.zeroIsEmpty ? 0 : options.max;
  return Math.min(limit, options.max);
}

/** The request's own URL with another marker, for `next` links. */
export function nextLink(
  base: string,
  path: string,
  query: Readonly<Record<string, unknown>>,
  marker: string,
): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (key === 'marker') continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) parameters.append(key, String(one));
    }
  }
  parameters.set('marker', marker);
  return `${base}${path}?${parameters.toString()}`;
}
