import { expect, test } from 'vitest';
import { DomainState, type DomainRef, type Libvirt } from '../../libvirt-ts/index.ts';
import { whileFrozen } from './linux-quiesce.ts';

const dom: DomainRef = { name: 'guest', uuid: '5b1f3c9e-2d44-4e0f-9a53-0d2f6c1b7a10', id: 1 };

/** A guest whose agent writes down what it is told. */
function guest(state: number = DomainState.RUNNING, broken = false) {
  const heard: string[] = [];
  const hear = async (what: string): Promise<number> => {
    await Promise.resolve();
    if (broken) throw new Error('Guest agent is not responding: QEMU guest agent is not connected');
    heard.push(what);
    return 1;
  };
  const libvirt: Partial<Libvirt> = {
    domainGetState: () => Promise.resolve({ state, reason: 0 }),
    domainFsFreeze: () => hear('freeze'),
    domainFsThaw: () => hear('thaw'),
  };
  return { libvirt: libvirt as Libvirt, heard };
}

test('two copies at a time are each made of file systems that are frozen all the while', async () => {
  const { libvirt, heard } = guest();
  const copy = (name: string) =>
    whileFrozen(libvirt, dom, 'wanted', async () => {
      heard.push(`${name} begins`);
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      heard.push(`${name} ends`);
      return name;
    });
  expect(await Promise.all([copy('one'), copy('two')])).toEqual(['one', 'two']);
  const each = (name: string) => ['thaw', 'freeze', `${name} begins`, `${name} ends`, 'thaw'];
  expect(heard).toEqual([...each('one'), ...each('two')]);
});

test('a copy that fails lets the guest go on, and the next one begin', async () => {
  const { libvirt, heard } = guest();
  const failed = whileFrozen(libvirt, dom, 'required', () => Promise.reject(new Error('full')));
  const next = whileFrozen(libvirt, dom, 'required', () => Promise.resolve('copied'));
  await expect(failed).rejects.toThrow('full');
  expect(await next).toBe('copied');
  expect(heard).toEqual(['thaw', 'freeze', 'thaw', 'thaw', 'freeze', 'thaw']);
});

test('where there is no agent, only what has to be quiesced fails, and says what it needs', async () => {
  const { libvirt } = guest(DomainState.RUNNING, true);
  const work = () => Promise.resolve('copied');
  expect(await whileFrozen(libvirt, dom, 'wanted', work)).toBe('copied');
  await expect(whileFrozen(libvirt, dom, 'required', work)).rejects.toThrow(
    /os_require_quiesce\): Guest agent is not responding.* hw_qemu_guest_agent=yes, and the guest a running/,
  );
  // One that is paused cannot write.
  expect(await whileFrozen(guest(DomainState.PAUSED, true).libvirt, dom, 'required', work)).toBe('copied');
});
