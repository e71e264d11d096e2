import type { Api } from '../../cloud/api.ts';

/** As compute shows it up to 2.87; later versions leave the figures to placement. */
interface OldHypervisor {
  readonly id: string;
  readonly hypervisor_hostname: string;
  readonly state: 'up' | 'down';
  readonly status: 'enabled' | 'disabled';
  readonly hypervisor_type: string;
  readonly hypervisor_version: number;
  readonly host_ip: string;
  readonly vcpus: number;
  readonly memory_mb: number;
  readonly memory_mb_used: number;
  readonly local_gb: number;
  readonly local_gb_used: number;
  readonly free_disk_gb: number;
  readonly running_vms: number;
  readonly cpu_info: {
    readonly arch: string;
    readonly model: string;
    readonly vendor: string;
    readonly features: readonly string[];
    readonly topology: { readonly cores: number; readonly threads: number; readonly sockets: number };
  };
}

/** A resource class of the host, as placement counts it. */
export interface Inventory {
  readonly total: number;
  readonly reserved: number;
  readonly ratio: number;
  readonly used: number;
}

export interface HostReport extends OldHypervisor {
  readonly uptime: string | null;
  readonly guests: readonly { readonly name: string; readonly uuid: string }[];
  /** By class: VCPU, MEMORY_MB, DISK_GB. */
  readonly inventories: Readonly<Record<string, Inventory>>;
  readonly traits: readonly string[];
}

/** Everything that compute and placement know of the hosts. @throws {ApiError} */
export async function readHosts(api: Api): Promise<readonly HostReport[]> {
  const { hypervisors } = await api.get<{ hypervisors: OldHypervisor[] }>(
    'compute',
    '/os-hypervisors/detail',
    { microversion: '2.87' },
  );
  return await Promise.all(
    hypervisors.map(async (host) => {
      const provider = `/resource_providers/${host.id}`;
      const [detail, inventories, usages, traits] = await Promise.all([
        api.get<{ hypervisor: { uptime: string | null; servers?: { name: string; uuid: string }[] } }>(
          'compute',
          `/os-hypervisors/${host.id}?with_servers=true`,
        ),
        api.get<{
          inventories: Record<string, { total: number; reserved: number; allocation_ratio: number }>;
        }>('placement', `${provider}/inventories`),
        api.get<{ usages: Record<string, number> }>('placement', `${provider}/usages`),
        api.get<{ traits: string[] }>('placement', `${provider}/traits`),
      ]);
      return {
        ...host,
        uptime: detail.hypervisor.uptime,
        guests: detail.hypervisor.servers ?? [],
        traits: traits.traits,
        inventories: Object.fromEntries(
          Object.entries(inventories.inventories).map(([name, one]) => [
            name,
            {
              total: one.total,
              reserved: one.reserved,
              ratio: one.allocation_ratio,
              used: usages.usages[name] ?? 0,
            },
          ]),
        ),
      };
    }),
  );
}

/** One service of the cloud, of compute's or the network's. */
export interface CloudService {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly zone: string | null;
  readonly up: boolean;
  readonly enabled: boolean;
  readonly reason: string | null;
  /** What it can be told to take no more of here. */
  readonly takes: 'servers' | 'volumes' | null;
  readonly seen: string | null;
}

/** @throws {ApiError} */
export async function readServices(api: Api): Promise<readonly CloudService[]> {
  const [{ services }, { agents }, volume] = await Promise.all([
    api.get<{
      services: {
        id: string;
        binary: string;
        host: string;
        zone: string;
        state: string;
        status: string;
        disabled_reason: string | null;
        updated_at: string | null;
      }[];
    }>('compute', '/os-services'),
    api.get<{
      agents: {
        id: string;
        binary: string;
        host: string;
        availability_zone: string | null;
        alive: boolean;
        admin_state_up: boolean;
        heartbeat_timestamp: string;
      }[];
    }>('network', '/agents'),
    api.get<{
      services: {
        binary: string;
        host: string;
        zone: string;
        state: string;
        status: string;
        disabled_reason: string | null;
        updated_at: string;
      }[];
    }>('volume', '/os-services'),
  ]);
  return [
    ...services.map((one) => ({
      id: one.id,
      name: one.binary,
      host: one.host,
      zone: one.zone,
      up: one.state === 'up',
      enabled: one.status === 'enabled',
      reason: one.disabled_reason,
      takes: one.binary === 'nova-compute' ? ('servers' as const) : null,
      seen: one.updated_at === null ? null : `${one.updated_at}Z`,
    })),
    ...volume.services.map((one) => ({
      id: `${one.binary} ${one.host}`,
      name: one.binary,
      host: one.host,
      zone: one.zone,
      up: one.state === 'up',
      enabled: one.status === 'enabled',
      reason: one.disabled_reason,
      takes: one.binary === 'cinder-volume' ? ('volumes' as const) : null,
      seen: `${one.updated_at}Z`,
    })),
    ...agents.map((one) => ({
      id: one.id,
      name: one.binary,
      host: one.host,
      zone: one.availability_zone,
      up: one.alive,
      enabled: one.admin_state_up,
      reason: null,
      takes: null,
      seen: `${one.heartbeat_timestamp.replace(' ', 'T')}Z`,
    })),
  ];
}

/** 7002005 is '7.2.5'. */
export const versionOf = (version: number): string =>
  `${Math.floor(version / 1_000_000)}.${Math.floor(version / 1000) % 1000}.${version % 1000}`;

/** Tells a service to take new work, or no more of it. @throws {ApiError} */
export async function turnService(
  api: Api,
  service: CloudService,
  on: boolean,
  reason: string,
): Promise<void> {
  const why = on || reason === '' ? {} : { disabled_reason: reason };
  if (service.takes === 'volumes')
    await api.put(
      'volume',
      `/os-services/${on ? 'enable' : reason === '' ? 'disable' : 'disable-log-reason'}`,
      {
        binary: service.name,
        host: service.host,
        ...why,
      },
    );
  else
    await api.put('compute', `/os-services/${service.id}`, { status: on ? 'enabled' : 'disabled', ...why });
}
