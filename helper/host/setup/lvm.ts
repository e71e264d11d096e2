import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './interface.ts';
import { PROGRAM_PATHS } from './tools.ts';

/** Of a back end of volumes, what says whether it needs LVM; as in the settings (`volume.backends`). */
export interface SetupBackend {
  readonly name: string;
  readonly kind?: 'file' | 'lvm';
  readonly thinPool?: string;
}

/**
 * What back ends on LVM need; everything else works without. Groups and the kernel are looked at when a back end is used:
 * its pool then says what is wrong.
 *
 * @returns undefined when no back end is on LVM.
 */
export function lvmFinding(
  backends: readonly SetupBackend[],
  exists: (path: string) => boolean = existsSync,
): { readonly finding: Finding; readonly packages: readonly string[] } | undefined {
  const lvm = backends.filter(({ kind }) => kind === 'lvm');
  if (lvm.length === 0) return undefined;
  const missing = (program: string): boolean => !PROGRAM_PATHS.some((path) => exists(join(path, program)));
  const thin = lvm.some(({ thinPool }) => thinPool !== undefined);
  const packages = [
    ...(missing('lvs') ? ['lvm2'] : []),
    ...(thin && missing('thin_check') ? ['thin-provisioning-tools'] : []),
  ];
  const names = lvm.map(({ name }) => `'${name}'`).join(', ');
  const head = { id: 'lvm', title: 'volumes can be kept on LVM' } as const;
  if (packages.length === 0)
    return {
      finding: {
        ...head,
        status: 'ok',
        detail: `what ${names} of the settings needs is there`,
        fixable: false,
      },
      packages,
    };
  return {
    finding: {
      ...head,
      status: 'warning',
      detail: `${packages.join(' and ')} is not installed: of the settings' back ends of volumes ${names} does not work; all else does`,
      remedy: `sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
      fixable: true,
    },
    packages,
  };
}
