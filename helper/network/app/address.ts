import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address as a number of its version; arithmetic on addresses is arithmetic on `value`. */
export interface Address {
  readonly version: 4 | 6;
  readonly value: bigint;
}

/** A block of addresses: its first and last one and the length of its prefix. */
export interface Block {
  readonly version: 4 | 6;
  readonly prefix: number;
  readonly first: bigint;
  readonly last: bigint;
}

/** Both ends are included. */
export interface AddressRange {
  readonly first: bigint;
  readonly last: bigint;
}

const bits = (version: 4 | 6): number => (version === 4 ? 32 : 128);

/** Undefined when the text is no address. */
export function parseAddress(text: string): Address | undefined {
  if (!isIPv4(text) && !(isIPv6(text) && !text.includes('%'))) return undefined;
  let value = 0n;
  for (const byte of ipaddr.parse(text).toByteArray()) value = (value << 8n) | BigInt(byte);
  return { version: isIPv4(text) ? 4 : 6, value };
}

/** The canonical text: dotted for version 4, RFC 5952 for version 6. */
export function formatAddress(version: 4 | 6, value: bigint): string {
  const length = bits(version) / 8;
  const bytes = Array.from({ length }, (_, i) => Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn));
  return ipaddr.fromByteArray(bytes).toString();
}

/** 32 hexadecimal digits, whose order as text is that of the numbers. */
export const keyOf = (value: bigint): string => value.toString(16).padStart(32, '0');

export const valueOf = (key: string): bigint => BigInt(`0x${key}`);

/** A block from its notation; host bits are cut off. Undefined when it is none or the prefix is missing. */
export function parseBlock(text: string): Block | undefined {
  const [base = '', length, ...rest] = text.split('/');
  const address = parseAddress(base);
  if (address === undefined || rest.length > 0 || length === undefined || !/^\d{1,3}$/.test(length))
    return undefined;
  const prefix = Number(length);
  const width = bits(address.version);
  if (prefix > width) return undefined;
  const size = 1n << BigInt(width - prefix);
  const first = (address.value / size) * size;
  return { version: address.version, prefix, first, last: first + size - 1n };
}

/** An address in its canonical text; text that is no address stays as it is. */
export function canonical(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address.version, address.value);
}

/** The canonical notation, '10.0.0.0/24'. */
export const formatBlock = (block: Block): string =>
  `${formatAddress(block.version, block.first)}/${block.prefix}`;

export const overlaps = (a: AddressRange, b: AddressRange): boolean => a.first <= b.last && b.first <= a.last;

/**
 * The addresses that a port may have: all of the block, for version 4 without network and broadcast address where
 * the block has those (RFC 3021: a /31 has none), for version 6 without the subnet-router anycast address.
 */
export function usable(block: Block): AddressRange {
  const width = bits(block.version);
  if (block.prefix >= width - 1) return { first: block.first, last: block.last };
  return { first: block.first + 1n, last: block.version === 4 ? block.last - 1n : block.last };
}

/** The address that a host with this MAC address takes in a /64 by itself (RFC 4291, modified EUI-64). */
export function eui64(block: Block, macAddress: string): bigint {
  const octets = macAddress.split(':').map((octet) => BigInt(`0x${octet}`));
  const [first = 0n, ...rest] = octets;
  const whole = [first ^ 2n, ...rest.slice(0, 2), 0xffn, 0xfen, ...rest.slice(2)];
  return block.first + whole.reduce((value, octet) => (value << 8n) | octet, 0n);
}

/** The MAC address behind a link-local address that was made of one; a zone after '%' is passed over. */
export function macOfLinkLocal(text: string): string | undefined {
  const [plain = ''] = text.split('%', 1);
  const address = parseAddress(plain);
  if (address?.version !== 6 || address.value >> 64n !== 0xfe80n << 48n) return undefined;
  const octets = keyOf(address.value).slice(16).match(/../g) ?? [];
  if (octets[3] !== 'ff' || octets[4] !== 'fe') return undefined;
  const first = (Number.parseInt(octets[0] ?? '', 16) ^ 2).toString(16).padStart(2, '0');
  return [first, ...octets.slice(1, 3), ...octets.slice(5)].join(':');
}

/** The pools that a subnet has when none are asked for: all usable addresses but the gateway's. */
export function defaultPools(block: Block, gateway: bigint | undefined): readonly AddressRange[] {
  return without([usable(block)], gateway === undefined ? [] : [gateway]);
}

/** Ranges less single addresses. `taken` must be in rising order. */
export function without(ranges: readonly AddressRange[], taken: readonly bigint[]): AddressRange[] {
  const result: AddressRange[] = [];
  for (const range of ranges) {
    let first = range.first;
    for (const address of taken) {
      if (address < first || address > range.last) continue;
      if (address > first) result.push({ first, last: address - 1n });
      first = address + 1n;
    }
    if (first <= range.last) result.push({ first, last: range.last });
  }
  return result;
}
