import type { HostProvider } from '../../placement/index.ts';
import type { Allocation } from '../scheduler/host-state.ts';
import type { HostRow } from '../store/host.ts';

/** What servers can have here, whatever the host: disks and cards of virtio, tags on devices, interfaces at runtime. */
const CAPABILITIES = [
  'COMPUTE_NODE',
  'COMPUTE_DEVICE_TAGGING',
  'COMPUTE_IMAGE_TYPE_QCOW2',
  'COMPUTE_IMAGE_TYPE_RAW',
  'COMPUTE_NET_ATTACH_INTERFACE',
  'COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG',
  'COMPUTE_NET_VIF_MODEL_VIRTIO',
  'COMPUTE_STORAGE_BUS_VIRTIO',
];

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'HW_ARCH_X86_64',
  aarch64: 'HW_ARCH_AARCH64',
  ppc64le: 'HW_ARCH_PPC64LE',
  s390x: 'HW_ARCH_S390X',
};

/** A compute host as placement shows it: VCPU, MEMORY_MB and DISK_GB with the ratios of the scheduler. */
export function hostProvider(row: HostRow, allocation: Allocation): HostProvider {
  const of = (total: number, reserved: number, ratio: number) => ({
    total,
    reserved: Math.min(reserved, total),
    min_unit: 1,
    max_unit: total,
    step_size: 1,
    allocation_ratio: ratio,
  });
  const architecture = ARCHITECTURES[row.cpu_arch];
  return {
    uuid: row.uuid,
    name: row.node,
    inventories: {
      VCPU: of(row.vcpus, 0, allocation.cpuRatio),
      MEMORY_MB: of(row.memory_mib, allocation.reservedMemoryMib, allocation.ramRatio),
      ...(row.disk_gib > 0 ? { DISK_GB: of(row.disk_gib, 0, allocation.diskRatio) } : {}),
    },
    traits: [
      ...CAPABILITIES,
      ...(architecture === undefined ? [] : [architecture]),
      ...(row.disabled === 1 ? ['COMPUTE_STATUS_DISABLED'] : []),
    ],
  };
}
