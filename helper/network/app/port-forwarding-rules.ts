import { badRequest } from '../../errors/error.ts';
import type { PortForwardingUpdate } from '../schemas/port-forwarding.ts';
import type { PortForwardingRow } from '../store/port-forwarding.ts';

/** Both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export const badForwarding = (message: string): Error =>
  badRequest(`Bad port_forwarding request: ${message}.`, { type: 'BadRequest' });

const PROTOCOLS: Readonly<Record<string, PortForwardingRow['protocol']>> = {
  tcp: 'tcp',
  '6': 'tcp',
  udp: 'udp',
  '17': 'udp',
  sctp: 'sctp',
  '132': 'sctp',
};

/** @throws {CloudError} badRequest for what has no ports, or none that can be translated. */
export function protocolOf(text: string): PortForwardingRow['protocol'] {
  const known = PROTOCOLS[text.toLowerCase()];
  if (known === undefined)
    throw badRequest(
      `Invalid input for protocol. Reason: '${text}' is not in ['sctp', 'tcp', 'udp'], the protocols whose ports can be forwarded.`,
    );
  return known;
}

/**
 * The range that a body asks for: `<side>_port` or `<side>_port_range`; undefined when it names neither.
 * @throws {CloudError} badRequest on ports outside 1 to 65535 and on ranges that end before they begin.
 */
export function rangeOf(side: 'external' | 'internal', body: PortForwardingUpdate): PortRange | undefined {
  const single = body[`${side}_port`] ?? undefined;
  const asked = body[`${side}_port_range`] ?? single;
  if (asked === undefined) return undefined;
  const [first = 0, last = first] = String(asked).split(':').map(Number);
  for (const port of [first, last]) {
    if (port < 1 || port > 65_535)
      throw badRequest(
        `Invalid input for ${side}_port. Reason: Invalid port value ${port}, the port value must be a value between 1 and 65535.`,
      );
  }
  if (last < first)
    throw badRequest(`Invalid input for ${side}_port_range. Reason: '${asked}' ends before it begins.`);
  if (single !== undefined && Number(single) !== first)
    throw badForwarding(`${side}_port ${single} is not the beginning of ${side}_port_range ${asked}`);
  return { first, last };
}

const meet = (a: PortRange, b: PortRange): boolean => a.first <= b.last && b.first <= a.last;
const text = ({ first, last }: PortRange): string => `${first}:${last}`;

export const externalOf = (row: PortForwardingRow): PortRange => ({
  first: row.external_first,
  last: row.external_last,
});
export const internalOf = (row: PortForwardingRow): PortRange => ({
  first: row.internal_first,
  last: row.internal_last,
});

/**
 * Whether a forwarding may be, beside the others.
 * @param sameFloating others of its floating IP; `samePort` others to its port.
 * @throws {CloudError} BadRequest as neutron: ranges of unlike length, ports that are led somewhere already, two ways
 *   to one inside.
 */
export function checkForwarding(
  row: Omit<PortForwardingRow, 'seq'>,
  sameFloating: readonly PortForwardingRow[],
  samePort: readonly PortForwardingRow[],
): void {
  const external = { first: row.external_first, last: row.external_last };
  const internal = { first: row.internal_first, last: row.internal_last };
  const inside = internal.last - internal.first;
  if (inside > 0 && inside !== external.last - external.first) {
    throw badForwarding(
      'Invalid ranges of internal and/or external ports. The relation between internal and external ports must be N-N or 1-N',
    );
  }
  const collision = (what: string, one: PortRange, other: PortRange): Error =>
    badForwarding(
      `There is a port collision with the ${what}. The following ranges collides: ${text(one)} and ${text(other)}`,
    );
  const others = (rows: readonly PortForwardingRow[]): PortForwardingRow[] =>
    rows.filter((one) => one.id !== row.id && one.protocol === row.protocol);
  for (const one of others(samePort)) {
    if (one.internal_ip_address === row.internal_ip_address && meet(internalOf(one), internal))
      throw collision('internal_port_range', internalOf(one), internal);
  }
  for (const one of others(sameFloating)) {
    if (meet(externalOf(one), external)) throw collision('external_port_range', externalOf(one), external);
  }
}
