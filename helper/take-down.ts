import type { LinuxStateFiles } from './host/files/linux.ts';
import type { Host } from './host/index.ts';
import type { Logger } from './http/index.ts';

/** For how long a guest may shut itself down when the whole cloud goes down. */
const SHUTDOWN_MS = 30_000;

/** Names this boot of the cloud; without it the next start brings the guests back as after a reboot of the host. */
export const GENERATION_FILE = ['generation'] as const;

/** Shuts the guests down and removes every device; the next start brings the cloud back as after a reboot. */
export async function takeDown(host: Host, runFiles: LinuxStateFiles, logger: Logger): Promise<void> {
  const running = (await host.domains.list()).filter((domain) => domain.powerState !== 'shutdown');
  await Promise.all(
    running.map(async ({ uuid, name }) => {
      const ended = await host.domains.shutdown(uuid, SHUTDOWN_MS).catch(() => false);
      if (!ended) logger.warn({ domain: name }, 'the guest did not shut down in time and is switched off');
      await host.domains.destroy(uuid);
    }),
  );
  await host.iscsi.removeAll();
  await host.network.removeAll();
  await runFiles.remove(GENERATION_FILE);
}
