import { badRequest, notAcceptable } from '../errors/error.ts';

/**
 * A microversion 'X.Y' as one comparable number: X * 1000 + Y. 2.60 is 2060, later than 2.9 (2009).
 */
export type Microversion = number;

/** Parses 'X.Y'. Undefined when it is not of that form. */
export function parseMicroversion(text: string): Microversion | undefined {
  const match = /^([1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  return match ? Number(match[1]) * 1000 + Number(match[2]) : undefined;
}

/** The literals of the source; a page of servers compares with some of them for each server. */
const literals = new Map<string, Microversion>();

/** 'X.Y' literal to number, for tables. @throws {RangeError} on a malformed literal. */
export function mv(text: `${number}.${number}`): Microversion {
  const known = literals.get(text);
  if (known !== undefined) return known;
  const version = parseMicroversion(text);
  if (version === undefined) throw new RangeError(`'${text}' is no microversion`);
  literals.set(text, version);
  return version;
}

/** The number as 'X.Y'. */
export const formatMicroversion = (version: Microversion): string =>
  `${Math.floor(version / 1000)}.${version % 1000}`;

/** Which microversions a service has and in which request headers it is asked for them. */
export interface MicroversionRange {
  readonly min: Microversion;
  readonly max: Microversion;
  /** Service type in `OpenStack-API-Version: <type> X.Y`. */
  readonly type: string;
  /** An older header that holds only 'X.Y', as `X-OpenStack-Nova-API-Version`. */
  readonly legacyHeader?: string;
}

/**
 * The microversion that a request asks for (api-wg microversion specification): the minimum without a header,
 * 'latest' is the maximum, out of range is 406, malformed is 400.
 */
export function negotiate(
  range: MicroversionRange,
  header: (name: string) => string | undefined,
): Microversion {
  const asked = askedVersion(range, header);
  if (asked === undefined) return range.min;
  if (asked === 'latest') return range.max;
  const version = parseMicroversion(asked);
  if (version === undefined) {
    throw badRequest(
      `API Version String ${asked} is of invalid format. Must be of format MajorNum.MinorNum.`,
    );
  }
  if (version < range.min || version > range.max) {
    throw notAcceptable(
      `Version ${asked} is not supported by the API. Minimum is ${formatMicroversion(range.min)} and maximum is ${formatMicroversion(range.max)}.`,
    );
  }
  return version;
}

function askedVersion(
  range: MicroversionRange,
  header: (name: string) => string | undefined,
): string | undefined {
  const standard = header('openstack-api-version');
  if (standard !== undefined) {
    for (const part of standard.split(',')) {
      const [type, version] = part.trim().split(/\s+/, 2);
      if (type?.toLowerCase() === range.type && version !== undefined) return version.toLowerCase();
    }
  }
  if (range.legacyHeader === undefined) return undefined;
  return header(range.legacyHeader.toLowerCase())?.trim().toLowerCase();
}
