import { expect, test } from 'vitest';
import type { Image } from '../../cloud/types.ts';
import { changesTo, parseTags, propertiesOf } from './image.ts';

const image = {
  id: 'i',
  name: 'one',
  visibility: 'private',
  protected: false,
  min_disk: 1,
  tags: ['a'],
  os_distro: 'debian',
  'a/b': 'x',
} as unknown as Image;

test('only what differs is sent, properties by their pointers', () => {
  expect(changesTo(image, { name: 'one', protected: false, tags: ['a'] })).toEqual([]);
  expect(
    changesTo(image, { name: 'two', tags: [] }, [
      ['os_distro', 'ubuntu'],
      ['hw_disk_bus', 'scsi'],
    ]),
  ).toEqual([
    { op: 'replace', path: '/name', value: 'two' },
    { op: 'replace', path: '/tags', value: [] },
    { op: 'replace', path: '/os_distro', value: 'ubuntu' },
    { op: 'add', path: '/hw_disk_bus', value: 'scsi' },
    { op: 'remove', path: '/a~1b' },
  ]);
});

test('properties are what not every image has; tags are each once', () => {
  expect(propertiesOf(image)).toEqual([
    ['a/b', 'x'],
    ['os_distro', 'debian'],
  ]);
  expect(parseTags(' a, b ,a,, ')).toEqual(['a', 'b']);
});
