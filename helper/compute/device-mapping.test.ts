import { describe, expect, test } from 'vitest';
import { swapHeader } from './sagas/swap-disk.ts';
import { checkDevice, checkLocal, mappingsOf, type MappingRequest } from './app/device-mapping.ts';

const IMAGE = '11111111-1111-4111-8111-111111111111';
const VOLUME = '77777777-7777-4777-8777-777777777777';
const SNAPSHOT = '88888888-8888-4888-8888-888888888888';
const PLAIN = { ephemeralGib: 0, swapMib: 0 };
const RICH = { ephemeralGib: 4, swapMib: 512 };

const request = (more: Partial<MappingRequest>): MappingRequest => ({
  v1: [],
  v2: [],
  imageId: null,
  imageGiven: (more.imageId ?? null) !== null,
  several: false,
  ...more,
});

/** What a mapping comes to, in one line. */
const short = (asked: Partial<MappingRequest>, properties = {}, flavor = PLAIN): readonly string[] => {
  const mappings = mappingsOf(request(asked), properties, flavor);
  for (const one of mappings) checkDevice(one);
  checkLocal(mappings, flavor);
  return mappings.map(
    ({ source, destination, bootIndex, size, guestFormat }) =>
      `${source}-${destination} ${bootIndex} ${size} ${guestFormat}`,
  );
};

const root = {
  source_type: 'image',
  destination_type: 'local',
  uuid: IMAGE,
  boot_index: 0,
} as const;
const volume = { source_type: 'volume', destination_type: 'volume', uuid: VOLUME } as const;
const blank = { source_type: 'blank', destination_type: 'volume', volume_size: 2 } as const;
const local = { source_type: 'blank', destination_type: 'local', boot_index: -1 } as const;
const SEQUENCE =
  'Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid.';

describe('disks of a new server', () => {
  test.each<[string, Partial<MappingRequest>, readonly string[]]>([
    ['an image alone', { imageId: IMAGE }, ['image-local 0 null null']],
    ['an image and its mapping', { imageId: IMAGE, v2: [root] }, ['image-local 0 null null']],
    ['a volume', { v2: [{ ...volume, boot_index: 0 }] }, ['volume-volume 0 null null']],
    ['a volume, by text', { v2: [{ ...volume, boot_index: '0' }] }, ['volume-volume 0 null null']],
    [
      'an image onto a volume, a blank one, and a second to boot from',
      {
        v2: [
          { source_type: 'image', destination_type: 'volume', uuid: IMAGE, boot_index: 0, volume_size: '1' },
          { ...blank, boot_index: null },
          { source_type: 'snapshot', destination_type: 'volume', uuid: SNAPSHOT, boot_index: 1 },
        ],
      },
      ['image-volume 0 1 null', 'blank-volume null 2 null', 'snapshot-volume 1 null null'],
    ],
    [
      'an image, and data on a volume in the older form',
      { imageId: IMAGE, v1: [{ volume_id: VOLUME, device_name: 'vdc' }] },
      ['image-local 0 null null', 'volume-volume null null null'],
    ],
    [
      'a volume to boot from in the older form',
      { v1: [{ volume_id: VOLUME, device_name: '/dev/vda', delete_on_termination: '1' }] },
      ['volume-volume 0 null null'],
    ],
    [
      'what is not wanted',
      { imageId: IMAGE, v2: [root, { no_device: true, device_name: 'vdb' }] },
      ['image-local 0 null null'],
    ],
  ])('%s', (_name, asked, expected) => expect(short(asked)).toEqual(expected));

  test('the flavor brings ephemeral and swap disks, unless others are asked for', () => {
    expect(short({ imageId: IMAGE }, {}, RICH).slice(1)).toEqual([
      'blank-local null 4 null',
      'blank-local null 512 swap',
    ]);
    const v2 = [
      root,
      { ...local, volume_size: 1 },
      { ...local, volume_size: 100, guest_format: 'swap' },
    ] as const;
    expect(short({ imageId: IMAGE, v2 }, {}, RICH).slice(1)).toEqual([
      'blank-local null 1 null',
      'blank-local null 100 swap',
    ]);
    const v1 = [{ virtual_name: 'ephemeral0', device_name: 'vdb' }];
    expect(short({ imageId: IMAGE, v1 }, {}, RICH)[1]).toBe('blank-local null null null');
  });

  test('an image that was made of a server with volumes brings its own, and a request overrides them by name', () => {
    const mapping = [
      {
        source_type: 'snapshot',
        destination_type: 'volume',
        snapshot_id: SNAPSHOT,
        boot_index: 0,
        volume_size: 1,
        device_name: '/dev/vda',
        image_id: null,
      },
      {
        source_type: 'snapshot',
        destination_type: 'volume',
        snapshot_id: VOLUME,
        boot_index: null,
        volume_size: 3,
        device_name: '/dev/vdb',
      },
    ];
    const properties = { block_device_mapping: JSON.stringify(mapping), bdm_v2: 'True' };
    const both = ['snapshot-volume 0 1 null', 'snapshot-volume null 3 null'];
    expect(short({ imageId: IMAGE }, properties)).toEqual(both);
    // What clients put there for the image is not wanted then.
    expect(short({ imageId: IMAGE, v2: [root] }, properties)).toEqual(both);
    const v2 = [{ ...blank, device_name: '/dev/vdb' }] as const;
    expect(short({ imageId: IMAGE, v2 }, properties)).toEqual(['blank-volume null 2 null', both[0]]);
    expect(short({ imageId: IMAGE }, { block_device_mapping: 'nonsense' })).toHaveLength(1);
  });

  test.each<[string, Partial<MappingRequest>, string]>([
    ['nothing to boot from', { v2: [{ ...volume }] }, SEQUENCE],
    ['an image that is not mapped', { imageId: IMAGE, v2: [volume] }, SEQUENCE],
    [
      'a gap',
      {
        v2: [
          { ...volume, boot_index: 0 },
          { ...blank, boot_index: 2 },
        ],
      },
      SEQUENCE,
    ],
    ['two roots', { imageId: IMAGE, v2: [root, { ...volume, boot_index: 0 }] }, SEQUENCE],
    ['no source', { v2: [{ uuid: VOLUME, boot_index: 0 }] }, 'Some required fields are missing'],
    ['no id', { v2: [{ source_type: 'volume', destination_type: 'volume' }] }, 'Missing device UUID.'],
    ['an id of nothing', { v2: [{ ...blank, uuid: VOLUME }] }, 'Invalid device UUID.'],
    [
      'an image as a second disk',
      { imageId: IMAGE, v2: [root, { ...root, boot_index: 1 }] },
      'Mapping image to local is not supported.',
    ],
    ['an image without imageRef', { v2: [root] }, 'Mapping image to local is not supported.'],
    [
      'a volume on the host',
      { v2: [{ ...volume, destination_type: 'local', boot_index: 0 }] },
      'Mapping volume to local is not supported.',
    ],
    [
      'a type on the host',
      { imageId: IMAGE, v2: [root, { ...local, volume_type: 'x' }] },
      'Specifying a volume_type with destination_type=local is not supported.',
    ],
    [
      'a type of a volume that is there',
      { v2: [{ ...volume, volume_type: 'x', boot_index: 0 }] },
      'Specifying volume type to existing volume is not supported.',
    ],
    [
      'nothing in the older form',
      { imageId: IMAGE, v1: [{ device_name: 'vdb' }] },
      'Unrecognized legacy format.',
    ],
    [
      'the root device twice',
      { imageId: IMAGE, v2: [root, { ...volume, device_name: '/dev/vda' }] },
      'The volume cannot be assigned the same device name as the root device vda',
    ],
    [
      'one volume for two',
      { several: true, v2: [{ ...volume, boot_index: 0 }] },
      'Cannot attach one or more volumes to multiple instances',
    ],
    [
      'ephemeral disks too large',
      { imageId: IMAGE, v2: [root, { ...local, volume_size: 5 }] },
      'Ephemeral disks requested are larger',
    ],
    [
      'swap too large',
      { imageId: IMAGE, v2: [root, { ...local, volume_size: 513, guest_format: 'swap' }] },
      'Swap drive requested is larger',
    ],
    [
      'two swaps',
      {
        imageId: IMAGE,
        v2: [
          root,
          { ...local, volume_size: 1, guest_format: 'swap' },
          { ...local, volume_size: 1, guest_format: 'swap' },
        ],
      },
      'More than one swap drive requested.',
    ],
    [
      'too many on the host',
      { imageId: IMAGE, v2: [root, { ...local, volume_size: 1 }, { ...local, volume_size: 1 }] },
      'You specified more local devices than the limit allows',
    ],
    [
      'a bus of nobody',
      { imageId: IMAGE, v2: [root, { ...blank, disk_bus: 'bus' }] },
      'The provided disk bus bus is not valid.',
    ],
    [
      'a floppy',
      { imageId: IMAGE, v2: [root, { ...blank, device_type: 'floppy' }] },
      'floppy is not supported',
    ],
  ])('%s is refused', (_name, asked, text) => expect(() => short(asked, {}, RICH)).toThrow(text));
});

test("a swap disk's first page is what mkswap writes", () => {
  const page = swapHeader(64 * 1024 ** 2);
  expect(page.length).toBe(4096);
  expect([page.readUInt32LE(1024), page.readUInt32LE(1028), page.readUInt32LE(1032)]).toEqual([1, 16_383, 0]);
  expect(page.subarray(4086).toString('latin1')).toBe('SWAPSPACE2');
});
