import { spawnSync } from 'node:child_process';

/** Installs packages of the distribution. @throws {Error} */
export function installPackages(packages: readonly string[]): void {
  for (const words of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
    const { status } = spawnSync('apt-get', ['-q', '-o', 'Dpkg::Lock::Timeout=300', ...words], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0) throw new Error(`apt-get ${words.join(' ')} failed; its output above says why`);
  }
}
