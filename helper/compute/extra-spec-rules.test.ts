import { expect, test } from 'vitest';
import { checkExtraSpecs } from './schemas/extra-spec-rules.ts';

const problem = (name: string, value: string): string => {
  try {
    checkExtraSpecs({ [name]: value });
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

test.each([
  ['hw:cpu_policy', 'dedicated'],
  ['hw:mem_page_size', '2MB'],
  ['hw:numa_cpus.0', '0-3,^2'],
  ['hw:boot_menu', 'True'],
  ['hw_rng:rate_bytes', '0'],
  ['quota:disk_read_iops_sec', '100'],
  ['quota:cpu_quota', '-1'],
  ['os:monitors', '8'],
  ['capabilities:vcpus', '>= 2'],
  ['capabilities:cpu_info:features', '<in> aes'],
  ['aggregate_instance_extra_specs:anything', 'x'],
  ['resources:VCPU', '2'],
  ['resources1:CUSTOM_GAS', '1'],
  ['trait:HW_CPU_X86_AVX', 'required'],
  ['trait_X:CUSTOM_GOLD', 'forbidden'],
  ['pci_passthrough:alias', 'gpu:2, nic:1'],
  ['mine:whatever', 'x'],
  ['whatever', 'x'],
])('%s = %s is as it should be', (name, value) => {
  expect(problem(name, value)).toBe('');
});

test.each([
  ['hw:cpu_policy', 'mine', 'is not one of: dedicated, shared, mixed'],
  ['hw:numa_nodes', '0', "is less than the min value of '1'"],
  ['hw:numa_nodes', 'x', 'is not a valid integer value'],
  ['hw:boot_menu', 'maybe', 'is not a valid boolean-like value'],
  ['os:monitors', '9', "is greater than the max value of '8'"],
  ['hw:mem_page_size', 'huge', 'is not of the format'],
  ['hw:nothing', 'x', 'does not appear to be a valid extra spec'],
  ['resources:NOTHING', '1', 'does not appear to be a valid extra spec'],
  ['trait:HW_CPU_X86_AVX', 'yes', 'is not one of: required, forbidden'],
  ['capabilities:nothing', 'x', 'does not appear to be a valid extra spec'],
])('%s = %s: %s', (name, value, why) => {
  expect(problem(name, value)).toContain(why);
});
