import { unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { BlockCopyFlag, type DomainRef, type Libvirt } from '../../libvirt-ts/index.ts';
import { ignore } from '../files/errno.ts';
import { record } from '../record.ts';
import { DomainHostError, type DomainDisk, type Quiesce } from './interface.ts';
import { whileFrozen } from './linux-quiesce.ts';
import { unless } from './linux-errors.ts';
import { untilCalibrated } from './linux-luks.ts';
import { copyXml } from './xml.ts';

/** How often a job is looked at while it goes on. */
const LOOK_MS = 200;

/** Ends a copy of this disk, if there is one. */
const endCopy = (libvirt: Libvirt, dom: DomainRef, disk: string): Promise<void> =>
  unless('OPERATION_INVALID', async () => {
    if ((await libvirt.domainGetBlockJobInfo({ dom, disk })).found === 1)
      await libvirt.domainBlockJobAbort({ dom, disk });
  });

/** DomainHost.copyDisk: libvirt mirrors the disk into a file and lets go of it once both are the same. */
export async function copyRunningDisk(
  libvirt: Libvirt,
  dom: DomainRef,
  options: {
    readonly disk: string;
    readonly destination: string;
    readonly signal?: AbortSignal;
    readonly onProgress?: (fraction: number) => void;
    readonly encryption?: DomainDisk['encryption'];
    readonly quiesce?: Quiesce;
  },
): Promise<void> {
  const { disk, destination, signal, onProgress } = options;
  // A copy that an earlier attempt began may still go on.
  await endCopy(libvirt, dom, disk);
  const destXml = copyXml(destination, options.encryption);
  record({ kind: 'xml', name: `copy of ${disk}`, text: destXml });
  // Nothing of the job outlives the guest, whose definition is made anew for each start.
  await untilCalibrated(async () => {
    await unlink(destination).catch(ignore('ENOENT'));
    await libvirt.domainBlockCopy({ dom, disk, destXml, flags: BlockCopyFlag.TRANSIENT_JOB });
  });
  try {
    for (;;) {
      await delay(LOOK_MS, undefined, signal === undefined ? {} : { signal });
      const job = await libvirt.domainGetBlockJobInfo({ dom, disk });
      if (job.found !== 1)
        throw new DomainHostError(
          'failed',
          `The copy of disk ${disk} of domain ${dom.uuid} broke off: the guest stopped, or the host's disk is full.`,
        );
      onProgress?.(job.end === 0 ? 1 : job.cur / job.end);
      if (job.cur === job.end && (await libvirt.domainGetXmlDesc({ dom })).includes("ready='yes'")) break;
    }
    await whileFrozen(libvirt, dom, options.quiesce, () => libvirt.domainBlockJobAbort({ dom, disk }));
  } catch (error) {
    await endCopy(libvirt, dom, disk).catch(() => undefined);
    await unlink(destination).catch(ignore('ENOENT'));
    throw error;
  }
}
