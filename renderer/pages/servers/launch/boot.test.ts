import { expect, test } from 'vitest';
import { devicesOf, noBoot } from './boot.ts';

test('an image alone needs no block devices; with another disk it is named as the first', () => {
  expect(devicesOf('img', noBoot(), [])).toEqual([]);
  expect(devicesOf('img', noBoot(), [{ id: '', size: 5, typeId: 'fast', goes: true }])).toEqual([
    {
      boot_index: 0,
      uuid: 'img',
      source_type: 'image',
      destination_type: 'local',
      delete_on_termination: true,
    },
    {
      boot_index: -1,
      source_type: 'blank',
      destination_type: 'volume',
      volume_size: 5,
      volume_type: 'fast',
      delete_on_termination: true,
    },
  ]);
});

test('a volume keeps its size; what is made of an image or a snapshot has one', () => {
  const boot = { ...noBoot(), id: 'v', size: 9 };
  expect(devicesOf('img', { ...boot, from: 'volume' }, [])).toEqual([
    {
      boot_index: 0,
      uuid: 'v',
      source_type: 'volume',
      destination_type: 'volume',
      delete_on_termination: false,
    },
  ]);
  expect(devicesOf('img', { ...boot, from: 'image-volume' }, [])[0]).toMatchObject({
    uuid: 'img',
    source_type: 'image',
    volume_size: 9,
  });
  expect(devicesOf('img', { ...boot, from: 'snapshot' }, [])[0]).toMatchObject({
    uuid: 'v',
    source_type: 'snapshot',
    volume_size: 9,
  });
});
