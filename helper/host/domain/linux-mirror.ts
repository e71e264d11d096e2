/** A running guest's disk comes to be another file: both are written at once, until the guest is turned to one of them. */
import { setTimeout as delay } from 'node:timers/promises';
import { BlockCopyFlag, BlockJobAbortFlag, type DomainRef, type Libvirt } from '../../libvirt-ts/index.ts';
import { record } from '../record.ts';
import { DomainHostError, type DomainDisk } from './interface.ts';
import { mirrorXml } from './xml.ts';

/** How often a job is looked at while it goes on. */
const LOOK_MS = 200;

/** A disk as libvirt shows it: what the guest uses, and what is written beside it. */
export interface LiveDisk {
  readonly source: string | undefined;
  readonly mirror: { readonly source: string | undefined; readonly ready: boolean } | undefined;
}

/** File, device or name of the first source in a piece of XML. */
const sourceIn = (xml: string): string | undefined =>
  /<source\b[^>]*?\s(?:file|dev|name)='([^']*)'/.exec(xml)?.[1];

/** Reads one disk out of a running domain's XML; undefined when it has no disk of this target. */
export function liveDisk(xml: string, target: string): LiveDisk | undefined {
  const disk = (xml.match(/<disk\b[\s\S]*?<\/disk>/g) ?? []).find((one) =>
    one.includes(`<target dev='${target}'`),
  );
  if (disk === undefined) return undefined;
  const mirror = /<mirror\b[\s\S]*?<\/mirror>/.exec(disk)?.[0];
  return {
    source: sourceIn(disk.replace(/<(mirror|backingStore)\b[\s\S]*<\/\1>/, '')),
    mirror:
      mirror === undefined
        ? undefined
        : { source: sourceIn(mirror), ready: /^<mirror[^>]*ready='yes'/.test(mirror) },
  };
}

/** What {@link LiveDisk} calls a disk. */
const nameOf = ({ source }: DomainDisk): string =>
  source.kind === 'iscsi' ? `${source.iqn}/${source.lun}` : source.path;

const isActive = (libvirt: Libvirt, dom: DomainRef): Promise<boolean> => libvirt.domainIsActive({ dom });

const look = async (libvirt: Libvirt, dom: DomainRef, target: string): Promise<LiveDisk> => {
  const found = liveDisk(await libvirt.domainGetXmlDesc({ dom }), target);
  if (found !== undefined) return found;
  throw new DomainHostError('failed', `Domain ${dom.uuid} has no disk ${target}.`);
};

/** Ends a job whatever it has come to; there is none, is fine. */
const abort = async (libvirt: Libvirt, dom: DomainRef, disk: string): Promise<void> => {
  if ((await libvirt.domainGetBlockJobInfo({ dom, disk })).found === 1)
    await libvirt.domainBlockJobAbort({ dom, disk });
};

/** DomainHost.mirrorDisk. */
export async function mirrorRunningDisk(
  libvirt: Libvirt,
  dom: DomainRef,
  disk: DomainDisk,
  options: { readonly signal?: AbortSignal; readonly onProgress?: (fraction: number) => void } = {},
): Promise<boolean> {
  const { signal, onProgress } = options;
  const { target } = disk;
  if (!(await isActive(libvirt, dom))) return false;
  const { source, mirror } = await look(libvirt, dom, target);
  if (source === nameOf(disk)) return true;
  if (mirror?.source !== nameOf(disk)) {
    await abort(libvirt, dom, target);
    const destXml = mirrorXml(disk);
    record({ kind: 'xml', name: `mirror of ${target}`, text: destXml });
    // Both have every write that the guest was told of, so that either is whole if the guest stops at any moment.
    // Nothing of the job outlives the guest, whose definition is made anew for each start.
    const { REUSE_EXT, TRANSIENT_JOB, SYNCHRONOUS_WRITES } = BlockCopyFlag;
    await libvirt.domainBlockCopy({
      dom,
      disk: target,
      destXml,
      flags: REUSE_EXT | TRANSIENT_JOB | SYNCHRONOUS_WRITES,
    });
  }
  try {
    for (;;) {
      const job = await libvirt.domainGetBlockJobInfo({ dom, disk: target });
      if (job.found !== 1)
        throw new DomainHostError(
          'failed',
          `The copy of disk ${target} of domain ${dom.uuid} broke off: the guest stopped, or the host's disk is full.`,
        );
      onProgress?.(job.end === 0 ? 1 : job.cur / job.end);
      if (job.cur === job.end && (await look(libvirt, dom, target)).mirror?.ready === true) return true;
      await delay(LOOK_MS, undefined, signal === undefined ? {} : { signal });
    }
  } catch (error) {
    await abort(libvirt, dom, target).catch(() => undefined);
    throw error;
  }
}

/** DomainHost.turnDisk. */
export async function turnRunningDisk(libvirt: Libvirt, dom: DomainRef, disk: DomainDisk): Promise<void> {
  const { target } = disk;
  if (!(await isActive(libvirt, dom))) return;
  const { source, mirror } = await look(libvirt, dom, target);
  if (source === nameOf(disk)) {
    await abort(libvirt, dom, target);
    return;
  }
  if (mirror?.source !== nameOf(disk) || !mirror.ready)
    throw new DomainHostError(
      'failed',
      `The disk ${target} of domain ${dom.uuid} cannot be exchanged: its copy is not complete. Try again.`,
    );
  await libvirt.domainBlockJobAbort({ dom, disk: target, flags: BlockJobAbortFlag.PIVOT });
}
