import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../command/interface.ts';
import { json, type NetContext } from './context.ts';
import type { NetworkInventory } from './interface.ts';
import type { FirewallHost } from './firewall/interface.ts';

interface ShownLink {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly group?: string;
  readonly linkinfo?: { readonly info_kind?: string };
}

/** Of the namespaces those whose loopback device carries our alias. */
export async function namespaceOwners(net: NetContext, names: readonly string[]): Promise<string[]> {
  const owners = await Promise.all(
    names.map(async (name) => {
      const argv = ['ip', '-n', name, '-j', 'link', 'show', 'dev', 'lo'] as const;
      // A namespace may go while we look.
      const { stdout, exitCode } = await net.commands.run(argv, { okCodes: [0, 1, 255] });
      if (exitCode !== 0) return undefined;
      return (JSON.parse(stdout) as ShownLink[])[0]?.ifalias;
    }),
  );
  return names.filter((_, index) => owners[index] === net.alias);
}

/** A dnsmasq that runs for one of our networks. */
export interface DnsmasqProcess {
  readonly networkId: string;
  readonly pid: number;
}

/** Where a network's dnsmasq finds its configuration; also what it is recognised by. */
export const dhcpDirectory = (net: NetContext, networkId: string): string =>
  join(net.stateDirectory, 'networks', networkId);
export const dnsmasqArgument = (net: NetContext, networkId: string): string =>
  `--conf-file=${join(dhcpDirectory(net, networkId), 'dnsmasq.conf')}`;

/** True when the process is the dnsmasq of that network: a pid may have been given to another program (R20). */
export function isDnsmasq(net: NetContext, networkId: string, pid: number): boolean {
  return commandLine(String(pid)).includes(dnsmasqArgument(net, networkId));
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** All that run for our networks, found by their command lines, whatever the pid files say. */
export const dnsmasqProcesses = (net: NetContext): DnsmasqProcess[] =>
  processesOf(`--conf-file=${join(net.stateDirectory, 'networks')}/`, '/dnsmasq.conf').map(({ id, pid }) => ({
    networkId: id,
    pid,
  }));

/** A radvd that runs for one of our routers. */
export interface RadvdProcess {
  readonly routerId: string;
  readonly pid: number;
}

export const routerDirectory = (net: NetContext, routerId: string): string =>
  join(net.stateDirectory, 'routers', routerId);

/** How a router's radvd is told its configuration; also what it is recognised by. */
export const radvdArguments = (net: NetContext, routerId: string): readonly [string] => [
  `--config=${join(routerDirectory(net, routerId), 'radvd.conf')}`,
];

export const isRadvd = (net: NetContext, routerId: string, pid: number): boolean =>
  commandLine(String(pid)).includes(radvdArguments(net, routerId)[0]);

/** radvd has a second process for what only root may do; the two have one command line, and the first is the parent. */
export function radvdProcesses(net: NetContext): RadvdProcess[] {
  const all = processesOf(`--config=${join(net.stateDirectory, 'routers')}/`, '/radvd.conf');
  const pids = new Set(all.map((one) => one.pid));
  return all.filter(({ pid }) => !pids.has(parentOf(pid))).map(({ id, pid }) => ({ routerId: id, pid }));
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Processes with an argument of this beginning and end, and what is between. */
function processesOf(start: string, end: string): { readonly id: string; readonly pid: number }[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      const argument = commandLine(entry).find((word) => word.startsWith(start) && word.endsWith(end));
      return argument === undefined
        ? []
        : [{ id: argument.slice(start.length, -end.length), pid: Number(entry) }];
    });
}

export async function takeInventory(net: NetContext, firewall: FirewallHost): Promise<NetworkInventory> {
  const [links, tables] = await Promise.all([
    net.commands.run(['ip', '-j', '-d', 'link', 'show']).then((result) => json(result) as ShownLink[]),
    ourTables(net),
  ]);
  const ours = links.filter((link) => link.ifalias === net.alias);
  const guest = String(net.groups.guest);
  const kind = (wanted: string): string[] =>
    ours
      .filter((link) => link.linkinfo?.info_kind === wanted && link.group !== guest)
      .map((link) => link.ifname);
  const namespaces = await namespaceOwners(net, ourNamespaceNames());
  return {
    bridges: kind('bridge'),
    vxlans: kind('vxlan'),
    taps: ours.filter((link) => link.group === guest).map((link) => link.ifname),
    shapers: kind('ifb'),
    veths: kind('veth'),
    namespaces,
    dnsmasq: dnsmasqProcesses(net),
    radvd: radvdProcesses(net),
    tables,
    filteredPorts: tables.length === 0 ? [] : (await firewall.listPorts()).map((port) => port.portId),
  };
}

function ourNamespaceNames(): string[] {
  try {
    return readdirSync('/run/netns').filter((name) => /^q(?:dhcp|router)-/.test(name));
  } catch {
    return [];
  }
}

/** Our tables outside namespaces, as 'bridge deskcloud'. */
export async function ourTables(net: NetContext): Promise<string[]> {
  try {
    const { stdout } = await net.commands.run(['nft', 'list', 'tables']);
    const names = new Set([net.table, `${net.table}_ext`]);
    return stdout.split('\n').flatMap((line) => {
      const [, family = '', name = ''] = line.trim().split(' ');
      return names.has(name) ? [`${family} ${name}`] : [];
    });
  } catch (error) {
    if (error instanceof CommandError && error.reason === 'missing') return [];
    throw error;
  }
}
