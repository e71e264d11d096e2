import { createHash } from 'node:crypto';
import { gatewayDevice, routerDevice } from '../names.ts';
import { firewallChains } from './firewall.ts';
import { forwardMap, forwardRules, helperRules } from './forwarding.ts';
import { limitChains } from './limits.ts';
import { scopeChain, scopeExemption } from './scopes.ts';
import { address, integerWord, interfaceAddress } from '../values.ts';
import type { RouterSpec } from './interface.ts';

/** The one table inside a router's namespace. */
export const ROUTER_TABLE = 'deskcloud';

const STATE = 'state_';

/** The chain without rules whose name says which ruleset is loaded, so that a look costs one listing. */
export function stateChain(body: string): string {
  return `${STATE}${createHash('sha256').update(body).digest('hex').slice(0, 24)}`;
}

/** Rules of one router, without the table around them. Pure: tests hold it as golden text. */
export function routerBody(spec: RouterSpec): string {
  const inside = spec.interfaces.map((one) => `"${routerDevice(one.portId)}"`).sort();
  const inner = inside.length === 0 ? undefined : `{ ${inside.join(', ')} }`;
  const outer = spec.gateway === undefined ? undefined : `"${gatewayDevice(spec.gateway.portId)}"`;
  const floating = spec.gateway === undefined ? [] : floatingPairs(spec);
  const source = spec.gateway?.addresses.map(interfaceAddress).find((ip) => ip.family === 4)?.address;
  const forwardings = spec.gateway === undefined ? [] : (spec.forwardings ?? []);
  const chains = [
    map('floating', floating),
    // One address behind two floating IPs goes out by the first.
    map('fixed', [...new Map(floating.toReversed().map(([a, b]) => [b, a] as const))]),
    forwardMap(forwardings),
    helperRules(spec.helpers ?? []),
    chain('prerouting', 'nat hook prerouting priority -100', [
      ...metadataRedirect(spec, inner),
      'dnat ip to ip daddr map @floating',
      ...forwardRules(forwardings),
    ]),
    chain('output', 'nat hook output priority -100', ['dnat ip to ip daddr map @floating']),
    chain('postrouting', 'nat hook postrouting priority 100', [
      ...(outer === undefined ? [] : [`oifname ${outer} snat ip to ip saddr map @fixed`]),
      ...hairpin(inner, source),
      ...scopeExemption(spec),
      ...(outer === undefined || source === undefined || spec.gateway?.snat !== true
        ? []
        : [`oifname ${outer} meta nfproto ipv4 snat ip to ${source}`]),
    ]),
    scopeChain(spec),
    firewallChains(spec.firewalls ?? []),
    limitChains(spec),
    chain('input', 'filter hook input priority 0', inputRules(spec, inner)),
  ];
  return chains.join('');
}

function floatingPairs(spec: RouterSpec): (readonly [string, string])[] {
  return spec.floatingIps
    .map((pair) => [address(pair.floating).address, address(pair.fixed).address] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function map(name: string, elements: readonly (readonly [string, string])[]): string {
  const list = elements.map(([key, value]) => `${key} : ${value}`).join(', ');
  const body = list === '' ? '' : ` elements = { ${list} };`;
  return `  map ${name} { type ipv4_addr : ipv4_addr;${body} }\n`;
}

function chain(name: string, hook: string, rules: readonly string[]): string {
  return [
    `  chain ${name} {`,
    `    type ${hook}; policy accept;`,
    ...rules.map((rule) => `    ${rule}`),
    '  }\n',
  ].join('\n');
}

function metadataRedirect(spec: RouterSpec, inner: string | undefined): string[] {
  if (spec.metadataPort === undefined || inner === undefined) return [];
  const port = integerWord(spec.metadataPort, 1, 65535, 'port');
  return [
    `iifname ${inner} ip daddr 169.254.169.254 tcp dport 80 redirect to :${port}`,
    `iifname ${inner} ip6 daddr fe80::a9fe:a9fe tcp dport 80 redirect to :${port}`,
  ];
}

/**
 * From one inside address to another's (or its own) floating IP: without a change of source the answer would go
 * past the router and be taken for a stranger's.
 */
function hairpin(inner: string | undefined, source: string | undefined): string[] {
  if (inner === undefined || source === undefined) return [];
  const match = `iifname ${inner} oifname ${inner} ct status dnat`;
  return [`${match} snat ip to ip saddr map @fixed`, `${match} snat ip to ${source}`];
}

/** The router itself answers ping and metadata and nothing else. */
function inputRules(spec: RouterSpec, inner: string | undefined): string[] {
  const metadata =
    spec.metadataPort === undefined || inner === undefined
      ? []
      : [`iifname ${inner} tcp dport ${spec.metadataPort} ct status dnat accept`];
  return [
    'iifname "lo" accept',
    'ct state established,related accept',
    'meta l4proto { icmp, icmpv6 } accept',
    ...metadata,
    'drop',
  ];
}

/** Replaces the table as one transaction; established connections stay. */
export function routerRuleset(spec: RouterSpec): string {
  const body = routerBody(spec);
  return [
    `add table inet ${ROUTER_TABLE}`,
    `delete table inet ${ROUTER_TABLE}`,
    `table inet ${ROUTER_TABLE} {`,
    `  chain ${stateChain(body)} { }`,
    `${body}}\n`,
  ].join('\n');
}
