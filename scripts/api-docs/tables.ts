import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCloud } from '../../helper/cloud.ts';
import { loadConfig } from '../../helper/config.ts';
import { createSimulatedHost } from '../../helper/host/simulated.ts';
import { silentLogger, type Service } from '../../helper/http/index.ts';

/** All services with their endpoint tables, as a helper has them; their handlers are not to be called. */
export async function loadServices(): Promise<readonly Service[]> {
  const directory = mkdtempSync(join(tmpdir(), 'deskcloud-tables-'));
  try {
    for (const name of ['state', 'run', 'log']) mkdirSync(join(directory, name));
    const empty = join(directory, 'deskcloud.yaml');
    const config = loadConfig(undefined, { directory, host: 'simulated', port: 0 });
    const cloud = await createCloud({
      config,
      host: createSimulatedHost(config),
      logger: silentLogger,
      version: '',
      endpoint: () => empty,
      onStop: () => undefined,
    });
    await cloud.stop('keep');
    return cloud.services;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
