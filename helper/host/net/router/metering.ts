import { createHash } from 'node:crypto';
import { gatewayDevice } from '../names.ts';
import { cidrText, idWord, network } from '../values.ts';
import type { Meter, MeterReading, MeterRule, RouterSpec } from './interface.ts';

/** A table of its own, so that a change of the router's rules sets no counter back. */
export const METER_TABLE = 'deskcloud_meter';

const STATE = 'state_';
const COUNTER = 'label_';

const counterName = (labelId: string): string => `${COUNTER}${idWord(labelId).replaceAll('-', '_')}`;

/** Rules of all labels without the table around them; '' without a label or a gateway. */
export function meterBody(spec: RouterSpec): string {
  const meters = spec.meters ?? [];
  if (spec.gateway === undefined || meters.length === 0) return '';
  const device = gatewayDevice(spec.gateway.portId);
  const sorted = [...meters].sort((a, b) => (a.labelId < b.labelId ? -1 : 1));
  return [
    ...sorted.map((meter) => labelChain(meter, device)),
    // Behind the firewall: what it drops is not counted. Addresses are those of the inside.
    '  chain counting {\n    type filter hook forward priority 10; policy accept;\n',
    ...sorted.map((meter) => `    jump ${counterName(meter.labelId)}\n`),
    '  }\n',
  ].join('');
}

/** What is excluded leaves the label's chain before it is counted; each packet is counted once a label. */
function labelChain({ labelId, rules }: Meter, device: string): string {
  const name = counterName(labelId);
  const lines = (excluded: boolean, verdict: string): string[] =>
    rules
      .filter((rule) => rule.excluded === excluded)
      .map((rule) => `    ${match(rule, device)} ${verdict}\n`);
  return [
    `  chain ${name} {\n`,
    ...lines(true, 'return'),
    ...lines(false, `counter name "${name}" return`),
    '  }\n',
  ].join('');
}

function match(rule: MeterRule, device: string): string {
  const words = [rule.direction === 'ingress' ? `iifname "${device}"` : `oifname "${device}"`];
  for (const [side, text] of [
    ['saddr', rule.source],
    ['daddr', rule.destination],
  ] as const) {
    if (text === undefined) continue;
    const cidr = network(text);
    words.push(`${cidr.family === 4 ? 'ip' : 'ip6'} ${side} ${cidrText(cidr)}`);
  }
  return words.join(' ');
}

export const meterState = (body: string): string =>
  `${STATE}${createHash('sha256').update(body).digest('hex').slice(0, 24)}`;

/** The table's chains and counters, as `nft -j` lists them. */
export type MeterTable = readonly {
  readonly chain?: { readonly name: string };
  readonly counter?: { readonly name: string; readonly packets: number; readonly bytes: number };
}[];

export const loadedMeterState = (table: MeterTable): string | undefined =>
  table.map((item) => item.chain?.name).find((name) => name?.startsWith(STATE));

/**
 * Brings the table to the rules as one transaction: counters of labels that stay keep what they have counted.
 * @param loaded what the kernel has; undefined when there is no such table.
 */
export function meterRuleset(spec: RouterSpec, loaded: MeterTable | undefined): string {
  const body = meterBody(spec);
  const table = `inet ${METER_TABLE}`;
  if (body === '') return loaded === undefined ? '' : `delete table ${table}\n`;
  const chains = (loaded ?? []).flatMap((item) => item.chain?.name ?? []);
  const wanted = new Set((spec.meters ?? []).map((meter) => counterName(meter.labelId)));
  const known = (loaded ?? []).flatMap((item) => item.counter?.name ?? []);
  return [
    `add table ${table}`,
    ...chains.map((name) => `flush chain ${table} ${name}`),
    ...chains.map((name) => `delete chain ${table} ${name}`),
    ...known.filter((name) => !wanted.has(name)).map((name) => `delete counter ${table} ${name}`),
    ...[...wanted].filter((name) => !known.includes(name)).map((name) => `add counter ${table} ${name}`),
    `table ${table} {`,
    `  chain ${meterState(body)} { }`,
    `${body}}\n`,
  ].join('\n');
}

export function readMeters(table: MeterTable): MeterReading[] {
  return table.flatMap(({ counter }) =>
    counter?.name.startsWith(COUNTER) === true
      ? [
          {
            labelId: counter.name.slice(COUNTER.length).replaceAll('_', '-'),
            packets: counter.packets,
            bytes: counter.bytes,
          },
        ]
      : [],
  );
}
