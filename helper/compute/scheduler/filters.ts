/** The scheduler's filters (CREATE-FLOW step 13): each says of one host whether it may have the server, and why not. */
import ipaddr from 'ipaddr.js';
import type { RequestSpec } from '../basics.ts';
import { meets } from './extra-specs.ts';
import { HOST_IP, type HostState } from './host-state.ts';
import { InvalidQuery, satisfies } from './json-filter.ts';
import type { GroupPolicy } from '../schemas/server-group.ts';

/** Facts about other servers that hints speak of; read once for a request. */
export interface HintFacts {
  readonly sameHosts: readonly string[] | null;
  readonly differentHosts: readonly string[] | null;
  readonly group: GroupFacts | null;
}

/** The server's group, and how many of its other members each host has. */
export interface GroupFacts {
  readonly policy: GroupPolicy;
  readonly maxPerHost: number;
  readonly members: ReadonlyMap<string, number>;
}

export interface Filter {
  readonly name: string;
  /** Null where the host passes, else why it does not. */
  readonly refuse: (host: HostState, spec: RequestSpec, facts: HintFacts) => string | null;
}

const AGGREGATE_SCOPE = 'aggregate_instance_extra_specs:';
const CAPABILITY_SCOPE = 'capabilities:';

/** What ComputeCapabilitiesFilter can compare, by the names of nova's host state. */
const CAPABILITIES: Readonly<Record<string, (host: HostState) => string>> = {
  hypervisor_type: (host) => host.hypervisorType,
  hypervisor_version: (host) => String(host.hypervisorVersion),
  hypervisor_hostname: (host) => host.node,
  host: (host) => host.host,
  vcpus_total: (host) => String(host.vcpusTotal),
  vcpus_used: (host) => String(host.vcpusUsed),
  free_ram_mb: (host) => String(host.freeRamMib),
  free_disk_mb: (host) => String(host.freeDiskGib * 1024),
  total_usable_ram_mb: (host) => String(host.ramTotalMib),
  num_instances: (host) => String(host.servers),
  num_io_ops: (host) => String(host.ioOps),
  'cpu_info:arch': (host) => host.cpuArch,
  'cpu_info:model': (host) => host.cpuModel,
};

/** Upstream spells architectures in several ways. */
const ARCHITECTURES: Readonly<Record<string, string>> = { amd64: 'x86_64', x64: 'x86_64', arm64: 'aarch64' };
const architecture = (name: string): string => ARCHITECTURES[name.toLowerCase()] ?? name.toLowerCase();

const need = (what: string, wanted: number, free: number, unit: string): string | null =>
  wanted <= free ? null : `${what}: ${wanted} ${unit} wanted, ${Math.max(0, free)} ${unit} free`;

/** What servers of a group promise each other holds on a host that was named, too. */
export const GROUP_FILTERS: readonly Filter[] = [
  {
    name: 'ServerGroupAntiAffinityFilter',
    refuse: (host, _spec, { group }) => {
      if (group?.policy !== 'anti-affinity') return null;
      const there = group.members.get(host.host) ?? 0;
      return there < group.maxPerHost
        ? null
        : `the host has ${there} of the server's group, which allows ${group.maxPerHost}`;
    },
  },
  {
    name: 'ServerGroupAffinityFilter',
    refuse: (host, _spec, { group }) =>
      group?.policy !== 'affinity' || group.members.size === 0 || group.members.has(host.host)
        ? null
        : "the servers of the server's group are on another host",
  },
];

export const FILTERS: readonly Filter[] = [
  {
    name: 'AvailabilityZoneFilter',
    refuse: (host, { availabilityZone }) =>
      availabilityZone === null || availabilityZone === host.zone
        ? null
        : `the host is in zone ${host.zone}, wanted is ${availabilityZone}`,
  },
  {
    name: 'ComputeFilter',
    refuse: (host) => {
      if (!host.enabled)
        return `the host is disabled${host.disabledReason === null ? '' : `: ${host.disabledReason}`}`;
      return host.up ? null : 'the host is down: its hypervisor does not answer (is libvirtd running?)';
    },
  },
  { name: 'ComputeCapabilitiesFilter', refuse: refuseCapabilities },
  { name: 'ImagePropertiesFilter', refuse: refuseImage },
  { name: 'AggregateInstanceExtraSpecsFilter', refuse: refuseAggregates },
  {
    name: 'JsonFilter',
    refuse: (host, { hints }) => {
      const { query: given } = hints;
      // novaclient sends a hint that was given once as a list of one text.
      const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
      const query = texts.length === 1 ? texts[0] : given;
      if (query === undefined || query === null || query === '') return null;
      try {
        return satisfies(query, host) ? null : 'the host does not satisfy the query';
      } catch (error) {
        if (error instanceof InvalidQuery) return error.message;
        throw error;
      }
    },
  },
  {
    name: 'RamFilter',
    refuse: (host, { flavor }) => need('memory', flavor.ramMib, host.ramLimitMib - host.ramUsedMib, 'MiB'),
  },
  {
    name: 'DiskFilter',
    refuse: (host, { flavor }) =>
      need('disk promised to servers', flavor.diskGib, host.diskLimitGib - host.diskUsedGib, 'GiB') ??
      need('disk', flavor.diskGib, host.diskAvailableGib, 'GiB'),
  },
  {
    name: 'CoreFilter',
    refuse: (host, { flavor }) => {
      if (flavor.vcpus > host.vcpusTotal)
        return `${flavor.vcpus} vCPU wanted, the host has ${host.vcpusTotal}`;
      return need('vCPU', flavor.vcpus, host.vcpusLimit - host.vcpusUsed, 'vCPU');
    },
  },
  {
    name: 'SameHostFilter',
    refuse: (host, _spec, { sameHosts }) =>
      sameHosts === null || sameHosts.includes(host.host)
        ? null
        : 'none of the servers of same_host is on this host',
  },
  {
    name: 'DifferentHostFilter',
    refuse: (host, _spec, { differentHosts }) =>
      differentHosts?.includes(host.host) === true ? 'a server of different_host is on this host' : null,
  },
  {
    name: 'SimpleCIDRAffinityFilter',
    refuse: (_host, { hints }) => {
      const { build_near_host_ip: near, cidr } = hints;
      if (typeof near !== 'string') return null;
      const range = `${near}${typeof cidr === 'string' ? cidr : '/24'}`;
      return inRange(HOST_IP, range) ? null : `the host's address ${HOST_IP} is not in ${range}`;
    },
  },
  ...GROUP_FILTERS,
];

/** False also for a range that is none, or of the other family. */
function inRange(address: string, range: string): boolean {
  if (!ipaddr.isValidCIDR(range)) return false;
  const [network, bits] = ipaddr.parseCIDR(range);
  const one = ipaddr.parse(address);
  return one.kind() === network.kind() && one.match(network, bits);
}

/** Unscoped keys with a ':' in them belong to drivers (hw:, quota:, ...) and are no capabilities. */
function refuseCapabilities(host: HostState, { flavor }: RequestSpec): string | null {
  for (const [key, wanted] of Object.entries(flavor.extraSpecs)) {
    const scoped = key.startsWith(CAPABILITY_SCOPE);
    if (!scoped) continue;
    const name = key.slice(CAPABILITY_SCOPE.length);
    const value = Object.hasOwn(CAPABILITIES, name) ? CAPABILITIES[name]?.(host) : undefined;
    if (value === undefined) return `the host has no capability ${name}`;
    if (!meets(value, wanted)) return `${name} is ${value}, wanted is ${wanted}`;
  }
  return null;
}

function refuseImage(host: HostState, { image, flavor }: RequestSpec): string | null {
  if (image === null) return null;
  const type = image.properties['img_hv_type'] ?? image.properties['hypervisor_type'];
  const offered = [host.hypervisorType.toLowerCase(), host.accelerator, 'qemu'];
  if (type !== undefined && !offered.includes(type.toLowerCase())) {
    return `the image wants hypervisor ${type}, the host has ${[...new Set(offered)].join(', ')}`;
  }
  const arch = image.properties['hw_architecture'] ?? image.properties['architecture'];
  if (arch !== undefined && architecture(arch) !== architecture(host.cpuArch)) {
    return `the image is for ${arch}, the host is ${host.cpuArch}`;
  }
  if (image.minRamMib > flavor.ramMib) {
    return `the image needs ${image.minRamMib} MiB of memory, the flavor has ${flavor.ramMib}`;
  }
  // A flavor without a disk takes the image's own size.
  if (flavor.diskGib > 0 && image.minDiskGib > flavor.diskGib) {
    return `the image needs ${image.minDiskGib} GiB of disk, the flavor has ${flavor.diskGib}`;
  }
  return null;
}

/** Each scoped or plain extra spec must be met by an aggregate of the host, as nova has it. */
function refuseAggregates(host: HostState, { flavor }: RequestSpec): string | null {
  for (const [key, wanted] of Object.entries(flavor.extraSpecs)) {
    const scoped = key.startsWith(AGGREGATE_SCOPE);
    if (!scoped && key.includes(':')) continue;
    const name = scoped ? key.slice(AGGREGATE_SCOPE.length) : key;
    const values = host.aggregates.flatMap(({ metadata }) =>
      (metadata[name] ?? '')
        .split(',')
        .map((value) => value.trim())
        .filter((value) => value !== ''),
    );
    if (values.length === 0) return `no aggregate of the host has ${name}`;
    if (!values.some((value) => meets(value, wanted))) {
      return `aggregates of the host have ${name} ${values.join(', ')}, wanted is ${wanted}`;
    }
  }
  return null;
}
