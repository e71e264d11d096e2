import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Checks of values that become words of a batch file or a ruleset. All of them come from the database, where the API
 * has validated them; here is the last line, so that a hole above never becomes an option, a rule or a second line.
 */

function refuse(what: string, value: string): never {
  throw new TypeError(`${JSON.stringify(value)} is no ${what}`);
}

export function deviceWord(value: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(value) ? value : refuse('device name', value);
}

export function namespaceWord(value: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(value) ? value : refuse('namespace name', value);
}

export function idWord(value: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(value) ? value : refuse('id', value);
}

/** @returns the address in lower case */
export function macWord(value: string): string {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value) ? value.toLowerCase() : refuse('MAC address', value);
}

export function integerWord(value: number, low: number, high: number, what: string): number {
  return Number.isInteger(value) && value >= low && value <= high ? value : refuse(what, String(value));
}

/** An address or network, in one spelling: host bits cleared, IPv6 short and in lower case. */
export interface Cidr {
  readonly family: 4 | 6;
  /** Canonical text without a prefix. */
  readonly address: string;
  readonly prefix: number;
  /** The address as a number. */
  readonly value: bigint;
}

function parse(text: string, keepHostBits: boolean): Cidr | undefined {
  const [address = '', length, more] = text.split('/');
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes('%') ? 6 : undefined;
  if (family === undefined || more !== undefined || (length !== undefined && !/^\d{1,3}$/.test(length)))
    return;
  const bits = family === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return;
  const full = ipaddr.parse(address).toByteArray();
  let value = 0n;
  for (const byte of full) value = (value << 8n) | BigInt(byte);
  const free = BigInt(bits - prefix);
  if (!keepHostBits) value = (value >> free) << free;
  const bytes = full.map((_, index) => Number((value >> BigInt(8 * (full.length - 1 - index))) & 0xffn));
  // RFC 5952, as iproute2 and nft print addresses.
  const shown = ipaddr.fromByteArray(bytes).toString();
  return { family, address: shown, prefix, value };
}

/** A network; host bits are cleared. A bare address is a network of one. */
export function network(text: string): Cidr {
  return parse(text, false) ?? refuse('IP network', text);
}

/** An interface's address with its prefix length, host bits kept. */
export function interfaceAddress(text: string): Cidr {
  return parse(text, true) ?? refuse('IP address', text);
}

/** A bare address. */
export function address(text: string): Cidr {
  const parsed = text.includes('/') ? undefined : parse(text, true);
  return parsed ?? refuse('IP address', text);
}

/** 'address' or 'address/prefix' where the prefix says something. */
export function cidrText(cidr: Cidr): string {
  return cidr.prefix === (cidr.family === 4 ? 32 : 128) ? cidr.address : `${cidr.address}/${cidr.prefix}`;
}

function contains(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || outer.prefix > inner.prefix) return false;
  const free = BigInt((outer.family === 4 ? 32 : 128) - outer.prefix);
  return inner.value >> free === outer.value >> free;
}

/** Without repetitions and without what another one contains (nft refuses overlapping intervals), sorted. */
export function disjoint(networks: readonly Cidr[]): readonly Cidr[] {
  const sorted = [...networks].sort((a, b) =>
    a.value === b.value ? a.prefix - b.prefix : a.value < b.value ? -1 : 1,
  );
  const kept: Cidr[] = [];
  for (const next of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !contains(last, next)) kept.push(next);
  }
  return kept;
}

/** The link-local address that a MAC address makes (RFC 4291, modified EUI-64). */
export function linkLocal(macAddress: string): Cidr {
  const octets = macWord(macAddress)
    .split(':')
    .map((octet) => Number.parseInt(octet, 16));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = octets;
  const words = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return address(`fe80::${words.map((word) => word.toString(16)).join(':')}`);
}
