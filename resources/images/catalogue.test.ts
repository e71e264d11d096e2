import { describe, expect, it } from 'vitest';
import { fileNameOf, readCatalogue } from './catalogue.ts';

describe('the image catalogue', () => {
  const images = readCatalogue();

  it('has the images that people ask for', () => {
    expect([...new Set(images.map(({ osDistro }) => osDistro))].sort()).toEqual([
      'alpine',
      'cirros',
      'debian',
      'fedora',
      'ubuntu',
    ]);
  });

  it('names each image once', () => {
    for (const key of ['id', 'name', 'url'] as const) {
      expect(new Set(images.map((image) => image[key])).size).toBe(images.length);
    }
  });

  it.each(images)('pins $id exactly where its address is of one version only', (image) => {
    const rolling = /\/(latest|current)\//.test(image.url);
    expect(rolling && 'value' in image.checksum).toBe(false);
    // A checksum file from the same place changes together with the image.
    const directory = image.url.slice(0, image.url.lastIndexOf('/') + 1);
    const file = 'file' in image.checksum ? image.checksum.file : directory;
    expect(file.startsWith(directory)).toBe(true);
    expect(fileNameOf(image)).toMatch(/\.(img|qcow2)$/);
  });

  it('gives pinned checksums the length of their algorithm', () => {
    const pinned = images.map(({ checksum }) => checksum).filter((checksum) => 'value' in checksum);
    expect(pinned.map(({ value }) => value.length)).toEqual(
      pinned.map(({ algorithm }) => (algorithm === 'sha256' ? 64 : 128)),
    );
  });
});
