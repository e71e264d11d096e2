import { address } from '../values.ts';

/** Ethernet frames in hexadecimal, for tests that forge them. */

const hex = (value: number, octets: number): string => value.toString(16).padStart(octets * 2, '0');
const mac = (text: string): string => text.replaceAll(':', '');
const ip = (text: string): string => {
  const { family, value } = address(text);
  return value.toString(16).padStart(family === 4 ? 8 : 32, '0');
};

export const BROADCAST = 'ff:ff:ff:ff:ff:ff';

export function frame(goal: string, source: string, type: number, payload: string): string {
  return mac(goal) + mac(source) + hex(type, 2) + payload.padEnd(92, '0');
}

function checksum(text: string): string {
  let sum = 0;
  for (let at = 0; at < text.length; at += 4)
    sum += Number.parseInt(text.slice(at, at + 4).padEnd(4, '0'), 16);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return hex(~sum & 0xffff, 2);
}

export interface Arp {
  readonly operation: 1 | 2;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetIp: string;
}

export function arp({ operation, senderMac, senderIp, targetIp }: Arp): string {
  return `000108000604${hex(operation, 2)}${mac(senderMac)}${ip(senderIp)}${'00'.repeat(6)}${ip(targetIp)}`;
}

export function ipv4(source: string, goal: string, protocol: number, payload: string): string {
  const head = `4500${hex(20 + payload.length / 2, 2)}0001000040${hex(protocol, 1)}`;
  const rest = ip(source) + ip(goal);
  return `${head}${checksum(`${head}0000${rest}`)}${rest}${payload}`;
}

/** UDP without a checksum (IPv4 allows it). */
export function udp(source: number, goal: number, data: string): string {
  return `${hex(source, 2)}${hex(goal, 2)}${hex(8 + data.length / 2, 2)}0000${data}`;
}

/** @param next protocol number of the first header in `payload` */
export function ipv6(source: string, goal: string, next: number, payload: string): string {
  return `60000000${hex(payload.length / 2, 2)}${hex(next, 1)}ff${ip(source)}${ip(goal)}${payload}`;
}

/** An upper-layer message with its checksum; `payload` has zeros where the checksum goes, at octet `at`. */
export function checksummed6(
  source: string,
  goal: string,
  protocol: number,
  payload: string,
  at: number,
): string {
  const pseudo = `${ip(source)}${ip(goal)}${hex(payload.length / 2, 4)}${hex(protocol, 4)}`;
  return payload.slice(0, at * 2) + checksum(pseudo + payload) + payload.slice(at * 2 + 4);
}

export function icmp6(source: string, goal: string, type: number, body: string): string {
  return checksummed6(source, goal, 58, `${hex(type, 1)}000000${body}`, 2);
}

export const ipHex = ip;
export const macHex = mac;
export const number = hex;
