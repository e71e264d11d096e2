import { routerDevice } from '../names.ts';
import { cidrText, integerWord, network } from '../values.ts';
import type { FirewallRule, PortSpan, RouterFirewall } from './interface.ts';

/** Chains of firewall groups at a router's interfaces; nothing without one. */
export function firewallChains(firewalls: readonly RouterFirewall[]): string {
  if (firewalls.length === 0) return '';
  const sorted = [...firewalls].sort((a, b) => (a.portId < b.portId ? -1 : 1));
  const jumps = sorted.flatMap(({ portId }) => {
    const device = routerDevice(portId);
    return [
      `    oifname "${device}" jump ${chainName('ingress', portId)}`,
      `    iifname "${device}" jump ${chainName('egress', portId)}`,
    ];
  });
  return [
    ...sorted.flatMap((one) => [
      chain(chainName('ingress', one.portId), one.ingress),
      chain(chainName('egress', one.portId), one.egress),
    ]),
    '  chain firewall {\n    type filter hook forward priority 0; policy accept;\n',
    `${jumps.join('\n')}\n  }\n`,
  ].join('');
}

const chainName = (direction: 'ingress' | 'egress', portId: string): string =>
  `${direction}_${routerDevice(portId).slice(3).replaceAll('-', '_')}`;

/**
 * Only replies and what belongs to a connection pass without being judged: a rule that goes takes its connections with
 * it. What is allowed returns, since a packet may have to pass two interfaces.
 */
function chain(name: string, rules: readonly FirewallRule[]): string {
  return [
    `  chain ${name} {`,
    '    ct state invalid drop',
    '    ct direction reply ct state established return',
    '    ct state related return',
    '    ct status expected return',
    ...rules.map((rule) => `    ${ruleText(rule)}`),
    '    drop',
    '  }\n',
  ].join('\n');
}

function ruleText(rule: FirewallRule): string {
  const family = rule.ipVersion === 4 ? 'ip' : 'ip6';
  const words = [`meta nfproto ipv${rule.ipVersion}`];
  const place = (side: 'saddr' | 'daddr', text: string | undefined): void => {
    if (text === undefined) return;
    const cidr = network(text);
    if (cidr.family !== rule.ipVersion) throw new TypeError(`${text} is not IPv${rule.ipVersion}`);
    words.push(`${family} ${side} ${cidrText(cidr)}`);
  };
  place('saddr', rule.source);
  place('daddr', rule.destination);
  if (rule.protocol !== null)
    words.push(`meta l4proto ${integerWord(rule.protocol, 0, 255, 'protocol number')}`);
  if (rule.sourcePorts !== undefined) words.push(`th sport ${span(rule.sourcePorts)}`);
  if (rule.destinationPorts !== undefined) words.push(`th dport ${span(rule.destinationPorts)}`);
  return `${words.join(' ')} ${VERDICTS[rule.action]}`;
}

const VERDICTS = { allow: 'return', deny: 'drop', reject: 'reject' } as const;

function span({ first, last }: PortSpan): string {
  const from = integerWord(first, 0, 65535, 'port');
  const to = integerWord(last, from, 65535, 'port');
  return from === to ? String(from) : `${from}-${to}`;
}
