import type { Db } from '../../db/index.ts';
import { serverOf } from '../store/server.ts';
import { instanceDirectory } from './domain-disks.ts';
import { domainSpec } from './domain-spec.ts';
import { volumeDisks } from './volume-disks.ts';
import { keepExports } from './volume-exports.ts';
import { attachmentsOfServer, dropSecrets, keepSecrets } from './volume-secrets.ts';
import type { ServerServices } from './services.ts';

/** Others may pass through to the files they were given, and see no names. */
const DIRECTORY_MODE = 0o711;
/** qemu makes its sockets here; nobody else may enter (S42). */
const SOCKET_DIRECTORY_MODE = 0o700;

/** The server's directory for disks and its console's log, without what a crash left there of unfinished files. */
export async function ensureInstanceDirectory(services: ServerServices, serverId: string): Promise<void> {
  await services.files.ensureDirectory(['instances'], { mode: DIRECTORY_MODE });
  await services.files.ensureDirectory(instanceDirectory(serverId), { mode: DIRECTORY_MODE });
  await services.files.removeLeftovers(instanceDirectory(serverId));
}

/**
 * Defines the server's domain as its row and ports say, with the directories that it needs to start (the run
 * directory is empty after the host's reboot).
 * @param without a port, or an attachment of a volume, that is still the server's and is no device of it any more.
 */
export async function ensureDomain(
  services: ServerServices,
  db: Db,
  serverId: string,
  without?: string,
): Promise<void> {
  const { config, runFiles, network, domains } = services;
  const row = serverOf(db, serverId);
  await ensureInstanceDirectory(services, serverId);
  const owner = config.guestOwner === undefined ? {} : { owner: config.guestOwner };
  await runFiles.ensureDirectory(['instances'], { mode: DIRECTORY_MODE });
  await runFiles.ensureDirectory(instanceDirectory(serverId), { mode: SOCKET_DIRECTORY_MODE, ...owner });
  const nics = network.nicsOf(db, serverId).filter(({ portId }) => portId !== without);
  const volumes = volumeDisks(services, db, serverId).filter(({ attachmentId }) => attachmentId !== without);
  const attachments = volumes.map(({ attachmentId }) => attachmentId);
  await keepExports(services, attachments);
  await keepSecrets(services, attachments);
  await domains.define(domainSpec(config, row, nics, volumes));
}

/** Starts the domain that {@link ensureDomain} has defined. */
export async function startDomain(services: ServerServices, db: Db, serverId: string): Promise<void> {
  const attachments = attachmentsOfServer(db, serverId);
  await keepExports(services, attachments);
  await keepSecrets(services, attachments);
  await services.domains.start(serverId);
}

/** Stops and forgets the domain; its sockets go with it, and its disks' secrets. Not there is fine. */
export async function removeDomain(services: ServerServices, db: Db, serverId: string): Promise<void> {
  await services.domains.destroy(serverId);
  await services.domains.undefine(serverId);
  await dropSecrets(services, attachmentsOfServer(db, serverId));
  await services.runFiles.removeTree(instanceDirectory(serverId));
}
