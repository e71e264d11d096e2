import { deviceWord, network, cidrText } from '../values.ts';
import type { ExternalBridge } from './interface.ts';

/** The table beside the filter's: what our external bridges need of the host. */
export const externalTable = (table: string): string => `${table}_ext`;

const quoted = (names: readonly string[]): string => `{ ${names.map((name) => `"${name}"`).join(', ')} }`;

/** Replaces the table by what these bridges need; without bridges it is only taken away. */
export function externalRuleset(table: string, bridges: readonly ExternalBridge[]): string {
  const name = externalTable(table);
  const head = [`add table inet ${name}`, `delete table inet ${name}`];
  if (bridges.length === 0) return `${head.join('\n')}\n`;
  const ours = quoted(bridges.map(({ bridge }) => deviceWord(bridge)));
  const masquerade = bridges.flatMap(({ bridge, addresses, masquerade }) =>
    masquerade
      ? addresses.map(network).map((cidr) => {
          const family = cidr.family === 4 ? 'ip' : 'ip6';
          return `    ${family} saddr ${cidrText(cidr)} oifname != { "${bridge}", "lo" } masquerade`;
        })
      : [],
  );
  return `${[
    ...head,
    `table inet ${name} {`,
    '  chain postrouting {',
    '    type nat hook postrouting priority 100; policy accept;',
    ...masquerade,
    '  }',
    '  chain forward {',
    '    type filter hook forward priority -5; policy accept;',
    // Services that the host publishes by translation (Docker) are the host's own, and so are its other bridges.
    `    iifname ${ours} oifname != ${ours} ct state new ct status dnat drop`,
    `    iifname ${ours} oifname != ${ours} ct state new meta oifkind "bridge" drop`,
    '  }',
    '  chain input {',
    '    type filter hook input priority -5; policy accept;',
    `    iifname ${ours} ct state established,related accept`,
    `    iifname ${ours} meta l4proto { icmp, icmpv6 } accept`,
    `    iifname ${ours} drop`,
    '  }',
    '}',
  ].join('\n')}\n`;
}
