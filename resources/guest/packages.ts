import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRunner } from '../../helper/host/command/interface.ts';

/** For what takes seconds on a quiet machine, in milliseconds. */
const LIMIT_MS = 300_000;

/** A Debian package as apt would install it now. */
export interface ResolvedPackage {
  readonly name: string;
  readonly version: string;
}

/**
 * The packages named and all that they depend on, as apt would install them on an empty system: the host's own
 * packages must not decide what the guest gets.
 */
export async function resolvePackages(
  commands: CommandRunner,
  names: readonly string[],
): Promise<ResolvedPackage[]> {
  const { stdout } = await commands.run(
    [
      'apt-get',
      '-o',
      'Dir::State::status=/dev/null',
      '-o',
      'Debug::NoLocking=true',
      '--simulate',
      '--no-install-recommends',
      'install',
      ...names,
    ],
    { timeoutMs: LIMIT_MS },
  );
  const found = [...stdout.matchAll(/^Inst (\S+) \((\S+) /gm)];
  return found
    .map(([, name = '', version = '']) => ({ name, version }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The versioned kernel package that the meta-package linux-image-cloud-amd64 stands for now. */
export async function resolveKernel(commands: CommandRunner): Promise<ResolvedPackage> {
  const meta = 'linux-image-cloud-amd64';
  const { stdout } = await commands
    .run(['apt-cache', 'show', '--no-all-versions', meta], { timeoutMs: LIMIT_MS })
    .catch((error: unknown) => {
      throw new Error(
        `apt knows no package ${meta}; run 'apt-get update' first (the guest is made from Debian's packages, so a Debian source must be configured)`,
        { cause: error },
      );
    });
  const name = /^Depends:.*?\b(linux-image-\d\S*-cloud-amd64)\b/m.exec(stdout)?.[1];
  const version = /^Version: (\S+)$/m.exec(stdout)?.[1];
  if (name === undefined || version === undefined) {
    throw new Error(
      `cannot tell which kernel ${meta} stands for; 'apt-cache show ${meta}' has no such dependency`,
    );
  }
  return { name, version };
}

/** Downloads packages through apt, which verifies them, and unpacks all of them into one tree. */
export async function unpackPackages(
  commands: CommandRunner,
  packages: readonly ResolvedPackage[],
  workDir: string,
): Promise<string> {
  const downloads = join(workDir, 'packages');
  const tree = join(workDir, 'unpacked');
  await mkdir(downloads, { recursive: true });
  await mkdir(tree, { recursive: true });
  const wanted = packages.map(({ name, version }) => `${name}=${version}`);
  await commands.run(
    // As root, apt would try to hand the download over to a user that may not write here.
    ['env', `--chdir=${downloads}`, 'apt-get', '-o', 'APT::Sandbox::User=root', 'download', ...wanted],
    { timeoutMs: 600_000 },
  );
  for (const file of (await readdir(downloads)).sort()) {
    if (file.endsWith('.deb'))
      await commands.run(['dpkg-deb', '--extract', join(downloads, file), tree], { timeoutMs: LIMIT_MS });
  }
  return tree;
}
