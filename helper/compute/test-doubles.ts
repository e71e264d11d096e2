import { stat } from 'node:fs/promises';
import type { Db } from '../db/index.ts';
import { CloudError, conflict, notFound, overQuota } from '../errors/error.ts';
import type { ImageFace, ImageInfo } from '../image/face.ts';
import type { NetworkFace, RequestedNic, ServerAddress } from '../network/face.ts';
import { NoValidHost, type Basics, type Flavor } from './index.ts';
import { usageOf } from './store/server.ts';
import { standInAddresses } from './test-addresses.ts';
import { standInGroups } from './test-groups.ts';

/** Stand-ins for everything around the servers of the compute service; for tests. */

/** What other services keep in their tables: rows, so that a transaction that fails takes them back too. */
export class StandInRows {
  readonly #db: Db;
  readonly #kind: string;

  constructor(db: Db, kind: 'port' | 'lease' | 'claim' | 'attachment' | 'volume') {
    this.#db = db;
    this.#kind = kind;
    db.exec(
      'CREATE TABLE IF NOT EXISTS stand_in (kind TEXT, id TEXT, data TEXT, PRIMARY KEY (kind, id)) STRICT',
    );
  }
  set(id: string, data: string): void {
    this.#db.prepare('INSERT OR REPLACE INTO stand_in VALUES (?, ?, ?)').run(this.#kind, id, data);
  }
  delete(id: string): void {
    this.#db.prepare('DELETE FROM stand_in WHERE kind = ? AND id = ?').run(this.#kind, id);
  }
  get(id: string): string | undefined {
    return this.#db
      .prepare<[string, string], { data: string }>('SELECT data FROM stand_in WHERE kind = ? AND id = ?')
      .get(this.#kind, id)?.data;
  }
  ids(): string[] {
    return this.#db
      .prepare<[string], { id: string }>('SELECT id FROM stand_in WHERE kind = ? ORDER BY id')
      .all(this.#kind)
      .map(({ id }) => id);
  }
}

export const IMAGE_ID = '11111111-1111-4111-8111-111111111111';
export const NETWORK_ID = '22222222-2222-4222-8222-222222222222';
/** A port that another server has. */
export const BUSY_PORT = '33333333-3333-4333-8333-999999999999';
export const MIB = 1024 ** 2;

/** Ports as rows, taps in memory. */
export class StandInNetwork implements NetworkFace {
  readonly ports: StandInRows;
  readonly plugged = new Set<string>();
  exhausted = false;
  #next = 0;

  constructor(db: Db) {
    this.ports = new StandInRows(db, 'port');
  }

  #nics(serverId: string): readonly RequestedNic[] {
    return JSON.parse(this.ports.get(serverId) ?? '[]') as readonly RequestedNic[];
  }

  planNics: NetworkFace['planNics'] = (_db, _auth, asked, groups) => {
    if (asked === 'none') return { nics: [], securityGroupIds: [] };
    const list = typeof asked === 'object' ? asked : [{}];
    const nics = list.map(({ uuid, port, fixed_ip, tag }): RequestedNic => {
      if (uuid !== undefined && uuid !== NETWORK_ID) throw notFound(`Network ${uuid} could not be found.`);
      this.#next += 1;
      return {
        portId: port ?? `33333333-3333-4333-8333-${String(this.#next).padStart(12, '0')}`,
        existing: port !== undefined,
        networkId: NETWORK_ID,
        ...(fixed_ip === undefined ? {} : { fixedIp: fixed_ip }),
        ...(tag === undefined ? {} : { tag }),
      };
    });
    if (groups?.includes('missing') === true) throw notFound('Security group missing not found.');
    return { nics, securityGroupIds: [...(groups ?? ['default'])] };
  };
  createServerPorts: NetworkFace['createServerPorts'] = (_db, { serverId, nics }) => {
    if (this.exhausted) throw new CloudError('conflict', 'No more IP addresses available on network.');
    this.ports.set(serverId, JSON.stringify(nics));
  };
  deleteServerPorts: NetworkFace['deleteServerPorts'] = (_db, serverId) => {
    this.ports.delete(serverId);
  };
  planInterface: NetworkFace['planInterface'] = (db, auth, _projectId, asked) => {
    const { networkId, portId, fixedIp, tag } = asked;
    if (portId === BUSY_PORT) throw conflict(`Port ${portId} is still in use.`);
    const one = {
      ...(networkId === undefined ? {} : { uuid: networkId }),
      ...(portId === undefined ? {} : { port: portId }),
      ...(fixedIp === undefined ? {} : { fixed_ip: fixedIp }),
      ...(tag === undefined ? {} : { tag }),
    };
    const { nics, securityGroupIds } = this.planNics(db, auth, [one], undefined);
    const [nic] = nics;
    if (nic === undefined) throw new Error('no network');
    return { nic, securityGroupIds };
  };
  attachServerPort: NetworkFace['attachServerPort'] = (_db, { serverId, nic }) => {
    if (this.exhausted) throw new CloudError('conflict', 'No more IP addresses available on network.');
    const others = this.#nics(serverId).filter(({ portId }) => portId !== nic.portId);
    this.ports.set(serverId, JSON.stringify([...others, nic]));
  };
  detachServerPort: NetworkFace['detachServerPort'] = (_db, serverId, portId) => {
    const others = this.#nics(serverId).filter((nic) => nic.portId !== portId);
    this.ports.set(serverId, JSON.stringify(others));
  };
  plugServer = (serverId: string): Promise<void> => {
    this.plugged.add(serverId);
    return Promise.resolve();
  };
  unplugServer = (serverId: string): Promise<void> => {
    this.plugged.delete(serverId);
    return Promise.resolve();
  };
  unplugPorts = (): Promise<void> => Promise.resolve();
  nicsOf: NetworkFace['nicsOf'] = (_db, serverId) =>
    this.#nics(serverId).map(({ portId, networkId, tag }) => ({
      portId,
      networkId,
      networkName: 'private',
      macAddress: 'fa:16:3e:00:00:01',
      tapName: `tap${portId.slice(0, 11)}`,
      bridgeName: `brq${networkId.slice(0, 11)}`,
      mtu: 1450,
      tag,
      status: 'ACTIVE',
      fixedIps: [
        {
          address: '10.0.0.5',
          version: 4,
          subnetId: '44444444-4444-4444-8444-444444444444',
          cidr: '10.0.0.0/24',
          gateway: '10.0.0.1',
          dnsNameservers: [],
          hostRoutes: [],
          dhcp: true,
        },
      ],
      floatingIps: [],
    }));
  addressesOf: NetworkFace['addressesOf'] = (_db, ids) =>
    new Map(
      ids.map((id): [string, ServerAddress[]] => [
        id,
        this.#nics(id).map(({ portId, networkId }) => ({
          networkId,
          networkName: 'private',
          address: '10.0.0.5',
          version: 4,
          macAddress: 'fa:16:3e:00:00:01',
          kind: 'fixed',
          portId,
        })),
      ]),
    );
  securityGroupNamesOf: NetworkFace['securityGroupNamesOf'] = (_db, ids) =>
    new Map(ids.filter((id) => this.ports.get(id) !== undefined).map((id) => [id, ['default']]));
  serverByAddress = (): undefined => undefined;

  readonly compute = standInGroups();
  readonly computeAddresses = standInAddresses();
}

export class StandInImages implements ImageFace {
  readonly images = new Map<string, ImageInfo>();
  readonly leases: StandInRows;
  readonly #base: string;

  constructor(db: Db, base: string) {
    this.leases = new StandInRows(db, 'lease');
    this.#base = base;
    this.add({});
  }

  add(changes: Partial<ImageInfo>): void {
    const image: ImageInfo = {
      id: IMAGE_ID,
      name: 'tiny',
      status: 'active',
      ownerId: null,
      diskFormat: 'qcow2',
      size: MIB,
      virtualSize: MIB,
      minDisk: 0,
      minRam: 0,
      properties: {},
      ...changes,
    };
    this.images.set(image.id, image);
  }
  get: ImageFace['get'] = (_db, _auth, imageId) => {
    const image = this.images.get(imageId);
    if (image === undefined) throw notFound(`No image found with ID ${imageId}`);
    return image;
  };
  leaseBase: ImageFace['leaseBase'] = (_db, _imageId, userId) => {
    this.leases.set(userId, '');
  };
  releaseBase: ImageFace['releaseBase'] = (_db, userId) => {
    this.leases.delete(userId);
  };
  ensureBase: ImageFace['ensureBase'] = (_imageId, _signal, onProgress) => {
    onProgress(1);
    return Promise.resolve({
      path: this.#base,
      format: 'raw',
      virtualSize: MIB,
      sha256: 'ab'.repeat(32),
    });
  };
  /** Whether the next disk cannot be stored. */
  broken = false;
  reserve: ImageFace['reserve'] = (_db, auth, image) => {
    this.add({ ...image, status: 'queued', ownerId: auth.projectId ?? null });
  };
  createFromDisk: ImageFace['createFromDisk'] = async (imageId, { path }) => {
    const image = this.images.get(imageId);
    if (image === undefined) return false;
    if (image.status === 'active') return true;
    if (this.broken) throw new Error('no room');
    await stat(path);
    this.images.set(imageId, { ...image, status: 'active' });
    return true;
  };
  activateEmpty: ImageFace['activateEmpty'] = (_db, imageId) => {
    const image = this.images.get(imageId);
    if (image !== undefined)
      this.images.set(imageId, { ...image, status: 'active', size: 0, virtualSize: 0 });
  };
  discard: ImageFace['discard'] = (_db, imageId) => {
    this.images.delete(imageId);
  };
  backupsOf: ImageFace['backupsOf'] = (_db, serverId, type) =>
    [...this.images.values()]
      .filter(({ properties: p }) => p['instance_uuid'] === serverId && p['backup_type'] === type)
      .map(({ id }) => id)
      .toReversed();
  show: ImageFace['show'] = (db, auth, imageId) => ({
    ...this.get(db, auth, imageId),
    createdAt: 0,
    updatedAt: 0,
  });
  list: ImageFace['list'] = (db, auth) => [...this.images.keys()].map((id) => this.show(db, auth, id));
  remove: ImageFace['remove'] = (db, auth, imageId) => {
    this.get(db, auth, imageId);
    this.images.delete(imageId);
  };
  setProperties: ImageFace['setProperties'] = (db, auth, imageId, properties) => {
    this.add({ ...this.get(db, auth, imageId), properties });
  };
}

const flavor = (changes: Partial<Flavor>): Flavor => ({
  id: '1',
  name: 'm1.tiny',
  vcpus: 1,
  ramMib: 128,
  diskGib: 1,
  ephemeralGib: 0,
  swapMib: 0,
  rxtxFactor: 1,
  isPublic: true,
  disabled: false,
  description: null,
  extraSpecs: {},
  ...changes,
});

/** Flavors, quotas and a scheduler of one host. */
export class StandInBasics implements Basics {
  readonly claimed: StandInRows;
  readonly quota = { instances: 10, cores: 20, ramMib: 51_200 };
  noHost = false;
  /** The quota of members of a server group. */
  members = 10;

  constructor(db: Db) {
    this.claimed = new StandInRows(db, 'claim');
  }

  readonly list: readonly Flavor[] = [
    flavor({}),
    flavor({
      id: '2',
      name: 'm1.swap',
      diskGib: 2,
      ephemeralGib: 1,
      swapMib: 64,
      extraSpecs: { 'hw:x': 'y' },
    }),
    flavor({ id: '0', name: 'm1.diskless', diskGib: 0 }),
  ];

  flavors: Basics['flavors'] = {
    getFlavor: (_db, _auth, flavorId) => {
      const found = this.list.find(({ id }) => id === flavorId);
      if (found === undefined) throw notFound(`Flavor ${flavorId} could not be found.`);
      return found;
    },
  };
  keyPairs: Basics['keyPairs'] = {
    get: (_db, userId, name) => {
      if (name !== 'key') throw notFound(`Keypair ${name} not found for user ${userId}`);
      return { name, publicKey: 'ssh-ed25519 AAAA me', type: 'ssh', fingerprint: 'aa:bb' };
    },
  };
  quotas: Basics['quotas'] = {
    checkServers: (db, projectId, demand) => {
      const used = usageOf(db, projectId);
      for (const key of ['instances', 'cores', 'ramMib'] as const)
        if (used[key] + demand[key] > this.quota[key])
          throw overQuota(
            `Quota exceeded for ${key}: Requested ${demand[key]}, but already used ${used[key]} of ${this.quota[key]} ${key}`,
          );
    },
    limit: (_db, _projectId, key) =>
      key === 'server_group_members'
        ? this.members
        : key === 'metadata_items'
          ? 3
          : key === 'injected_files'
            ? 5
            : 10_240,
  };
  scheduler: Basics['scheduler'] = {
    select: () => {
      const verdict = { host: 'desk', filter: 'ComputeFilter', passed: !this.noHost, reason: 'it is up' };
      if (this.noHost) throw new NoValidHost([verdict]);
      return { host: 'desk', node: 'desk.local', verdicts: [verdict], weights: [] };
    },
  };
  claims: Basics['claims'] = {
    claim: (_db, serverId, host) => {
      this.claimed.set(serverId, host);
    },
    release: (_db, serverId) => {
      this.claimed.delete(serverId);
    },
  };
  zones: Basics['zones'] = { zoneOf: () => 'nova', exists: (_db, zone) => zone === 'nova' };
  services: Basics['services'] = { hostStatus: () => 'UP' };
}
