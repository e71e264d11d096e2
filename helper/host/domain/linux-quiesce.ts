/** The guest's agent writes out what its file systems hold and stops writes for the moment of a copy. */
import { DomainState, type DomainRef, type Libvirt } from '../../libvirt-ts/index.ts';
import { KeyedMutex } from '../../mutex.ts';
import { DomainHostError, type Quiesce } from './interface.ts';

/** By guests: another copy of one of a guest's disks would thaw it in the middle. */
const frozenGuests = new KeyedMutex();

/**
 * Does `work` while the guest's file systems are frozen, and thaws them in any case. One at a time in each guest.
 * @throws {DomainHostError} failed when they have to be frozen and cannot be.
 */
export async function whileFrozen<T>(
  libvirt: Libvirt,
  dom: DomainRef,
  quiesce: Quiesce | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (quiesce === undefined) return work();
  return frozenGuests.run(dom.uuid, async () => {
    const frozen = await freeze(libvirt, dom, quiesce);
    try {
      return await work();
    } finally {
      if (frozen) await libvirt.domainFsThaw({ dom });
    }
  });
}

async function freeze(libvirt: Libvirt, dom: DomainRef, quiesce: Quiesce): Promise<boolean> {
  try {
    // One that is paused can neither answer nor write.
    if ((await libvirt.domainGetState({ dom })).state !== DomainState.RUNNING) return false;
    // An attempt that died in the middle may have left them frozen.
    await libvirt.domainFsThaw({ dom });
    await libvirt.domainFsFreeze({ dom });
    return true;
  } catch (error) {
    // What is on the disk is then as after a power failure; the attempt is in the record.
    if (quiesce === 'wanted') return false;
    throw new DomainHostError(
      'failed',
      `The guest ${dom.uuid} could not be quiesced, which its image demands (os_require_quiesce): ${(error instanceof Error ? error.message : String(error)).replace(/\.?$/, '.')} ` +
        'The image needs hw_qemu_guest_agent=yes, and the guest a running qemu-guest-agent.',
      error,
    );
  }
}
