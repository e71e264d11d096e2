import type { PortFilter, PortQos } from '../host/net/firewall/interface.ts';
import type { Rate, Shaping } from '../host/net/link/interface.ts';
import type { QosRuleRow } from './store/qos.ts';

/** A rate of nothing is no limit, as in neutron's drivers. */
function rateOf(rules: readonly QosRuleRow[], direction: 'ingress' | 'egress'): Rate | undefined {
  const rule = rules.find((one) => one.type === 'bandwidth_limit' && one.direction === direction);
  if (rule === undefined || (rule.max_kbps ?? 0) === 0) return undefined;
  return { kbps: rule.max_kbps ?? 0, burstKbit: rule.max_burst_kbps ?? 0 };
}

/** Limits of bits from a policy's rules: for taps, floating IPs and gateways. */
export function shapingOf(rules: readonly QosRuleRow[]): Shaping {
  const ingress = rateOf(rules, 'ingress');
  const egress = rateOf(rules, 'egress');
  return { ...(ingress === undefined ? {} : { ingress }), ...(egress === undefined ? {} : { egress }) };
}

export const isLimited = (shaping: Shaping): boolean =>
  shaping.ingress !== undefined || shaping.egress !== undefined;

function packets(rules: readonly QosRuleRow[], direction: 'ingress' | 'egress') {
  const rule = rules.find((one) => one.type === 'packet_rate_limit' && one.direction === direction);
  if (rule === undefined || (rule.max_kpps ?? 0) === 0) return {};
  const packetsPerSecond = (rule.max_kpps ?? 0) * 1000;
  const burst = (rule.max_burst_kpps ?? 0) * 1000;
  return { [direction]: { packetsPerSecond, burst: burst === 0 ? Math.ceil(packetsPerSecond / 10) : burst } };
}

/** What the packet filter keeps of a policy. */
export function portQos(rules: readonly QosRuleRow[]): Pick<PortFilter, 'qos'> {
  const dscp = rules.find((one) => one.type === 'dscp_marking')?.dscp_mark ?? undefined;
  const qos: PortQos = {
    ...(dscp === undefined ? {} : { dscp }),
    ...packets(rules, 'egress'),
    ...packets(rules, 'ingress'),
  };
  return Object.keys(qos).length === 0 ? {} : { qos };
}
