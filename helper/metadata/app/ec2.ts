import { hostNameOf, userDataOf, type Facts } from './facts.ts';
import type { Ec2Version } from './versions.ts';

/** A value, a list of values (a line each), or a directory. */
export type Tree = string | number | null | readonly string[] | Buffer | Directory;
export interface Directory {
  readonly [name: string]: Tree;
}

/** A directory that its parent lists under another name: '0=<key name>'. */
const LISTED_AS = Symbol('listed as');
type Named = Directory & { readonly [LISTED_AS]?: string };

/** All below a version of the EC2 layout: `meta-data` and, if there is any, `user-data`. */
export function ec2Tree(facts: Facts, version: Ec2Version, asker?: string): Directory {
  const userData = userDataOf(facts.server);
  return {
    'meta-data': ec2MetaData(facts, version, asker),
    ...(userData === undefined ? {} : { 'user-data': userData }),
  };
}

/**
 * `meta-data` of a version: nova's members.
 * @param asker the address that asks, for a server without any of its own.
 */
export function ec2MetaData(facts: Facts, version: Ec2Version, asker = ''): Directory {
  const { server } = facts;
  const nics = facts.nics();
  const hostname = hostNameOf(server);
  const fixed = nics.flatMap((nic) => nic.fixedIps).find((ip) => ip.version === 4);
  return {
    'ami-id': server.imageId === null ? null : ec2ImageId(server.imageId),
    'ami-launch-index': server.launchIndex,
    // What nova says: there never is one.
    'ami-manifest-path': 'FIXME',
    'instance-id': `i-${hex(server.instanceNumber)}`,
    hostname,
    'local-ipv4': fixed?.address ?? asker,
    'reservation-id': server.reservationId,
    'security-groups': facts.securityGroups(),
    ...(server.keyPair === null ? {} : { 'public-keys': publicKeys(server.keyPair) }),
    ...(version < '2007-01-19'
      ? {}
      : {
          'local-hostname': hostname,
          'public-hostname': hostname,
          'public-ipv4': nics.flatMap((nic) => nic.floatingIps)[0] ?? '',
        }),
    ...(version < '2007-08-29' ? {} : { 'instance-type': server.flavorName }),
    ...(version < '2007-12-15' ? {} : { 'block-device-mapping': blockDevices(facts) }),
    ...(version < '2008-02-01' ? {} : { placement: { 'availability-zone': server.availabilityZone } }),
    ...(version < '2008-09-01' ? {} : { 'instance-action': 'none' }),
  };
}

function publicKeys(key: { readonly name: string; readonly publicKey: string }): Directory {
  const first: Named = { 'openssh-key': key.publicKey, [LISTED_AS]: `0=${key.name}` };
  return { 0: first };
}

/** nova's names: 'ebs0' and so on for volumes, the root disk among them. */
function blockDevices({ server }: Facts): Directory {
  const { rootDeviceName: root, disks } = server;
  const numbered = (kind: string, names: readonly string[]): [string, string][] =>
    names.map((name, index) => [`${kind}${index}`, name]);
  return {
    ami: root.replace(/^\/dev\//, ''),
    root,
    ...Object.fromEntries([...numbered('ebs', disks.volumes), ...numbered('ephemeral', disks.ephemerals)]),
    ...(disks.swap === null ? {} : { swap: disks.swap }),
  };
}

const hex = (number: number): string => number.toString(16).padStart(8, '0');

/** EC2's names have room for 32 bits: those that an image's UUID begins with. */
const ec2ImageId = (imageId: string): string => `ami-${imageId.slice(0, 8)}`;

/** What is at a path below a version; undefined when nothing is. */
export function findInTree(tree: Directory, path: readonly string[]): Tree | undefined {
  let found: Tree = tree;
  for (const name of path) {
    if (!isDirectory(found) || !Object.hasOwn(found, name)) return undefined;
    const next: Tree | undefined = found[name];
    if (next === undefined) return undefined;
    found = next;
  }
  return found;
}

/** As text: a value by itself, a list by lines, a directory by its sorted names, those of directories with '/'. */
export function printTree(tree: Tree): string | Buffer {
  if (tree === null) return 'None';
  if (typeof tree === 'number') return String(tree);
  if (typeof tree === 'string' || Buffer.isBuffer(tree)) return tree;
  if (!isDirectory(tree)) return tree.join('\n');
  return Object.entries(tree)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, inner]) => (isDirectory(inner) ? listedAs(name, inner) : name))
    .join('\n');
}

const listedAs = (name: string, directory: Named): string => directory[LISTED_AS] ?? `${name}/`;

const isDirectory = (tree: Tree): tree is Directory =>
  typeof tree === 'object' && tree !== null && !Array.isArray(tree) && !Buffer.isBuffer(tree);
