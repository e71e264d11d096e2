import { expect, test } from 'vitest';
import { backendsOf } from './backend-settings.ts';
import { configOf } from './config.ts';

const read = (...backends: object[]) => configOf({ volume: { backends } }, '/etc/c.yaml', {});
const lvm = { name: 'fast', kind: 'lvm', volumeGroup: 'vg0' };

test('LVM back ends are raw, and thick ones promise what they have', () => {
  const [thick, thin] = backendsOf(read(lvm, { ...lvm, name: 'thin', thinPool: 'pool', export: 'iscsi' }));
  expect(thick).toMatchObject({ format: 'raw', lvm: { volumeGroup: 'vg0' }, maxOverSubscription: 1 });
  expect(thin).toMatchObject({
    lvm: { volumeGroup: 'vg0', thinPool: 'pool' },
    maxOverSubscription: 20,
    export: 'iscsi',
  });
});

test.each([
  [[{ name: 'fast', kind: 'lvm' }], /has no volumeGroup.*sudo vgs/],
  [[{ ...lvm, volumeGroup: '--force' }], /"--force": LVM allows letters.*no hyphen at its beginning/],
  [[{ ...lvm, volumeGroup: '/dev/vg0' }], /Give the group's name alone/],
  [[{ ...lvm, volumeGroup: '..' }], /LVM allows/],
  [[{ ...lvm, volumeGroup: 'v'.repeat(64) }], /longer than 63/],
  [[{ ...lvm, thinPool: 'snapshot-pool' }], /LVM keeps such names for itself/],
  [[{ ...lvm, thinPool: 'a/b' }], /thinPool "a\/b"/],
  [[{ ...lvm, format: 'qcow2' }], /Take the format out/],
  [[{ ...lvm, mounted: true }], /which is for directories/],
  [[{ name: 'files', volumeGroup: 'vg0' }], /Add 'kind: lvm'/],
  [[{ name: 'files', export: 'iscsi' }], /Give it 'format: raw'/],
  [[lvm, { ...lvm, name: 'second' }], /'fast' and 'second'.*Give each its own/],
])('%j is refused with cause and remedy', (backends, message) => {
  expect(() => read(...backends)).toThrow(message);
});
