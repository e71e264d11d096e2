import { badRequest } from '../../errors/error.ts';
import { STANDARD_CLASSES, STANDARD_TRAITS } from '../../placement/index.ts';

/**
 * Values that extra specs of flavors may have, from 2.86 on (nova/api/validation/extra_specs, Zed): names of known
 * namespaces must be known, others are free.
 */

type Value =
  | { readonly type: 'bool' }
  | { readonly type: 'int'; readonly min?: number; readonly max?: number }
  | { readonly type: 'text'; readonly oneOf?: readonly string[]; readonly pattern?: RegExp };

const bool: Value = { type: 'bool' };
const text: Value = { type: 'text' };
const int = (min?: number, max?: number): Value => ({
  type: 'int',
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
});
const oneOf = (...values: readonly string[]): Value => ({ type: 'text', oneOf: values });
const like = (pattern: RegExp): Value => ({ type: 'text', pattern });

const CPU_SET = /^\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*$/;

const quotas = Object.fromEntries(
  ['cpu', 'memory', 'disk_io', 'vif'].flatMap((key) => [
    [`quota:${key}_limit`, int(0)],
    [`quota:${key}_reservation`, int()],
    [`quota:${key}_shares_level`, oneOf('custom', 'high', 'normal', 'low')],
    [`quota:${key}_shares_share`, int(0)],
  ]),
) as Record<string, Value>;
const each = (first: readonly string[], second: readonly string[], name: (a: string, b: string) => string) =>
  Object.fromEntries(first.flatMap((a) => second.map((b) => [name(a, b), int(0)])));

const KNOWN: Readonly<Record<string, Value>> = {
  'accel:device_profile': text,
  'hw:cpu_realtime': bool,
  'hw:cpu_realtime_mask': like(CPU_SET),
  'hw:hide_hypervisor_id': bool,
  'hw:cpu_policy': oneOf('dedicated', 'shared', 'mixed'),
  'hw:cpu_thread_policy': oneOf('prefer', 'isolate', 'require'),
  'hw:emulator_threads_policy': oneOf('isolate', 'share'),
  'hw:cpu_dedicated_mask': like(CPU_SET),
  'hw:mem_page_size': like(/^(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)$/),
  'hw:locked_memory': bool,
  'hw:numa_nodes': int(1),
  'hw:pci_numa_affinity_policy': oneOf('required', 'preferred', 'legacy', 'socket'),
  'hw:cpu_sockets': int(1),
  'hw:cpu_cores': int(1),
  'hw:cpu_threads': int(1),
  'hw:max_cpu_sockets': int(1),
  'hw:max_cpu_cores': int(1),
  'hw:max_cpu_threads': int(1),
  'hw:boot_menu': bool,
  'hw:vif_multiqueue_enabled': bool,
  'hw:mem_encryption': bool,
  'hw:pmem': like(/^[a-zA-Z0-9_,]+$/),
  'hw:pmu': bool,
  'hw:serial_port_count': int(0),
  'hw:tpm_model': oneOf('tpm-tis', 'tpm-crb'),
  'hw:tpm_version': oneOf('1.2', '2.0'),
  'hw:watchdog_action': oneOf('none', 'pause', 'poweroff', 'reset', 'disabled'),
  'hw:viommu_model': oneOf('intel', 'smmuv3', 'virtio', 'auto'),
  'hw:ephemeral_encryption': bool,
  'hw:ephemeral_encryption_format': oneOf('luks'),
  'hw_rng:allowed': bool,
  'hw_rng:rate_bytes': int(0),
  'hw_rng:rate_period': int(0),
  'hw_video:ram_max_mb': int(0),
  hide_hypervisor_id: bool,
  group_policy: oneOf('isolate', 'none'),
  'os:secure_boot': oneOf('disabled', 'required'),
  'os:resolution': oneOf('1024x768', '1280x1024', '1600x1200', '1920x1200', '2560x1600', '3840x2160'),
  'os:monitors': int(1, 8),
  'os:vram': oneOf('64', '128', '256', '512', '1024'),
  'pci_passthrough:alias': like(/^[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*$/),
  ...quotas,
  'quota:cpu_shares': int(0),
  'quota:cpu_period': int(0),
  'quota:cpu_quota': int(),
  ...each(['read', 'write', 'total'], ['bytes', 'iops'], (way, unit) => `quota:disk_${way}_${unit}_sec`),
  ...each(['inbound', 'outbound'], ['average', 'peak', 'burst'], (way, rate) => `quota:vif_${way}_${rate}`),
  'vmware:hw_version': text,
  'vmware:storage_policy': text,
};

const CAPABILITIES = new Set(
  `id uuid service_id host vcpus memory_mb local_gb vcpus_used memory_mb_used local_gb_used hypervisor_type
  hypervisor_version hypervisor_hostname free_ram_mb free_disk_gb current_workload running_vms disk_available_least
  host_ip mapped cpu_allocation_ratio ram_allocation_ratio disk_allocation_ratio total_usable_ram_mb
  total_usable_disk_gb disk_mb_used free_disk_mb vcpus_total num_instances num_io_ops failed_builds aggregates
  cell_uuid updated`.split(/\s+/),
);
/** These may be followed by ':' and a name within. */
const DEEP_CAPABILITIES =
  /^(cpu_info|metrics|stats|numa_topology|supported_hv_specs|pci_device_pools|nodename|pci_stats|supported_instances|limits|instances)(:\w+)*$/;

/** Names with a part of the caller's. */
const PATTERNS: readonly (readonly [match: (name: string) => boolean, value: Value])[] = [
  [(name) => /^aggregate_instance_extra_specs:.+$/.test(name), text],
  [(name) => /^hw:numa_cpus\.\d+$/.test(name), like(CPU_SET)],
  [(name) => /^hw:numa_mem\.\d+$/.test(name), int(1)],
  [
    (name) => {
      const capability = /^capabilities:(.+)$/.exec(name)?.[1] ?? '';
      return CAPABILITIES.has(capability) || DEEP_CAPABILITIES.test(capability);
    },
    text,
  ],
  [(name) => named(name, 'resources', (one) => STANDARD_CLASSES.includes(one)), int()],
  [(name) => named(name, 'trait', (one) => STANDARD_TRAITS.has(one)), oneOf('required', 'forbidden')],
];

/** `resources:VCPU`, `trait1:CUSTOM_X`: a group's suffix, then a standard or custom name. */
function named(name: string, namespace: string, standard: (name: string) => boolean): boolean {
  const found = new RegExp(`^${namespace}([a-zA-Z0-9_-]{1,64})?:([A-Z0-9_]+)$`).exec(name)?.[2];
  return found !== undefined && (/^CUSTOM_[A-Z0-9_]+$/.test(found) || standard(found));
}

const NAMESPACES =
  /^(accel|aggregate_instance_extra_specs|capabilities|hw|hw_rng|hw_video|os|pci_passthrough|quota|vmware|(resources|trait)([a-zA-Z0-9_-]{1,64})?)$/;

/** @throws {CloudError} badRequest that names what is wrong. */
export function checkExtraSpecs(specs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(specs)) checkExtraSpec(name, value);
}

function checkExtraSpec(name: string, value: string): void {
  const rule = Object.hasOwn(KNOWN, name) ? KNOWN[name] : PATTERNS.find(([match]) => match(name))?.[1];
  if (rule !== undefined) {
    const problem = problemOf(rule, value);
    if (problem !== undefined) throw badRequest(`Validation failed; '${value}' ${problem}.`);
    return;
  }
  const [namespace, ...rest] = name.split(':');
  if (rest.length > 0 && NAMESPACES.test(namespace ?? ''))
    throw badRequest(`Validation failed; extra spec '${name}' does not appear to be a valid extra spec.`);
}

function problemOf(rule: Value, value: string): string | undefined {
  switch (rule.type) {
    case 'bool':
      return /^(true|t|1|on|y|yes|false|f|0|off|n|no)$/i.test(value)
        ? undefined
        : 'is not a valid boolean-like value';
    case 'int': {
      if (!/^\s*[+-]?\d+\s*$/.test(value)) return 'is not a valid integer value';
      if (rule.max !== undefined && Number(value) > rule.max)
        return `is greater than the max value of '${rule.max}'`;
      if (rule.min !== undefined && Number(value) < rule.min)
        return `is less than the min value of '${rule.min}'`;
      return undefined;
    }
    case 'text':
      if (rule.oneOf !== undefined && !rule.oneOf.includes(value))
        return `is not one of: ${rule.oneOf.join(', ')}`;
      if (rule.pattern !== undefined && !rule.pattern.test(value))
        return `is not of the format '${rule.pattern.source}'`;
      return undefined;
  }
}
