import { gatewayDevice } from '../names.ts';
import { address, integerWord } from '../values.ts';
import type { Rate } from '../link/interface.ts';
import type { AddressLimit, RouterSpec } from './interface.ts';

/** Packets come in bundles of up to 64 KiB, each of which has to fit. */
const LEAST_BURST = 131_072;

function over(rate: Rate): string {
  const bytes = integerWord(rate.kbps, 1, 0xffffffff, 'rate in kbit/s') * 125;
  const asked = integerWord(rate.burstKbit, 0, 0xffffffff, 'burst in kbit') * 125;
  const burst = Math.min(Math.max(asked, LEAST_BURST, Math.ceil(bytes / 10)), 0xffffffff);
  return `limit rate over ${bytes} bytes/second burst ${burst} bytes drop`;
}

/**
 * Chains that limit addresses of the gateway: before anything is translated inwards, and after everything is outwards,
 * so that an address is always the outside's. Nothing without a limit.
 */
export function limitChains(spec: RouterSpec): string {
  const limits = spec.gateway === undefined ? [] : (spec.limits ?? []);
  if (spec.gateway === undefined || limits.length === 0) return '';
  const device = gatewayDevice(spec.gateway.portId);
  const sorted = [...limits].sort((a, b) => (a.address < b.address ? -1 : 1));
  const rules = (direction: 'ingress' | 'egress', match: string): string =>
    sorted.map((limit) => rule(limit, direction, match)).join('');
  return [
    '  chain limit_in {\n    type filter hook prerouting priority -300; policy accept;\n',
    rules('ingress', `iifname "${device}" %s daddr`),
    '  }\n  chain limit_out {\n    type filter hook postrouting priority 300; policy accept;\n',
    rules('egress', `oifname "${device}" %s saddr`),
    '  }\n',
  ].join('');
}

function rule(limit: AddressLimit, direction: 'ingress' | 'egress', match: string): string {
  const rate = limit.shaping[direction];
  if (rate === undefined) return '';
  const ip = address(limit.address);
  return `    ${match.replace('%s', ip.family === 4 ? 'ip' : 'ip6')} ${ip.address} ${over(rate)}\n`;
}
