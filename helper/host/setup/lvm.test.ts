import { expect, test } from 'vitest';
import { lvmFinding } from './lvm.ts';

const thick = { name: 'fast', kind: 'lvm' } as const;
const thin = { name: 'thin', kind: 'lvm', thinPool: 'pool' } as const;

test('LVM is asked for only where a back end is on it, with the packages that it needs', () => {
  expect(lvmFinding([{ name: 'file' }, { name: 'other', kind: 'file' }], () => false)).toBeUndefined();
  expect(lvmFinding([thick, thin], () => true)).toMatchObject({ finding: { status: 'ok' }, packages: [] });
  expect(lvmFinding([thick], (path) => !path.endsWith('thin_check'))?.packages).toEqual([]);
  expect(lvmFinding([thick], () => false)?.packages).toEqual(['lvm2']);
  const found = lvmFinding([thick, thin], () => false);
  expect(found?.packages).toEqual(['lvm2', 'thin-provisioning-tools']);
  expect(found?.finding).toMatchObject({ status: 'warning', fixable: true });
  expect(found?.finding.detail).toContain("'fast', 'thin'");
  expect(found?.finding.remedy).toContain('--no-install-recommends lvm2 thin-provisioning-tools');
});
