import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { statusOf } from '../../contract/server-actions.ts';
import { mv, type Microversion } from '../../http/index.ts';
import type { ServerAddress } from '../../network/face.ts';
import type { ListedServer } from '../store/server-list.ts';
import { instanceName, tagsOfRow } from '../store/server-row.ts';
import type { ServerVolumeRow } from '../store/server-volume.ts';

/** What shows of a server besides its row, and to whom. */
export interface ViewContext {
  readonly version: Microversion;
  /** `http://host:port` of the request. */
  readonly origin: string;
  /** origin with '/compute/v2.1'. */
  readonly base: string;
  /** os_compute_api:os-extended-server-attributes */
  readonly extended: boolean;
  /** os_compute_api:servers:show:flavor-extra-specs */
  readonly extraSpecs: boolean;
  /** os_compute_api:servers:show:host_status: all of it, only UNKNOWN, or nothing. */
  readonly hostStatus: 'all' | 'unknown' | 'none';
  readonly administrator: boolean;
}

/** What other services say of a page of servers. */
export interface ViewExtras {
  readonly addresses: ReadonlyMap<string, readonly ServerAddress[]>;
  readonly securityGroups: ReadonlyMap<string, readonly string[]>;
  /** By server. */
  readonly volumes: ReadonlyMap<string, readonly ServerVolumeRow[]>;
  /** Zone and state by host. */
  readonly hosts: ReadonlyMap<string, { readonly zone: string; readonly status: string }>;
}

/** Seconds and 'Z', as nova writes created and updated. */
export const isoTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Microseconds and no 'Z', as nova writes launched_at and terminated_at, and the times of actions. */
export const plainTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}000`;

const hostIds = new Map<string, string>();

/** An opaque id of the host, another one for each project: nova hashes both together (SHA-224). */
export function hostId(projectId: string, host: string | null): string {
  if (host === null) return '';
  const key = `${projectId}${host}`;
  let id = hostIds.get(key);
  if (id === undefined) {
    if (hostIds.size > 1000) hostIds.clear();
    id = createHash('sha224').update(key).digest('hex');
    hostIds.set(key, id);
  }
  return id;
}

const bookmark = (context: ViewContext, collection: string, id: string) => ({
  rel: 'bookmark',
  href: `${context.origin}/compute/${collection}/${id}`,
});

export const serverLinks = (context: Pick<ViewContext, 'origin' | 'base'>, id: string) => [
  { rel: 'self', href: `${context.base}/servers/${id}` },
  { rel: 'bookmark', href: `${context.origin}/compute/servers/${id}` },
];

export const basicServer = (context: ViewContext, row: ListedServer) => ({
  id: row.id,
  name: row.name,
  links: serverLinks(context, row.id),
});

/** Addresses by network, as `addresses` and /ips have them. */
export function addressesBody(
  addresses: readonly ServerAddress[],
  extended: boolean,
): Record<string, object[]> {
  // A network's name is free text: as a key it must not be able to be '__proto__'.
  const byName = new Map<string, object[]>();
  for (const { networkName, address, version, kind, macAddress } of addresses) {
    const list = byName.get(networkName) ?? [];
    byName.set(networkName, list);
    list.push({
      version,
      addr: address,
      ...(extended ? { 'OS-EXT-IPS:type': kind, 'OS-EXT-IPS-MAC:mac_addr': macAddress } : {}),
    });
  }
  return Object.fromEntries(byName);
}

const PROGRESS_STATUSES = new Set(['ACTIVE', 'BUILD', 'VERIFY_RESIZE']);
const NO_ADDRESSES: readonly ServerAddress[] = [];

function flavorBody(context: ViewContext, row: ListedServer): object {
  if (context.version < mv('2.47'))
    return { id: row.flavor_id, links: [bookmark(context, 'flavors', row.flavor_id)] };
  return {
    vcpus: row.vcpus,
    ram: row.ram_mib,
    disk: row.disk_gib,
    ephemeral: row.ephemeral_gib,
    swap: row.swap_mib,
    original_name: row.flavor_name,
    ...(context.extraSpecs ? { extra_specs: JSON.parse(row.extra_specs) as object } : {}),
  };
}

function faultBody(context: ViewContext, row: ListedServer): object | undefined {
  if (row.fault_at === null || row.fault_code === null) return undefined;
  const withDetails = row.fault_details !== null && (context.administrator || row.fault_code !== 500);
  return {
    code: row.fault_code,
    created: isoTime(row.fault_at),
    message: row.fault_message ?? '',
    ...(withDetails ? { details: row.fault_details } : {}),
  };
}

/** What `show`, `detail` and (before 2.75, alone) `update` have in common. */
export function serverBody(
  context: ViewContext,
  row: ListedServer,
  extras: ViewExtras,
  part: 'update' | 'show',
): Record<string, unknown> {
  const { version } = context;
  const status = statusOf(row.vm_state, row.task_state);
  const addresses =
    row.vm_state === 'building' ? NO_ADDRESSES : (extras.addresses.get(row.id) ?? NO_ADDRESSES);
  const body: Record<string, unknown> = {
    id: row.id,
    name: row.name,
    status,
    tenant_id: row.project_id,
    user_id: row.user_id,
    metadata: JSON.parse(row.metadata) as object,
    hostId: hostId(row.project_id, row.host),
    image:
      row.image_id === null ? '' : { id: row.image_id, links: [bookmark(context, 'images', row.image_id)] },
    flavor: flavorBody(context, row),
    created: isoTime(row.created_at),
    updated: isoTime(row.updated_at),
    addresses: addressesBody(addresses, part === 'show'),
    accessIPv4: row.access_ip_v4 ?? '',
    // In its canonical form (RFC 5952), as upstream's database gives it.
    accessIPv6: row.access_ip_v6 === null ? '' : ipaddr.parse(row.access_ip_v6).toString(),
    links: serverLinks(context, row.id),
    'OS-DCF:diskConfig': row.disk_config,
  };
  if (PROGRESS_STATUSES.has(status)) body['progress'] = row.progress;
  if (status === 'ERROR' || status === 'DELETED') {
    const fault = faultBody(context, row);
    if (fault !== undefined) body['fault'] = fault;
  }
  if (version >= mv('2.9')) body['locked'] = row.locked_by !== null;
  if (version >= mv('2.19')) body['description'] = row.description;
  if (version >= mv('2.26')) body['tags'] = tagsOfRow(row);
  if (version >= mv('2.63'))
    body['trusted_image_certificates'] =
      row.trusted_certs === null ? null : (JSON.parse(row.trusted_certs) as string[]);
  if (version >= mv('2.73')) body['locked_reason'] = row.locked_reason;
  if (part === 'show') addDetails(body, context, row, extras);
  return body;
}

function addDetails(
  body: Record<string, unknown>,
  context: ViewContext,
  row: ListedServer,
  extras: ViewExtras,
): void {
  const host = row.host === null ? undefined : extras.hosts.get(row.host);
  body['key_name'] = row.key_name;
  body['config_drive'] = row.config_drive === 1 ? 'True' : '';
  body['OS-EXT-AZ:availability_zone'] = host?.zone ?? row.requested_zone ?? '';
  body['OS-EXT-STS:task_state'] = row.task_state;
  body['OS-EXT-STS:vm_state'] = row.vm_state;
  body['OS-EXT-STS:power_state'] = row.power_state;
  body['OS-SRV-USG:launched_at'] = row.launched_at === null ? null : plainTime(row.launched_at);
  body['OS-SRV-USG:terminated_at'] = row.terminated_at === null ? null : plainTime(row.terminated_at);
  body['os-extended-volumes:volumes_attached'] = (extras.volumes.get(row.id) ?? []).map((volume) => ({
    id: volume.volume_id,
    ...(context.version >= mv('2.3') ? { delete_on_termination: volume.delete_on_termination === 1 } : {}),
  }));
  const groups = extras.securityGroups.get(row.id);
  if (groups !== undefined && groups.length > 0) body['security_groups'] = groups.map((name) => ({ name }));
  if (context.extended) addExtended(body, context, row);
  else if (context.version >= mv('2.90')) body['OS-EXT-SRV-ATTR:hostname'] = row.hostname;
  if (context.version >= mv('2.16') && context.hostStatus !== 'none') {
    const status = row.host === null ? '' : (host?.status ?? 'UNKNOWN');
    if (context.hostStatus === 'all' || status === 'UNKNOWN') body['host_status'] = status;
  }
}

function addExtended(body: Record<string, unknown>, context: ViewContext, row: ListedServer): void {
  body['OS-EXT-SRV-ATTR:host'] = row.host;
  body['OS-EXT-SRV-ATTR:instance_name'] = instanceName(row);
  body['OS-EXT-SRV-ATTR:hypervisor_hostname'] = row.node;
  if (context.version < mv('2.3')) return;
  body['OS-EXT-SRV-ATTR:hostname'] = row.hostname;
  body['OS-EXT-SRV-ATTR:kernel_id'] = '';
  body['OS-EXT-SRV-ATTR:launch_index'] = row.launch_index;
  body['OS-EXT-SRV-ATTR:ramdisk_id'] = '';
  body['OS-EXT-SRV-ATTR:reservation_id'] = row.reservation_id;
  body['OS-EXT-SRV-ATTR:root_device_name'] = row.root_device_name;
  body['OS-EXT-SRV-ATTR:user_data'] = row.user_data;
}
