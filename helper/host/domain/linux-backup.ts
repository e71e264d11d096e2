import { unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  JobOperation,
  JobStatsFlag,
  JobType,
  typedValues,
  type DomainRef,
  type Libvirt,
} from '../../libvirt-ts/index.ts';
import { ignore } from '../files/errno.ts';
import { record } from '../record.ts';
import { DomainHostError, type DomainHost, type LiveCopy } from './interface.ts';
import { whileFrozen } from './linux-quiesce.ts';
import { unless } from './linux-errors.ts';
import { untilCalibrated } from './linux-luks.ts';
import { backupXml } from './xml.ts';

/** How often the job is looked at while it goes on. */
const LOOK_MS = 200;

/** Ends a copy that goes on, if there is one; other jobs of the domain are left alone. */
async function endBackup(libvirt: Libvirt, dom: DomainRef): Promise<void> {
  await unless('OPERATION_INVALID', async () => {
    const { type, params } = await libvirt.domainGetJobStats({ dom });
    if (type === JobType.NONE || typedValues(params).get('operation') !== JobOperation.BACKUP) return;
    await libvirt.domainAbortJob({ dom });
    while ((await libvirt.domainGetJobStats({ dom })).type !== JobType.NONE) await delay(LOOK_MS);
  });
}

/**
 * DomainHost.copyDisks: one backup job of libvirt for all of the disks. QEMU begins it for all of them in one
 * transaction; from then on it saves what a guest overwrites before it does, so the copies are of that moment.
 */
export async function copyRunningDisks(
  libvirt: Libvirt,
  dom: DomainRef,
  copies: readonly LiveCopy[],
  options: NonNullable<Parameters<DomainHost['copyDisks']>[2]>,
): Promise<void> {
  const { signal, onProgress } = options;
  const removeAll = async (): Promise<void> => {
    for (const { destination } of copies) await unlink(destination).catch(ignore('ENOENT'));
  };
  // A copy that an earlier attempt began may still go on.
  await endBackup(libvirt, dom);
  const xml = backupXml(copies);
  record({ kind: 'xml', name: `copy of ${copies.map(({ target }) => target).join(', ')}`, text: xml });
  try {
    await untilCalibrated(async () => {
      await removeAll();
      await whileFrozen(libvirt, dom, options.quiesce, () =>
        libvirt.domainBackupBegin({ dom, backupXml: xml }),
      );
    });
    for (;;) {
      await delay(LOOK_MS, undefined, signal === undefined ? {} : { signal });
      const { type, params } = await libvirt.domainGetJobStats({ dom });
      if (type === JobType.NONE) break;
      const values = typedValues(params);
      const total = Number(values.get('disk_total') ?? 0);
      if (total > 0) onProgress?.(Number(values.get('disk_processed') ?? 0) / total);
    }
    const ended = await libvirt.domainGetJobStats({ dom, flags: JobStatsFlag.COMPLETED });
    if (ended.type !== JobType.COMPLETED)
      throw new DomainHostError(
        'failed',
        `The copy of disks of domain ${dom.uuid} broke off: ${String(typedValues(ended.params).get('errmsg') ?? "the guest stopped, or the host's disk is full")}.`,
      );
  } catch (error) {
    await endBackup(libvirt, dom).catch(() => undefined);
    await removeAll();
    throw error;
  }
}
