import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findChecksum } from './checksum-file.ts';

const SHA256 = 'ab'.repeat(32);
const SHA512 = '0C'.repeat(64);

describe('findChecksum', () => {
  it('reads the lines of sha256sum and sha512sum', () => {
    const text = `${'00'.repeat(32)}  other.img\n${SHA256} *disk.img\r\n${SHA512}  ./deep/disk.qcow2\n`;
    expect(findChecksum(text, 'disk.img')).toEqual({ algorithm: 'sha256', value: SHA256 });
    expect(findChecksum(text, 'disk.qcow2')).toEqual({ algorithm: 'sha512', value: SHA512.toLowerCase() });
    expect(findChecksum(text, 'isk.img')).toBeUndefined();
  });

  it('reads signed BSD lines', () => {
    const text = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# disk.img: 4711 bytes\nSHA256 (disk.img) = ${SHA256}\n-----BEGIN PGP SIGNATURE-----\n\niQIz\n`;
    expect(findChecksum(text, 'disk.img')).toEqual({ algorithm: 'sha256', value: SHA256 });
    expect(findChecksum(text, 'other.img')).toBeUndefined();
  });

  it('reads a file of nothing but the digits', () => {
    expect(findChecksum(`${SHA512}\n`, 'any')).toEqual({ algorithm: 'sha512', value: SHA512.toLowerCase() });
    expect(findChecksum('<html>\n', 'any')).toBeUndefined();
  });

  it('finds nothing in anything else', () => {
    assert(
      property(string(), (text) => {
        expect(findChecksum(text, 'disk.img')).toBeUndefined();
      }),
    );
  });
});
