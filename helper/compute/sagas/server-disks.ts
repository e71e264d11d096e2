import type { StatePath } from '../../host/files/interface.ts';
import type { BaseImage } from '../../image/face.ts';
import type { FlavorPart, ServerRow } from '../store/server-row.ts';
import { instanceDirectory, localDisks, pathsOf } from './domain-disks.ts';
import { ensureInstanceDirectory } from './ensure-domain.ts';
import type { ServerServices } from './services.ts';
import { ensureSwapDisk, removeSwapHeader } from './swap-disk.ts';

const GIB = 1024 ** 3;

/** What a guest writes to; the config drive is made anew whenever it is needed. */
const LOCAL = ['disk.eph0', 'disk.eph1', 'disk.eph2', 'disk.swap'] as const;
const DISKS = ['disk', ...LOCAL] as const;

const fileOf = (serverId: string, name: string): StatePath => [...instanceDirectory(serverId), name];

const isThere = async (services: ServerServices, path: StatePath): Promise<boolean> =>
  (await services.files.stat(path)) !== undefined;

/** Puts the disks aside as <name>.old and leaves copies in their place. Repeating it changes nothing. */
export async function keepCopies(services: ServerServices, serverId: string): Promise<void> {
  const { files, disks } = services;
  for (const name of DISKS) {
    const disk = fileOf(serverId, name);
    const old = fileOf(serverId, `${name}.old`);
    if (!(await isThere(services, disk)) || (await isThere(services, old))) continue;
    await disks.copy({ source: files.absolute(disk), destination: files.absolute(old) });
  }
}

/** Puts the disks aside as <name>.old; their places are free. Repeating it changes nothing. */
export async function putAside(services: ServerServices, serverId: string): Promise<void> {
  for (const name of DISKS) {
    const disk = fileOf(serverId, name);
    const old = fileOf(serverId, `${name}.old`);
    if (!(await isThere(services, disk)) || (await isThere(services, old))) continue;
    await services.files.rename(disk, old);
  }
}

/** What was put aside is in its place again. Where nothing was, nothing happens. */
export async function putBack(services: ServerServices, serverId: string): Promise<void> {
  for (const name of DISKS) {
    const old = fileOf(serverId, `${name}.old`);
    if (await isThere(services, old)) await services.files.rename(old, fileOf(serverId, name));
  }
}

/** Forgets what was put aside. */
export async function dropOld(services: ServerServices, serverId: string): Promise<void> {
  for (const name of DISKS) {
    const old = fileOf(serverId, `${name}.old`);
    if (await isThere(services, old)) await services.files.remove(old);
  }
}

/** Removes disks that were made while the old ones were aside. */
export async function removeNew(services: ServerServices, serverId: string): Promise<void> {
  for (const name of DISKS)
    if (await isThere(services, fileOf(serverId, `${name}.old`)))
      await services.files.remove(fileOf(serverId, name));
  await removeSwapHeader(services, serverId);
}

/**
 * Root, ephemeral and swap disks as the row says; those that are there stay.
 * @param base of the root disk; null where that is a volume.
 */
export async function createDisks(
  services: ServerServices,
  row: ServerRow,
  base: BaseImage | null,
): Promise<void> {
  const { disks, config } = services;
  const paths = pathsOf(config, row.id);
  await ensureInstanceDirectory(services, row.id);
  if (base !== null)
    await disks.createOverlay({
      path: paths.disk,
      base: base.path,
      baseFormat: base.format,
      sizeBytes: row.disk_gib === 0 ? base.virtualSize : Math.max(row.disk_gib * GIB, base.virtualSize),
    });
  for (const disk of localDisks(row)) {
    const { name, sizeBytes } = disk;
    if (name === 'disk.swap') await ensureSwapDisk(services, row.id, sizeBytes);
    else await disks.createEmpty({ path: paths.local(disk), format: 'qcow2', sizeBytes });
  }
}

/** Makes the disks of a stopped server as large as its new flavor says. */
export async function growDisks(services: ServerServices, row: ServerRow, to: FlavorPart): Promise<void> {
  const { disks, files, config } = services;
  const { disk } = pathsOf(config, row.id);
  if (to.diskGib > 0 && row.volume_backed === 0) {
    const { virtualSize } = await disks.info({ path: disk, format: 'qcow2' });
    if (to.diskGib * GIB > virtualSize)
      await disks.resize({ path: disk, format: 'qcow2', sizeBytes: to.diskGib * GIB });
  }
  const wanted = localDisks({
    ephemeral_gib: to.ephemeralGib,
    swap_mib: to.swapMib,
    block_devices: row.block_devices,
  });
  for (const { name, sizeBytes } of wanted) {
    const path = files.absolute(fileOf(row.id, name));
    if (name === 'disk.swap') await ensureSwapDisk(services, row.id, sizeBytes);
    else if (!(await isThere(services, fileOf(row.id, name))))
      await disks.createEmpty({ path, format: 'qcow2', sizeBytes });
    else if ((await disks.info({ path, format: 'qcow2' })).virtualSize < sizeBytes)
      await disks.resize({ path, format: 'qcow2', sizeBytes });
  }
  for (const name of LOCAL)
    if (!wanted.some((one) => one.name === name)) await files.remove(fileOf(row.id, name));
}

/** Takes away what {@link growDisks} made and there was nothing of before. */
export async function ungrowDisks(
  services: ServerServices,
  row: ServerRow,
  before: FlavorPart,
): Promise<void> {
  const had = localDisks({
    ephemeral_gib: before.ephemeralGib,
    swap_mib: before.swapMib,
    block_devices: row.block_devices,
  });
  for (const name of LOCAL)
    if (!had.some((one) => one.name === name)) await services.files.remove(fileOf(row.id, name));
}

/** The config drive, made anew where the server has one. */
export async function rebuildConfigDrive(services: ServerServices, row: ServerRow): Promise<void> {
  if (row.config_drive === 0) return;
  await services.buildConfigDrive({
    path: pathsOf(services.config, row.id).configDrive,
    files: services.metadata.configDriveFiles(row.id),
  });
}
