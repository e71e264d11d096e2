import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { FIRMWARE, TOOLS } from '../../helper/host/setup/tools.ts';

/** Who answers for a package that was built here, as of Debian's own tools. */
export const MAINTAINER = `${process.env['DEBFULLNAME'] ?? 'Deskcloud'} <${process.env['DEBEMAIL'] ?? 'deskcloud@users.noreply.github.com'}>`;

/** Debian's word for this processor. */
export const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;

/** What Node and the add-ons are linked with. */
const LIBRARIES = ['libc6 (>= 2.34)', 'libgcc-s1', 'libstdc++6'];
/** Of Debian's own, which need no dependency. */
const ESSENTIAL = new Set(['util-linux']);

/** The Debian packages of the programs that Deskcloud runs. */
export function dependencies(): readonly string[] {
  const programs = [...TOOLS.map((tool) => tool.package), FIRMWARE.package];
  return ['passwd', ...new Set(programs.filter((name) => !ESSENTIAL.has(name)))];
}

/** The package's `control` file (deb-control(5)). @param bytes what the tree needs when it is installed. */
export function controlFile(version: string, bytes: number): string {
  const depends = [...LIBRARIES, ...dependencies()];
  return `Package: deskcloud
Version: ${version}
Architecture: ${ARCHITECTURE}
Maintainer: ${MAINTAINER}
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: ${depends.join(', ')}
Recommends: chromium | www-browser, polkitd | policykit-1, python3-openstackclient, xdg-utils
Section: admin
Priority: optional
Description: OpenStack cloud on one Linux desktop
 Identity, compute, image and network services of OpenStack in one process,
 with real guests (KVM, or emulation where KVM does not work), real bridges,
 tunnels, DHCP, security groups, routers and floating IPs.
 .
 The openstack client, SDKs, Terraform and Ansible work unchanged, and every
 operation shows its steps with the commands that really ran.
 .
 This package brings the helper, the command line, and the window for Chromium
 or any other browser.
`;
}

/** All files below a directory, sorted. */
export function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}

/** The `md5sums` of a tree, by which dpkg --verify finds changed files. */
export const md5sums = (tree: string): string =>
  filesBelow(tree)
    .map(
      (path) =>
        `${createHash('md5')
          .update(readFileSync(join(tree, path)))
          .digest('hex')}  ${path}\n`,
    )
    .join('');

export const sizeOf = (tree: string): number =>
  filesBelow(tree).reduce((sum, path) => sum + statSync(join(tree, path)).size, 0);
