import { expect, test } from 'vitest';
import { quiesceOf } from './sagas/quiesce.ts';
import { TestWorld } from './test-world.ts';

test.each([
  [{}, undefined],
  [{ hw_qemu_guest_agent: 'yes' }, 'wanted'],
  [{ hw_qemu_guest_agent: 'true', os_require_quiesce: 'True' }, 'required'],
  // Nova refuses what demands it and has no agent.
  [{ os_require_quiesce: 'yes' }, 'required'],
  [{ hw_qemu_guest_agent: 'no' }, undefined],
])('%j asks for quiet: %s', (properties, expected) => {
  expect(quiesceOf(properties as Record<string, string>).quiesce).toBe(expected);
});

test('the image of a running server with an agent is made of file systems at rest', async () => {
  const world = await TestWorld.create();
  try {
    world.images.add({ properties: { hw_qemu_guest_agent: 'yes', os_require_quiesce: 'yes' } });
    const id = await world.create();
    await world.quiet();
    const body = { createImage: { name: 'shot' } };
    expect((await world.call('member', 'POST', `/v2.1/servers/${id}/action`, body)).status).toBe(202);
    await world.quiet();
    expect(world.domains.quiesced).toEqual(['required']);
  } finally {
    await world.dispose();
  }
});

test('a guest that keeps its disk keeps the volume, and both say so', async () => {
  const world = await TestWorld.create();
  try {
    const id = await world.create();
    await world.quiet();
    const volumeId = '77777777-7777-4777-8777-777777777777';
    const path = `/v2.1/servers/${id}/os-volume_attachments`;
    await world.call('member', 'POST', path, { volumeAttachment: { volumeId } });
    await world.quiet();
    world.domains.detachDisk = () =>
      Promise.reject(new Error('The guest did not let go of the disk vdb within 160 s.'));
    expect((await world.call('member', 'DELETE', `${path}/${volumeId}`)).status).toBe(202);
    await world.quiet();
    expect((await world.call('member', 'GET', path)).body).toMatchObject({
      volumeAttachments: [{ volumeId }],
    });
    expect([...world.volumes.attachments.values()]).toEqual([{ volumeId, state: 'attached' }]);
    expect(world.domains.specs.get(id)?.disks.map(({ target }) => target)).toContain('vdb');
    const actions = await world.call('member', 'GET', `/v2.1/servers/${id}/os-instance-actions`);
    expect(actions.body).toMatchObject({
      instanceActions: [{ action: 'detach_volume', message: 'Error' }, {}, {}],
    });
  } finally {
    await world.dispose();
  }
});
