import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Argv, CommandResult, CommandRunner } from '../command/interface.ts';
import { record } from '../record.ts';
import { deviceGroups, ownerAlias, tableName, type DeviceGroups } from './names.ts';
import { deviceWord, namespaceWord } from './values.ts';

/** What every room of the Linux implementation knows. */
export interface NetContext {
  readonly owner: string;
  readonly alias: string;
  readonly table: string;
  readonly groups: DeviceGroups;
  readonly stateDirectory: string;
  readonly commands: CommandRunner;
}

export function netContext(options: {
  owner: string;
  stateDirectory: string;
  commands: CommandRunner;
}): NetContext {
  return {
    owner: options.owner,
    alias: ownerAlias(options.owner),
    table: tableName(options.owner),
    groups: deviceGroups(options.owner),
    stateDirectory: options.stateDirectory,
    commands: options.commands,
  };
}

/** nsenter, because `ip netns exec` also makes a mount namespace, which costs as much again. */
export function inside(namespace: string | undefined, argv: Argv): Argv {
  if (namespace === undefined) return argv;
  return ['nsenter', `--net=/run/netns/${namespaceWord(namespace)}`, ...argv];
}

/** Runs a group of `ip` changes in one process; it stops at the first that fails. Nothing to do costs nothing. */
export async function ipBatch(net: NetContext, lines: readonly string[], namespace?: string): Promise<void> {
  if (lines.length === 0) return;
  const argv: Argv = namespace === undefined ? ['ip'] : ['ip', '-n', namespaceWord(namespace)];
  await net.commands.run([...argv, '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
}

/** Loads a ruleset as one transaction. */
export async function nftLoad(net: NetContext, ruleset: string, namespace?: string): Promise<void> {
  await net.commands.run(inside(namespace, ['nft', '-f', '-']), { stdin: ruleset });
}

/** Text that a program prints as JSON; iproute2 prints nothing at all for an empty list. */
export function json(result: CommandResult): unknown {
  return JSON.parse(result.stdout.trim() === '' ? '[]' : result.stdout);
}

const sysfs = (device: string, name: string): string => `/sys/class/net/${deviceWord(device)}/${name}`;

/** One attribute of a device from sysfs; undefined when there is no such device. */
export function deviceAttribute(device: string, name: string): string | undefined {
  try {
    return readFileSync(sysfs(device, name), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The bridge a device is on. */
export function deviceMaster(device: string): string | undefined {
  try {
    return basename(readlinkSync(sysfs(device, 'master')));
  } catch {
    return undefined;
  }
}

/**
 * Whether a device is there. One without an alias counts as ours: the helper may have been killed between making it
 * and naming it.
 * @throws when it is somebody else's.
 */
export function ownDevice(net: NetContext, device: string): boolean {
  const alias = deviceAttribute(device, 'ifalias');
  if (alias === undefined) return false;
  if (alias !== '' && alias !== net.alias) {
    throw new Error(
      `device ${device} belongs to '${alias}', not to '${net.alias}': two instances of Deskcloud use the same id or VNI; ` +
        'remove the other one or choose another VNI',
    );
  }
  return true;
}

/** No address of the host's own on this device, also no link-local one, so that guests do not meet the host there. */
export function disableIpv6(device: string): void {
  const path = `/proc/sys/net/ipv6/conf/${deviceWord(device)}/disable_ipv6`;
  if (!existsSync(path)) return;
  writeFileSync(path, '1');
  record({ kind: 'file', action: 'write', path, text: '1' });
}

export function namespaceExists(namespace: string): boolean {
  return existsSync(`/run/netns/${namespaceWord(namespace)}`);
}
