import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './interface.ts';
import { PROGRAM_PATHS } from './tools.ts';

/** Debian packages for volumes that are exported by iSCSI: the target daemon, and QEMU's own initiator. */
export const ISCSI_PACKAGES: readonly { readonly package: string; readonly paths: readonly string[] }[] = [
  { package: 'tgt', paths: PROGRAM_PATHS.map((path) => join(path, 'tgtd')) },
  {
    package: 'qemu-block-extra',
    paths: ['x86_64', 'aarch64'].map((arch) => `/usr/lib/${arch}-linux-gnu/qemu/block-iscsi.so`),
  },
];

/** Everything else works without. */
export function iscsiFinding(exists: (path: string) => boolean = existsSync): {
  readonly finding: Finding;
  readonly packages: readonly string[];
} {
  const packages = ISCSI_PACKAGES.filter(({ paths }) => !paths.some(exists)).map((one) => one.package);
  const head = { id: 'iscsi', title: 'volumes can be exported by iSCSI' } as const;
  if (packages.length === 0)
    return {
      finding: { ...head, status: 'ok', detail: "tgt and QEMU's initiator are there", fixable: false },
      packages,
    };
  return {
    finding: {
      ...head,
      status: 'warning',
      detail: `${packages.join(' and ')} is not installed: back ends of volumes with 'export: iscsi' do not work; all else does`,
      remedy: `sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
      fixable: true,
    },
    packages,
  };
}
