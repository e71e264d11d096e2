import { address, integerWord } from '../values.ts';
import type { ConntrackHelper, PortForwarding, RouterSpec } from './interface.ts';

/** A way inside as the kernel's map has it: `key` -> `target`. */
export interface ForwardedPort {
  readonly floating: string;
  readonly protocol: string;
  readonly first: number;
  readonly last: number;
  readonly target: string;
}

const port = (value: number): number => integerWord(value, 1, 65535, 'port');

function protocolWord(protocol: string): string {
  if (['tcp', 'udp', 'sctp'].includes(protocol)) return protocol;
  throw new TypeError(`'${protocol}' has no ports to forward`);
}

/** Elements of the map: ranges of equal length become one element a port, many to one an interval. */
export function forwardedPorts(forwardings: readonly PortForwarding[]): ForwardedPort[] {
  return forwardings
    .flatMap((one) => {
      const [first, last] = [port(one.external.first), port(one.external.last)];
      const [inside, end] = [port(one.internal.first), port(one.internal.last)];
      const floating = address(one.floating).address;
      const fixed = address(one.fixed).address;
      const protocol = protocolWord(one.protocol);
      if (last < first || (end !== inside && end - inside !== last - first))
        throw new TypeError(`ports ${first}-${last} cannot lead to ports ${inside}-${end}`);
      if (end === inside) return [{ floating, protocol, first, last, target: `${fixed} . ${inside}` }];
      return Array.from({ length: last - first + 1 }, (_, i) => ({
        floating,
        protocol,
        first: first + i,
        last: first + i,
        target: `${fixed} . ${inside + i}`,
      }));
    })
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const keyOf = ({ floating, protocol, first, last }: ForwardedPort): string =>
  `${floating} . ${protocol} . ${first === last ? first : `${first}-${last}`}`;

/** The map `forwards`; nothing without a forwarding. */
export function forwardMap(forwardings: readonly PortForwarding[]): string {
  const ports = forwardedPorts(forwardings);
  if (ports.length === 0) return '';
  const elements = ports.map((one) => `${keyOf(one)} : ${one.target}`).join(', ');
  return `  map forwards { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; flags interval; elements = { ${elements} }; }\n`;
}

export const forwardRules = (forwardings: readonly PortForwarding[]): string[] =>
  forwardings.length === 0
    ? []
    : ['meta l4proto { tcp, udp, sctp } dnat ip to ip daddr . meta l4proto . th dport map @forwards'];

/** One key or value of a map as `nft -j` prints it. */
interface Concat {
  readonly concat: readonly (string | number | { readonly range: readonly number[] })[];
}

const word = (part: Concat['concat'][number] | undefined): string =>
  typeof part === 'object' ? part.range.join('-') : String(part);

/** What a kernel's map `forwards` holds. */
export function readForwards(elements: readonly (readonly [Concat, Concat])[]): ForwardedPort[] {
  return elements.map(([key, value]) => {
    const [floating, protocol, ports] = key.concat;
    const [first = 0, last = first] = typeof ports === 'object' ? ports.range : [Number(ports)];
    return {
      floating: word(floating),
      protocol: word(protocol),
      first,
      last,
      target: value.concat.map(word).join(' . '),
    };
  });
}

/** Those of `before` that do not lead where they did. */
export function goneForwards(
  before: readonly ForwardedPort[],
  now: readonly ForwardedPort[],
): ForwardedPort[] {
  const wanted = new Map(now.map((one) => [keyOf(one), one.target]));
  return before.filter((one) => wanted.get(keyOf(one)) !== one.target);
}

/** All addresses that the gateway answers for beside its own. */
export const floatingAddresses = (spec: RouterSpec): string[] => [
  ...new Set([...spec.floatingIps, ...(spec.forwardings ?? [])].map((one) => address(one.floating).address)),
];

/** Objects and the chain that give connections to these ports a helper; nothing without one. */
export function helperRules(helpers: readonly ConntrackHelper[]): string {
  if (helpers.length === 0) return '';
  const known = helpers.map((one) => {
    if (!/^[a-z][a-z0-9-]{0,15}$/.test(one.helper)) throw new TypeError(`'${one.helper}' is no helper`);
    const protocol = protocolWord(one.protocol);
    return {
      ...one,
      protocol,
      port: port(one.port),
      name: `${one.helper.replaceAll('-', '_')}_${protocol}`,
    };
  });
  const objects = new Map(
    known.map((one) => [
      one.name,
      `  ct helper ${one.name} {\n    type "${one.helper}" protocol ${one.protocol};\n  }\n`,
    ]),
  );
  const rules = known
    .map((one) => `    ${one.protocol} dport ${one.port} ct helper set "${one.name}"`)
    .sort();
  return [
    ...[...objects.values()].sort(),
    '  chain helpers {\n    type filter hook prerouting priority -150; policy accept;\n',
    `${rules.join('\n')}\n  }\n`,
  ].join('');
}
