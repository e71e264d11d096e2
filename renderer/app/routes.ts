import Info from '@lucide/svelte/icons/info';
import SettingsIcon from '@lucide/svelte/icons/settings';
import SquareTerminal from '@lucide/svelte/icons/square-terminal';
import Folder from '@lucide/svelte/icons/folder';
import GaugeCircle from '@lucide/svelte/icons/circle-gauge';
import KeySquare from '@lucide/svelte/icons/key-square';
import Shield from '@lucide/svelte/icons/shield';
import Users from '@lucide/svelte/icons/users';
import Boxes from '@lucide/svelte/icons/boxes';
import Cpu from '@lucide/svelte/icons/cpu';
import GitMerge from '@lucide/svelte/icons/git-merge';
import Group from '@lucide/svelte/icons/group';
import KeyRound from '@lucide/svelte/icons/key-round';
import Ruler from '@lucide/svelte/icons/ruler';
import Activity from '@lucide/svelte/icons/activity';
import Disc from '@lucide/svelte/icons/disc-3';
import Gauge from '@lucide/svelte/icons/gauge';
import MapPin from '@lucide/svelte/icons/map-pin';
import NetworkIcon from '@lucide/svelte/icons/network';
import Rocket from '@lucide/svelte/icons/rocket';
import RouterIcon from '@lucide/svelte/icons/router';
import ServerIcon from '@lucide/svelte/icons/server';
import DatabaseBackup from '@lucide/svelte/icons/database-backup';
import Layers from '@lucide/svelte/icons/layers-2';
import Combine from '@lucide/svelte/icons/combine';
import Camera from '@lucide/svelte/icons/camera';
import HardDrive from '@lucide/svelte/icons/hard-drive';
import Timer from '@lucide/svelte/icons/timer';
import Waypoints from '@lucide/svelte/icons/waypoints';
import type { Component } from 'svelte';
import type { Messages } from '../i18n/en/index.ts';
import type { Route } from './router.svelte.ts';

export type SectionName = keyof Messages['app']['sections'];

/** A page of the window; with `nav` it is in the navigation and in the commands. */
export interface PageRoute extends Route {
  /** Without navigation and top bar: a window of its own. */
  readonly bare?: true;
  readonly nav?: {
    readonly section: SectionName;
    readonly icon: Component<{ size?: number }>;
    readonly title: (messages: Messages) => string;
    /** Pressed after 'g'. */
    readonly key?: string;
  };
}

/** A page's component takes the named parts of its path as properties, each text. */
const page = (load: () => Promise<{ default: unknown }>): PageRoute['load'] => load as PageRoute['load'];

/** Every page: one line each, in the order of the navigation. */
export const routes: readonly PageRoute[] = [
  {
    path: '/welcome',
    nav: { section: 'home', icon: Rocket, title: (m) => m.welcome.title, key: 'w' },
    load: page(() => import('../pages/welcome/Welcome.svelte')),
  },
  {
    path: '/',
    nav: { section: 'home', icon: Gauge, title: (m) => m.overview.title, key: 'o' },
    load: page(() => import('../pages/overview/Overview.svelte')),
  },
  {
    path: '/operations',
    nav: { section: 'home', icon: Activity, title: (m) => m.operations.title, key: 'f' },
    load: page(() => import('../pages/operations/Operations.svelte')),
  },
  { path: '/operations/:id', load: page(() => import('../pages/operations/OperationDetail.svelte')) },
  {
    path: '/servers',
    nav: { section: 'compute', icon: ServerIcon, title: (m) => m.servers.title, key: 's' },
    load: page(() => import('../pages/servers/Servers.svelte')),
  },
  { path: '/servers/launch', load: page(() => import('../pages/servers/launch/Launch.svelte')) },
  {
    path: '/console/:id',
    bare: true,
    load: page(() => import('../pages/console/ConsolePage.svelte')),
  },
  { path: '/servers/:id', load: page(() => import('../pages/servers/ServerDetail.svelte')) },
  {
    path: '/images',
    nav: { section: 'compute', icon: Disc, title: (m) => m.images.title, key: 'i' },
    load: page(() => import('../pages/images/Images.svelte')),
  },
  { path: '/images/:id', load: page(() => import('../pages/images/ImageDetail.svelte')) },
  {
    path: '/flavors',
    nav: { section: 'compute', icon: Ruler, title: (m) => m.flavors.title, key: 'l' },
    load: page(() => import('../pages/flavors/Flavors.svelte')),
  },
  { path: '/flavors/:id', load: page(() => import('../pages/flavors/FlavorDetail.svelte')) },
  {
    path: '/keypairs',
    nav: { section: 'compute', icon: KeyRound, title: (m) => m.keypairs.title, key: 'k' },
    load: page(() => import('../pages/keypairs/KeyPairs.svelte')),
  },
  {
    path: '/servergroups',
    nav: { section: 'compute', icon: Boxes, title: (m) => m.servergroups.title },
    load: page(() => import('../pages/servergroups/ServerGroups.svelte')),
  },
  {
    path: '/volumes',
    nav: { section: 'storage', icon: HardDrive, title: (m) => m.volumes.title, key: 'v' },
    load: page(() => import('../pages/volumes/Volumes.svelte')),
  },
  { path: '/volumes/:id', load: page(() => import('../pages/volumes/VolumeDetail.svelte')) },
  {
    path: '/volume-snapshots',
    nav: { section: 'storage', icon: Camera, title: (m) => m.volumes.snapshots.title, key: 'e' },
    load: page(() => import('../pages/volumes/Snapshots.svelte')),
  },
  {
    path: '/backups',
    nav: { section: 'storage', icon: DatabaseBackup, title: (m) => m.backups.title, key: 'b' },
    load: page(() => import('../pages/backups/Backups.svelte')),
  },
  {
    path: '/volume-groups',
    nav: { section: 'storage', icon: Combine, title: (m) => m.volumeGroups.title },
    load: page(() => import('../pages/volume-groups/VolumeGroups.svelte')),
  },
  { path: '/existing-disks', load: page(() => import('../pages/volume-groups/ExistingDisks.svelte')) },
  {
    path: '/volume-types',
    nav: { section: 'storage', icon: Layers, title: (m) => m.volumeTypes.title },
    load: page(() => import('../pages/volume-types/VolumeTypes.svelte')),
  },
  { path: '/volume-types/:id', load: page(() => import('../pages/volume-types/TypeDetail.svelte')) },
  {
    path: '/projects',
    nav: { section: 'identity', icon: Folder, title: (m) => m.identity.projects, key: 'p' },
    load: page(() => import('../pages/identity/Projects.svelte')),
  },
  {
    path: '/users',
    nav: { section: 'identity', icon: Users, title: (m) => m.identity.usersAndGroups, key: 'u' },
    load: page(() => import('../pages/identity/Users.svelte')),
  },
  {
    path: '/roles',
    nav: { section: 'identity', icon: Shield, title: (m) => m.identity.rolesTitle },
    load: page(() => import('../pages/identity/Roles.svelte')),
  },
  {
    path: '/application-credentials',
    nav: { section: 'identity', icon: KeySquare, title: (m) => m.identity.credentials },
    load: page(() => import('../pages/identity/Credentials.svelte')),
  },
  {
    path: '/quotas',
    nav: { section: 'identity', icon: GaugeCircle, title: (m) => m.quotas.title, key: 'q' },
    load: page(() => import('../pages/quotas/Quotas.svelte')),
  },
  {
    path: '/aggregates',
    nav: { section: 'system', icon: Group, title: (m) => m.aggregates.title },
    load: page(() => import('../pages/aggregates/Aggregates.svelte')),
  },
  {
    path: '/hypervisor',
    nav: { section: 'system', icon: Cpu, title: (m) => m.hypervisor.title, key: 'h' },
    load: page(() => import('../pages/hypervisor/Hypervisor.svelte')),
  },
  {
    path: '/topology',
    nav: { section: 'network', icon: Waypoints, title: (m) => m.topology.title, key: 't' },
    load: page(() => import('../pages/topology/Topology.svelte')),
  },
  {
    path: '/access',
    nav: { section: 'system', icon: SquareTerminal, title: (m) => m.access.title, key: 'x' },
    load: page(() => import('../pages/access/Access.svelte')),
  },
  {
    path: '/settings',
    nav: { section: 'system', icon: SettingsIcon, title: (m) => m.settings.title },
    load: page(() => import('../pages/settings/Settings.svelte')),
  },
  {
    path: '/about',
    nav: { section: 'system', icon: Info, title: (m) => m.about.title },
    load: page(() => import('../pages/about/About.svelte')),
  },
  {
    path: '/networks',
    nav: { section: 'network', icon: NetworkIcon, title: (m) => m.networks.title, key: 'n' },
    load: page(() => import('../pages/networks/Networks.svelte')),
  },
  { path: '/networks/:id', load: page(() => import('../pages/networks/NetworkDetail.svelte')) },
  {
    path: '/routers',
    nav: { section: 'network', icon: RouterIcon, title: (m) => m.routers.title, key: 'r' },
    load: page(() => import('../pages/routers/Routers.svelte')),
  },
  { path: '/routers/:id', load: page(() => import('../pages/routers/RouterDetail.svelte')) },
  {
    path: '/floating-ips',
    nav: { section: 'network', icon: MapPin, title: (m) => m.floatingIps.title, key: 'a' },
    load: page(() => import('../pages/floating-ips/FloatingIps.svelte')),
  },
  {
    path: '/security-groups',
    nav: { section: 'network', icon: Shield, title: (m) => m.securityGroups.title, key: 'd' },
    load: page(() => import('../pages/security-groups/SecurityGroups.svelte')),
  },
  { path: '/security-groups/:id', load: page(() => import('../pages/security-groups/GroupDetail.svelte')) },
  {
    path: '/qos-policies',
    nav: { section: 'network', icon: Timer, title: (m) => m.qos.title },
    load: page(() => import('../pages/qos/Qos.svelte')),
  },
  {
    path: '/trunks',
    nav: { section: 'network', icon: GitMerge, title: (m) => m.trunks.title },
    load: page(() => import('../pages/trunks/Trunks.svelte')),
  },
];
