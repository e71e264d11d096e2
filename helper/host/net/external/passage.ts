import { existsSync } from 'node:fs';
import { CommandError } from '../../command/interface.ts';
import type { NetContext } from '../context.ts';
import { deviceWord } from '../values.ts';

/**
 * Passage for our bridges through what other programs filter. Docker and ufw set the FORWARD policy to DROP, and
 * br_netfilter sends bridged packets through it; firewalld rejects what is in no zone. Each rule of ours carries the
 * owner's alias as a comment, and only such rules are ever removed.
 */
export interface Passage {
  readonly bridge: string;
  /** 'through': routed between this bridge and others too; 'within': only from port to port. */
  readonly kind: 'through' | 'within';
}

const FIREWALLD = '/usr/bin/firewall-cmd';

interface Table {
  readonly needed: boolean;
  readonly chain: string;
  /** Our rules as argument vectors that follow -A. */
  readonly ours: readonly (readonly string[])[];
}

/** @internal exported for tests: what `iptables -S` says. */
export function readTable(text: string, comment: string): Table {
  const lines = text.split('\n').map((line) => line.trim());
  const words = (line: string): string[] => line.split(/\s+/).map((word) => word.replaceAll('"', ''));
  const isOurs = (line: string): boolean => line.startsWith('-A ') && words(line).includes(comment);
  const docker = lines.includes('-N DOCKER-USER');
  const others = lines.some((line) => line.startsWith('-A FORWARD ') && !isOurs(line));
  return {
    needed: docker || others || lines.includes('-P FORWARD DROP'),
    chain: docker ? 'DOCKER-USER' : 'FORWARD',
    ours: lines.filter(isOurs).map((line) => words(line).slice(1)),
  };
}

function matches({ bridge, kind }: Passage): string[][] {
  return kind === 'within'
    ? [['-i', bridge, '-o', bridge]]
    : [
        ['-i', bridge],
        ['-o', bridge],
      ];
}

export async function openPassage(net: NetContext, passages: readonly Passage[]): Promise<void> {
  await Promise.all(
    ['iptables', 'ip6tables'].map(async (program) => {
      const table = await look(net, program);
      if (table?.needed !== true) return;
      for (const match of passages.flatMap(matches)) {
        match.forEach((word) => word.startsWith('-') || deviceWord(word));
        const rule = [...match, '-m', 'comment', '--comment', net.alias, '-j', 'ACCEPT'];
        const wanted = [table.chain, ...rule].join(' ');
        if (table.ours.some((one) => one.join(' ') === wanted)) continue;
        await net.commands.run([program, '-w', '5', '-I', table.chain, '1', ...rule]);
      }
    }),
  );
  await firewalld(net, '--add-interface', passages);
}

export async function closePassage(net: NetContext, bridges: readonly string[]): Promise<void> {
  await Promise.all(
    ['iptables', 'ip6tables'].map(async (program) => {
      const table = await look(net, program);
      for (const rule of table?.ours ?? []) {
        if (!rule.some((word) => bridges.includes(word))) continue;
        await net.commands.run([program, '-w', '5', '-D', ...rule]);
      }
    }),
  );
  await firewalld(
    net,
    '--remove-interface',
    bridges.map((bridge) => ({ bridge, kind: 'within' })),
  );
}

/** Whether somebody else has rules for forwarded packets. */
export async function filtersForwarding(net: NetContext): Promise<boolean> {
  return (await look(net, 'iptables'))?.needed === true;
}

async function look(net: NetContext, program: string): Promise<Table | undefined> {
  try {
    return readTable((await net.commands.run([program, '-w', '5', '-S'])).stdout, net.alias);
  } catch (error) {
    // Without iptables nobody else uses it either.
    if (error instanceof CommandError && error.reason === 'missing') return undefined;
    throw error;
  }
}

async function firewalld(net: NetContext, action: string, passages: readonly Passage[]): Promise<void> {
  if (!existsSync(FIREWALLD)) return;
  const state = await net.commands.run([FIREWALLD, '--state'], { okCodes: [0, 252, 1] });
  if (state.exitCode !== 0) return;
  for (const { bridge } of passages) {
    // Already in the zone, or already out of it, is no error to us.
    await net.commands.run([FIREWALLD, '--zone=trusted', `${action}=${deviceWord(bridge)}`], {
      okCodes: [0, 11, 12, 17, 34],
    });
  }
}
