import type { MetadataListener } from '../../network/face.ts';
import { ec2Tree, findInTree, printTree } from './ec2.ts';
import { factsOf, type Facts, type Sources } from './facts.ts';
import { documentNames, findDocument } from './openstack.ts';
import { EC2_VERSIONS, OPENSTACK_VERSIONS, ec2Version, openstackVersion } from './versions.ts';

/** The network or router in whose namespace a question arrived. */
export type Place = Parameters<MetadataListener['serve']>[1];

export interface Found {
  readonly body: string | Buffer;
  readonly json: boolean;
  /** The server that it is about; none for the list of versions, which is the same for all. */
  readonly serverId?: string;
  /** Name of the OpenStack document, where it is one: 'password' may be posted to. */
  readonly document?: string;
  /** The path that was answered, in its plain form. */
  readonly path: string;
}

/**
 * What a guest gets at `url`. Which guest it is follows from the place and the connection's address, and from nothing
 * that the guest says (S30). Undefined: there is no such thing, or no such guest.
 */
export function lookUp(sources: Sources, place: Place, address: string, url: string): Found | undefined {
  const names = pathNames(url);
  if (names === undefined) return undefined;
  const path = `/${names.join('/')}`;
  if (names.length === 0) return { ...text(lines([...EC2_VERSIONS, 'latest'])), path };
  const found = sources.network().serverByAddress(sources.db, place, address);
  const facts = found === undefined ? undefined : factsOf(sources, found.serverId);
  if (facts === undefined) return undefined;
  const [first, ...rest] = names;
  const answer =
    first === 'openstack'
      ? openstack(facts, rest)
      : ec2(facts, first === 'ec2' ? rest : names, plainAddress(address));
  return answer === undefined ? undefined : { ...answer, path, serverId: facts.server.id };
}

type Answer = Pick<Found, 'body' | 'json' | 'document'>;

function openstack(facts: Facts, names: readonly string[]): Answer | undefined {
  const [directory, name, ...more] = names;
  if (directory === undefined) return text(lines([...OPENSTACK_VERSIONS, 'latest']));
  const version = openstackVersion(directory);
  if (version === undefined || more.length > 0) return undefined;
  if (name === undefined) return text(lines(documentNames(facts, version)));
  const document = findDocument(facts, version, name);
  return document === undefined
    ? undefined
    : { body: document.body, json: document.json, document: document.name };
}

function ec2(facts: Facts, names: readonly string[], asker: string): Answer | undefined {
  const [directory, ...rest] = names;
  if (directory === undefined) return text(lines([...EC2_VERSIONS, 'latest']));
  const version = ec2Version(directory);
  if (version === undefined) return undefined;
  const found = findInTree(ec2Tree(facts, version, asker), rest);
  return found === undefined ? undefined : text(printTree(found));
}

const text = (body: string | Buffer): Answer => ({ body, json: false });
const lines = (items: readonly string[]): string => items.join('\n');

/** The names of a path without empty ones, '.' and '..'; undefined when it cannot be understood. */
function pathNames(url: string): readonly string[] | undefined {
  const [path = ''] = url.split('?', 1);
  if (!path.startsWith('/')) return undefined;
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const names: string[] = [];
  for (const name of plain.split('/'))
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  return names;
}

/** An IPv4 address in its own form where the socket says it as IPv6 ('::ffff:10.0.0.1'). */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');
