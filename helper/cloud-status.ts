import type { Config } from './config.ts';
import type { HelperStatus } from './contract/status.ts';
import { conflict } from './errors/error.ts';
import type { Host } from './host/index.ts';
import type { IdentityService } from './identity/index.ts';
import type { Secret } from './secret.ts';

/** What the window's status and `deskcloud status` show of the whole cloud. */
export async function cloudStatus({
  config,
  host,
  ...known
}: Pick<HelperStatus, 'version' | 'startedAt' | 'endpoint' | 'servers' | 'stuckOperations'> & {
  readonly config: Config;
  readonly host: Host;
}): Promise<HelperStatus> {
  return {
    ...known,
    pid: process.pid,
    host: host.kind,
    ...(await hypervisorStatus(host)),
    region: config.region,
    owner: config.owner,
    stateDirectory: config.stateDirectory,
  };
}

async function hypervisorStatus(host: Host): Promise<Pick<HelperStatus, 'hypervisor' | 'hypervisorProblem'>> {
  try {
    const info = await host.domains.hypervisor();
    const { hypervisorVersion: v } = info;
    const version = `${info.hypervisorType} ${Math.floor(v / 1_000_000)}.${Math.floor(v / 1000) % 1000}.${v % 1000}`;
    return { hypervisor: { accelerator: info.accelerator, reason: info.acceleratorReason, version } };
  } catch (error) {
    return { hypervisor: null, hypervisorProblem: (error as Error).message };
  }
}

/**
 * What opens the cloud as its administrator.
 * @throws {CloudError} conflict when the generated password is no longer the one.
 */
export async function adminCredentials(
  identity: IdentityService,
  password: Secret,
  endpoint: string,
  region: string,
) {
  if (!(await identity.verifyPassword('admin', password))) {
    throw conflict(
      "The administrator's password was changed through the API, so the generated one no longer opens the cloud; use the new one, or set it back.",
    );
  }
  return {
    authUrl: `${endpoint}/identity/v3`,
    username: 'admin',
    password: password.reveal(),
    projectName: 'admin',
    userDomainName: 'Default',
    projectDomainName: 'Default',
    regionName: region,
  };
}
