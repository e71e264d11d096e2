import { randomBytes } from 'node:crypto';
import type { ServerMetadata } from '../../compute/index.ts';
import type { ServerNic } from '../../network/face.ts';
import { hostNameOf, userDataOf, type Facts } from './facts.ts';
import { networkData } from './network-data.ts';
import type { OpenstackVersion } from './versions.ts';

/** Of the server's own files, which only a config drive has room for. */
export interface InjectedFile {
  readonly path: string;
  readonly content_path: string;
}

/** What only a config drive tells. */
export interface DriveOnly {
  readonly files?: readonly InjectedFile[];
  readonly adminPassword?: string;
}

/**
 * meta_data.json of a version of the OpenStack layout: nova's members, in nova's order. The seed is fresh each time.
 * @see nova's doc/source/user/metadata.rst
 */
export function metaData(facts: Facts, version: OpenstackVersion, drive: DriveOnly = {}): object {
  const { server } = facts;
  const key = server.keyPair;
  return {
    uuid: server.id,
    ...(Object.keys(server.metadata).length === 0 ? {} : { meta: server.metadata }),
    ...(drive.files === undefined || drive.files.length === 0 ? {} : { files: drive.files }),
    ...(drive.adminPassword === undefined ? {} : { admin_pass: drive.adminPassword }),
    ...(key === null
      ? {}
      : {
          public_keys: { [key.name]: key.publicKey },
          keys: [{ name: key.name, type: key.type, data: key.publicKey }],
        }),
    hostname: hostNameOf(server),
    name: server.name,
    launch_index: server.launchIndex,
    availability_zone: server.availabilityZone,
    ...(version < '2013-04-04' ? {} : { random_seed: randomBytes(512).toString('base64') }),
    ...(version < '2015-10-15' ? {} : { project_id: server.projectId }),
    ...(version < '2016-06-30'
      ? {}
      : { devices: [...taggedNics(facts.nics(), version), ...taggedDisks(server)] }),
    ...(version < '2020-10-14' ? {} : { dedicated_cpus: [] }),
  };
}

/** The NICs that have a device tag. Where they are on the guest's bus is not known here: MAC addresses tell them apart. */
const taggedNics = (nics: readonly ServerNic[], version: OpenstackVersion): readonly object[] =>
  nics.flatMap((nic) =>
    nic.tag === undefined
      ? []
      : [
          {
            ...(version < '2018-08-27' ? {} : { vf_trusted: false }),
            type: 'nic',
            mac: nic.macAddress,
            bus: 'none',
            address: 'none',
            tags: [nic.tag],
          },
        ],
  );

/** The disks that have one; a volume's serial number is its id. */
const taggedDisks = ({ disks }: ServerMetadata): readonly object[] =>
  disks.tagged.map(({ tag, target, serial }) => ({
    type: 'disk',
    ...(serial === null ? {} : { serial }),
    path: `/dev/${target}`,
    bus: 'none',
    address: 'none',
    tags: [tag],
  }));

/** One file of the layout. */
export interface Document {
  readonly name: string;
  readonly body: string | Buffer;
  readonly json: boolean;
}

interface DocumentKind {
  /** The first version that has it. */
  readonly since: OpenstackVersion;
  /** Listed and served, but no file of a config drive. */
  readonly serviceOnly?: boolean;
  readonly json: boolean;
  /** Undefined when this server has none. */
  make(facts: Facts, version: OpenstackVersion, drive?: DriveOnly): string | Buffer | undefined;
}

/** In the order in which nova lists them. */
const DOCUMENTS: Readonly<Record<string, DocumentKind>> = {
  'meta_data.json': {
    since: '2012-08-10',
    json: true,
    make: (facts, version, drive) => JSON.stringify(metaData(facts, version, drive)),
  },
  user_data: { since: '2012-08-10', json: false, make: ({ server }) => userDataOf(server) },
  // What the guest itself left here for its owner (os-server-password); empty before.
  password: {
    since: '2013-04-04',
    serviceOnly: true,
    json: false,
    make: ({ server }) => server.guestPassword ?? '',
  },
  'vendor_data.json': { since: '2013-10-17', json: true, make: () => '{}' },
  'network_data.json': {
    since: '2015-10-15',
    json: true,
    make: (facts) => JSON.stringify(networkData(facts.nics())),
  },
  'vendor_data2.json': { since: '2016-10-06', json: true, make: () => '{"static":{}}' },
};

/** Names of a version's files, as its listing has them. */
export const documentNames = ({ server }: Facts, version: OpenstackVersion): readonly string[] =>
  Object.entries(DOCUMENTS)
    .filter(([name, { since }]) => version >= since && (name !== 'user_data' || server.userData !== null))
    .map(([name]) => name);

/** One file of a version; undefined when the version or this server does not have it. */
export function findDocument(facts: Facts, version: OpenstackVersion, name: string): Document | undefined {
  const kind = Object.hasOwn(DOCUMENTS, name) ? DOCUMENTS[name] : undefined;
  if (kind === undefined || version < kind.since) return undefined;
  const body = kind.make(facts, version);
  return body === undefined ? undefined : { name, body, json: kind.json };
}

/** A version's files as a config drive has them. */
export const driveDocuments = (
  facts: Facts,
  version: OpenstackVersion,
  drive: DriveOnly,
): readonly Document[] =>
  Object.entries(DOCUMENTS).flatMap(([name, kind]) => {
    if (version < kind.since || kind.serviceOnly === true) return [];
    const body = kind.make(facts, version, drive);
    return body === undefined ? [] : [{ name, body, json: kind.json }];
  });
