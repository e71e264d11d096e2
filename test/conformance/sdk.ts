import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DEMO } from '../../main/demo/plan.ts';
import { run, type Ran } from '../support/cli.ts';
import { writeClouds } from '../support/person.ts';
import type { PreparedCloud } from './cloud.ts';

const SDK = join(import.meta.dirname, '..', 'sdk');

/** Debian's packages of the Go SDK; npm has none for OpenStack that is kept up. */
export const SDK_PACKAGES: Readonly<Record<string, string>> = {
  '/usr/bin/go': 'golang-go',
  '/usr/share/gocode/src/github.com/gophercloud/gophercloud': 'golang-github-gophercloud-gophercloud-dev',
  '/usr/lib/python3/dist-packages/openstack': 'python3-openstacksdk',
  '/usr/bin/ssh': 'openssh-client',
};

export const missingSdkPackages = (): string[] =>
  Object.entries(SDK_PACKAGES).flatMap(([path, name]) => (existsSync(path) ? [] : [name]));

export interface SdkRun {
  readonly name: string;
  /** What the script saw, or why it ended. */
  readonly said: string;
  readonly ok: boolean;
}

/** Lets openstacksdk make a whole environment and remove it. @param ssh whether guests really run. */
export async function runOpenstackSdk(cloud: PreparedCloud, ssh: boolean): Promise<SdkRun> {
  await writeClouds(cloud.instance);
  const words = [cloud.guest.path, DEMO.externalNetwork, ...(ssh ? ['ssh'] : [])];
  const ran = await run(['/usr/bin/python3', join(SDK, 'environment.py'), ...words], {
    env: {
      OS_CLIENT_CONFIG_FILE: join(cloud.instance.directory, 'user', 'clouds.yaml'),
      PATH: '/usr/bin:/bin',
      PYTHONWARNINGS: 'ignore',
    },
    timeoutMs: 600_000,
  });
  return told('openstacksdk', ran);
}

/** The same with gophercloud, which Terraform and Kubernetes build on. @param directory for the program. */
export async function runGophercloud(cloud: PreparedCloud, directory: string): Promise<SdkRun> {
  const program = join(directory, 'gophercloud');
  // Debian keeps the sources of Go libraries in a GOPATH of its own, without modules.
  const built = await run(['go', 'build', '-o', program, join(SDK, 'gophercloud', 'main.go')], {
    env: {
      GO111MODULE: 'off',
      GOPATH: '/usr/share/gocode',
      GOCACHE: join(directory, 'go-cache'),
      HOME: directory,
    },
  });
  if (built.code !== 0) return told('gophercloud', built);
  const credentials = await cloud.instance.client.credentials();
  const ran = await run([program, cloud.guest.path, DEMO.externalNetwork], {
    env: {
      OS_AUTH_URL: credentials.authUrl,
      OS_USERNAME: credentials.username,
      OS_PASSWORD: credentials.password,
      OS_PROJECT_NAME: credentials.projectName,
      OS_DOMAIN_NAME: credentials.userDomainName,
      OS_REGION_NAME: credentials.regionName,
    },
    timeoutMs: 600_000,
  });
  return told('gophercloud', ran);
}

const told = (name: string, { code, stdout, stderr }: Ran): SdkRun => ({
  name,
  said: (code === 0 ? stdout : stderr).trim(),
  ok: code === 0,
});
