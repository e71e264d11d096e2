/** IP addresses as numbers: what forms need to check a text and to propose one. No library: it is this much. */
export type IpVersion = 4 | 6;

export interface Ip {
  readonly version: IpVersion;
  readonly value: bigint;
}

export interface Block {
  readonly version: IpVersion;
  readonly prefix: number;
  readonly first: bigint;
  readonly last: bigint;
}

const BITS = { 4: 32, 6: 128 } as const;

/** An address from its text (RFC 4291's forms for IPv6); undefined when it is none. */
export function parseIp(text: string): Ip | undefined {
  const trimmed = text.trim();
  const value = trimmed.includes(':') ? parseV6(trimmed) : parseV4(trimmed);
  return value === undefined ? undefined : { version: trimmed.includes(':') ? 6 : 4, value };
}

function parseV4(text: string): bigint | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const octets = text.split('.').map(Number);
  if (octets.some((one) => one > 255)) return undefined;
  return octets.reduce((sum, one) => sum * 256n + BigInt(one), 0n);
}

function parseV6(text: string): bigint | undefined {
  if (!/^[0-9a-fA-F:.]+$/.test(text)) return undefined;
  let rest = text;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    const four = parseV4(dotted[2] ?? '');
    if (four === undefined) return undefined;
    rest = `${dotted[1] ?? ''}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
  }
  const halves = rest.split('::');
  if (halves.length > 2) return undefined;
  const words = halves.map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail = []] = words;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array.from({ length: halves.length === 1 ? 0 : missing }, () => '0'), ...tail];
  if (all.some((one) => !/^[0-9a-fA-F]{1,4}$/.test(one))) return undefined;
  return all.reduce((sum, one) => sum * 65_536n + BigInt(`0x${one}`), 0n);
}

/** An address as text; IPv6 as RFC 5952 has it. */
export function formatIp({ version, value }: Ip): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const words = Array.from({ length: 8 }, (_, at) =>
    ((value >> BigInt(112 - at * 16)) & 0xffffn).toString(16),
  );
  const zeros = [...words.join(':').matchAll(/(?:^|:)(0(?::0)+)(?=:|$)/g)].sort(
    (a, b) => (b[1] ?? '').length - (a[1] ?? '').length,
  )[0];
  if (zeros === undefined) return words.join(':');
  const text = words.join(':');
  const start = zeros.index + (zeros[0].startsWith(':') ? 1 : 0);
  const before = text.slice(0, start).replace(/:$/, '');
  const after = text.slice(start + (zeros[1] ?? '').length).replace(/^:/, '');
  return `${before}::${after}`;
}

/** A network from '10.0.0.0/24'; undefined when it is none, also when bits of hosts are set. */
export function parseCidr(text: string): Block | undefined {
  const [address = '', length = '', ...more] = text.trim().split('/');
  const ip = parseIp(address);
  if (ip === undefined || more.length > 0 || !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = Number(length);
  const bits = BITS[ip.version];
  if (prefix > bits) return undefined;
  const size = 1n << BigInt(bits - prefix);
  if (ip.value % size !== 0n) return undefined;
  return { version: ip.version, prefix, first: ip.value, last: ip.value + size - 1n };
}

/** An address or a network of either version. */
export const isAddressOrNetwork = (text: string): boolean =>
  parseIp(text) !== undefined || parseCidr(text) !== undefined;

export const within = (block: Block, ip: Ip): boolean =>
  ip.version === block.version && ip.value >= block.first && ip.value <= block.last;

export const overlap = (a: Block, b: Block): boolean =>
  a.version === b.version && a.first <= b.last && b.first <= a.last;

/** The address that a router usually has: the first that a host may have. */
export function firstHost(block: Block): string {
  const hosts = block.last - block.first;
  return formatIp({ version: block.version, value: block.first + (hosts > 1n ? 1n : 0n) });
}

const FIRST_TENS = 10;

/** A private /24 (RFC 1918) that overlaps none of the given networks: 10.10.0.0/24, 10.11.0.0/24, ... */
export function freeV4(taken: readonly string[]): string {
  const blocks = taken.flatMap((one) => parseCidr(one) ?? []);
  for (let n = 0; n < 65_536; n += 1) {
    const second = (FIRST_TENS + (n % 256)) % 256;
    const cidr = `10.${second}.${Math.floor(n / 256)}.0/24`;
    const block = parseCidr(cidr);
    if (block !== undefined && !blocks.some((one) => overlap(one, block))) return cidr;
  }
  return '192.168.0.0/24';
}

/** A /64 of a random unique local prefix (RFC 4193), so that it meets no other network. @param random 5 bytes */
export function freeV6(
  taken: readonly string[],
  random: Uint8Array = crypto.getRandomValues(new Uint8Array(5)),
): string {
  const blocks = taken.flatMap((one) => parseCidr(one) ?? []);
  const id = [...random].reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0xfdn);
  for (let subnet = 1n; ; subnet += 1n) {
    const first = ((id << 16n) | subnet) << 64n;
    const cidr = `${formatIp({ version: 6, value: first })}/64`;
    const block = parseCidr(cidr);
    if (block !== undefined && !blocks.some((one) => overlap(one, block))) return cidr;
  }
}

/** How many addresses are in ranges, as a number that may be rounded. */
export const sizeOf = (pools: readonly { readonly start: string; readonly end: string }[]): number =>
  pools.reduce((sum, { start, end }) => {
    const [from, to] = [parseIp(start), parseIp(end)];
    return from === undefined || to === undefined ? sum : sum + Number(to.value - from.value + 1n);
  }, 0);
