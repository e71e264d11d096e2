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

/** A number from 0 as a query writes it, of at most so many digits; undefined for anything else. */
export function naturalOf(raw: unknown, digits = 15): number | undefined {
  const text = typeof raw === 'string' || typeof raw === 'number' ? `${raw}` : '';
  return /^\d+$/.test(text) && text.length <= digits ? Number(text) : undefined;
}

function limitOf(raw: unknown, options: { readonly max: number; readonly zeroIsEmpty?: boolean }): number {
  if (raw === undefined || raw === '') return options.max;
  const limit = naturalOf(raw);
  if (limit === undefined) {
    const text = typeof raw === 'string' ? raw : typeof raw === 'number' ? `${raw}` : '';
    throw badRequest(
      `Invalid input for query parameters limit. Value: ${text.slice(0, 40)}. limit must be an integer of at least 0`,
    );
  }
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
