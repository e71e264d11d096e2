import { expect, test } from 'vitest';
import type { Image } from '../../cloud/types.ts';
import { changesTo, parseProperties, parseTags, propertiesOf, writeProperties } from './image.ts';

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

test('properties are written and read again as they were; tags are each once', () => {
  const all = propertiesOf(image);
  expect(all).toEqual([
    ['a/b', 'x'],
    ['os_distro', 'debian'],
  ]);
  expect(parseProperties(writeProperties(all))).toEqual({ properties: all, wrong: undefined });
  expect(parseProperties('url = http://x:1/y').properties).toEqual([['url', 'http://x:1/y']]);
  expect(parseProperties('a: 1\nnonsense').wrong).toBe('nonsense');
  expect(parseTags(' a, b ,a,, ')).toEqual(['a', 'b']);
});
