import type { ChangeKind } from '../../helper/contract/change.ts';
import type { ApiService } from '../../main/contract/shell.ts';
import type {
  AddressGroup,
  Aggregate,
  Flavor,
  FloatingIp,
  IdentityDomain,
  IdentityGroup,
  IdentityProject,
  IdentityRole,
  IdentityUser,
  Image,
  KeyPair,
  Network,
  Port,
  QosPolicy,
  Router,
  SecurityGroup,
  Server,
  ServerGroup,
  Subnet,
  Trunk,
} from './types.ts';
import type {
  GroupType,
  Volume,
  VolumeBackup,
  VolumeGroup,
  VolumeGroupSnapshot,
  VolumeSnapshot,
  VolumeType,
} from './storage-types.ts';

/** What each kind's resources look like. */
export interface Kinds {
  address_group: AddressGroup;
  aggregate: Aggregate;
  domain: IdentityDomain;
  flavor: Flavor;
  floatingip: FloatingIp;
  group: IdentityGroup;
  image: Image;
  keypair: KeyPair;
  network: Network;
  port: Port;
  project: IdentityProject;
  qos_policy: QosPolicy;
  role: IdentityRole;
  router: Router;
  security_group: SecurityGroup;
  server: Server;
  server_group: ServerGroup;
  subnet: Subnet;
  trunk: Trunk;
  user: IdentityUser;
  volume: Volume;
  volume_backup: VolumeBackup;
  volume_group: VolumeGroup;
  volume_group_snapshot: VolumeGroupSnapshot;
  volume_group_type: GroupType;
  volume_snapshot: VolumeSnapshot;
  volume_type: VolumeType;
}

export type Kind = keyof Kinds & ChangeKind;

/** Where a kind's resources are in the APIs. */
export interface KindSpec<T> {
  readonly service: ApiService;
  /** The list of one project, with the query that gives whole resources in pages as large as may be. */
  readonly list: (projectId: string | null) => string;
  readonly listKey: string;
  /** The path of one of them. */
  readonly show: (id: string) => string;
  /** Under which key of the answer it is; null where it is the answer. */
  readonly showKey: string | null;
  readonly id: (resource: T) => string;
  /** Each entry of the list is wrapped once more (key pairs). */
  readonly wrapped?: string;
}

const network = <T extends { id: string }>(
  path: string,
  listKey: string,
  showKey: string,
  ownOnly: boolean,
): KindSpec<T> => ({
  service: 'network',
  list: (projectId) =>
    // The administrator sees all projects' resources unless they are asked for by project.
    ownOnly && projectId !== null ? `${path}?project_id=${projectId}` : path,
  listKey,
  show: (id) => `${path}/${id}`,
  showKey,
  id: (one) => one.id,
});

const volume = <T extends { id: string }>(list: string, path: string, key: string): KindSpec<T> => ({
  service: 'volume',
  list: () => list,
  listKey: `${key}s`,
  show: (id) => `${path}/${id}`,
  showKey: key,
  id: (one) => one.id,
});

const identity = <T extends { id: string }>(path: string, listKey: string, showKey: string): KindSpec<T> => ({
  service: 'identity',
  list: () => path,
  listKey,
  show: (id) => `${path}/${id}`,
  showKey,
  id: (one) => one.id,
});

export const KINDS: { readonly [K in Kind]: KindSpec<Kinds[K]> } = {
  server: {
    service: 'compute',
    list: () => '/servers/detail?limit=1000',
    listKey: 'servers',
    show: (id) => `/servers/${id}`,
    showKey: 'server',
    id: (one) => one.id,
  },
  flavor: {
    service: 'compute',
    list: () => '/flavors/detail?is_public=None&limit=1000',
    listKey: 'flavors',
    show: (id) => `/flavors/${encodeURIComponent(id)}`,
    showKey: 'flavor',
    id: (one) => one.id,
  },
  keypair: {
    service: 'compute',
    list: () => '/os-keypairs?limit=1000',
    listKey: 'keypairs',
    show: (name) => `/os-keypairs/${encodeURIComponent(name)}`,
    showKey: 'keypair',
    id: (one) => one.name,
    wrapped: 'keypair',
  },
  server_group: {
    service: 'compute',
    list: () => '/os-server-groups?limit=1000',
    listKey: 'server_groups',
    show: (id) => `/os-server-groups/${id}`,
    showKey: 'server_group',
    id: (one) => one.id,
  },
  aggregate: {
    service: 'compute',
    list: () => '/os-aggregates',
    listKey: 'aggregates',
    show: (id) => `/os-aggregates/${id}`,
    showKey: 'aggregate',
    id: (one) => String(one.id),
  },
  image: {
    service: 'image',
    list: () => '/images?limit=1000',
    listKey: 'images',
    show: (id) => `/images/${id}`,
    showKey: null,
    id: (one) => one.id,
  },
  // Of these, what others share counts as well.
  network: network('/networks', 'networks', 'network', false),
  subnet: network('/subnets', 'subnets', 'subnet', false),
  port: network('/ports', 'ports', 'port', true),
  router: network('/routers', 'routers', 'router', true),
  floatingip: network('/floatingips', 'floatingips', 'floatingip', true),
  security_group: network('/security-groups', 'security_groups', 'security_group', true),
  address_group: network('/address-groups', 'address_groups', 'address_group', true),
  qos_policy: network('/qos/policies', 'policies', 'policy', false),
  trunk: network('/trunks', 'trunks', 'trunk', true),
  domain: identity('/domains', 'domains', 'domain'),
  group: identity('/groups', 'groups', 'group'),
  project: identity('/projects', 'projects', 'project'),
  role: identity('/roles', 'roles', 'role'),
  user: identity('/users', 'users', 'user'),
  volume: volume('/volumes/detail?limit=1000', '/volumes', 'volume'),
  volume_backup: volume('/backups/detail?limit=1000', '/backups', 'backup'),
  volume_snapshot: volume('/snapshots/detail?limit=1000', '/snapshots', 'snapshot'),
  volume_group: volume('/groups/detail?limit=1000', '/groups', 'group'),
  volume_group_snapshot: volume('/group_snapshots/detail?limit=1000', '/group_snapshots', 'group_snapshot'),
  volume_group_type: volume('/group_types?is_public=None&limit=1000', '/group_types', 'group_type'),
  // Private ones too, where the person may see them.
  volume_type: volume('/types?is_public=None&limit=1000', '/types', 'volume_type'),
};
