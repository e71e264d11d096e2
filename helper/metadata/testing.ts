import type { ServerMetadata } from '../compute/index.ts';
import { memoryDatabase } from '../db/index.ts';
import type { ServerNic } from '../network/face.ts';
import { Secret } from '../secret.ts';
import type { Place } from './app/lookup.ts';
import type { MetadataDeps } from './index.ts';

export const USER_DATA = '#!/bin/sh\necho planted-user-data\n';
export const PASSWORD = 'planted-password';

const ID = '0a1b2c3d-0000-4000-8000-00000000000';

export const sampleServer = (number: number, changes: Partial<ServerMetadata> = {}): ServerMetadata => ({
  id: `${ID}${number}`,
  name: `Web ${number}`,
  hostname: `web-${number}`,
  projectId: '5f705771-3aa9-4f4c-8660-0d9522ffdbea',
  userId: 'c2a63b2d-2d4b-4cb8-9b42-7f0f2a6c3d11',
  instanceName: `instance-0000002${number}`,
  instanceNumber: 0x20 + number,
  availabilityZone: 'nova',
  launchIndex: 0,
  reservationId: 'r-12345678',
  imageId: 'deadbeef-1111-4222-8333-444455556666',
  flavorName: 'm1.tiny',
  metadata: { role: 'web' },
  keyPair: { name: 'my key', type: 'ssh', publicKey: 'ssh-ed25519 AAAA me@here' },
  userData: new Secret(Buffer.from(USER_DATA).toString('base64')),
  configDrive: true,
  guestPassword: null,
  adminPassword: new Secret(PASSWORD),
  files: [{ path: '/etc/../../motd', contents: Buffer.from('hello').toString('base64') }],
  rootDeviceName: '/dev/vda',
  disks: { ephemerals: ['/dev/vdb'], swap: '/dev/vdc', volumes: [], tagged: [] },
  ...changes,
});

export const sampleNic = (number: number, changes: Partial<ServerNic> = {}): ServerNic => ({
  portId: `99999999-0000-4000-8000-00000000000${number}`,
  networkId: 'aaaaaaaa-0000-4000-8000-000000000001',
  networkName: 'private',
  macAddress: `fa:16:3e:00:00:0${number}`,
  tapName: `tap99999999-0${number}`,
  bridgeName: 'brqaaaaaaaa-00',
  mtu: 1450,
  tag: undefined,
  fixedIps: [
    {
      address: `10.0.0.1${number}`,
      version: 4,
      cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      dnsNameservers: ['10.0.0.2'],
      hostRoutes: [],
      dhcp: true,
    },
  ],
  floatingIps: [`203.0.113.1${number}`],
  ...changes,
});

/** A server with its card, at an address of a network or router. */
export interface Resident {
  readonly place: string;
  readonly address: string;
  readonly server: ServerMetadata;
  readonly nics?: readonly ServerNic[];
}

/** What the metadata service needs, with stand-ins for compute and network, and what came of it. */
export function sampleWorld(residents: Resident[]) {
  const events: { readonly target: unknown; readonly text: string; readonly number: unknown }[] = [];
  /** Another value: the guests were started again. */
  const stories = { part: '' };
  const logs: unknown[] = [];
  const log = (...facts: unknown[]): void => {
    logs.push(facts);
  };
  const logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  const db = memoryDatabase();
  const left = new Map<string, string>();
  const named = (place: Place): string => ('networkId' in place ? place.networkId : place.routerId);
  const deps: MetadataDeps = {
    db,
    network: () => ({
      serverByAddress: (_db, from, address) => {
        const found = residents.find((one) => one.place === named(from) && one.address === address);
        return found && { serverId: found.server.id, projectId: found.server.projectId, portId: 'p' };
      },
      nicsOf: (_db, serverId) =>
        residents.find((one) => one.server.id === serverId)?.nics ?? [sampleNic(Number(serverId.at(-1)))],
      securityGroupNamesOf: (_db, ids) => new Map(ids.map((id) => [id, ['default', 'web']])),
    }),
    instances: () => ({
      metadataOf: (_db, serverId) => {
        const found = residents.find((one) => one.server.id === serverId)?.server;
        return found && { ...found, guestPassword: left.get(serverId) ?? null };
      },
      storeGuestPassword: (_db, serverId, password) => {
        const first = !left.has(serverId);
        if (first) left.set(serverId, password);
        return first;
      },
    }),
    sagas: {
      storyOf: ({ id }) => `story of ${id}${stories.part}`,
      appendEvent: (target, { text, number }) => {
        events.push({ target, text, number });
      },
    },
    logger,
  };
  return { deps, events, stories, logs };
}
