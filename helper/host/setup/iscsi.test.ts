import { expect, test } from 'vitest';
import { iscsiFinding } from './iscsi.ts';

test('what iSCSI needs is named with its packages, and nothing else waits for it', () => {
  expect(iscsiFinding(() => true)).toMatchObject({ finding: { status: 'ok' }, packages: [] });
  const { finding, packages } = iscsiFinding((path) => path.endsWith('tgtd'));
  expect(packages).toEqual(['qemu-block-extra']);
  expect(finding).toMatchObject({ status: 'warning', fixable: true });
  expect(finding.remedy).toContain('apt-get install --no-install-recommends qemu-block-extra');
  expect(iscsiFinding(() => false).packages).toEqual(['tgt', 'qemu-block-extra']);
});
