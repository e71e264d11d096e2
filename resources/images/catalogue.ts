import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';

const Https = Type.String({ pattern: '^https://[^\\s?#]+$' });

/** The file name is the last part of the image's URL. */
const ChecksumFile = Type.Object({ file: Https }, { additionalProperties: false });

const PinnedChecksum = Type.Object(
  {
    algorithm: Type.Union([Type.Literal('sha256'), Type.Literal('sha512')]),
    value: Type.String({ pattern: '^([0-9a-f]{64}|[0-9a-f]{128})$' }),
  },
  { additionalProperties: false },
);

const CatalogueImage = Type.Object(
  {
    /** Stable; what `deskcloud` and the window call it. */
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9.-]*$' }),
    name: Type.String({ minLength: 1, maxLength: 255 }),
    version: Type.String({ minLength: 1 }),
    url: Https,
    /** Pinned where the file never changes; the vendor's checksum file where it is replaced from time to time. */
    checksum: Type.Union([PinnedChecksum, ChecksumFile]),
    diskFormat: Type.Union([Type.Literal('qcow2'), Type.Literal('raw')]),
    architecture: Type.Literal('x86_64'),
    /** os_distro of the image, in libosinfo's words. */
    osDistro: Type.String({ minLength: 1 }),
    /** Where cloud-init puts the server's key. */
    defaultUser: Type.String({ minLength: 1 }),
    minDiskGiB: Type.Integer({ minimum: 1 }),
    minRamMiB: Type.Integer({ minimum: 64 }),
    /** What is to be downloaded, for a person to decide by. */
    approximateMiB: Type.Integer({ minimum: 1 }),
  },
  { additionalProperties: false },
);

const Catalogue = Type.Array(CatalogueImage);

/** An image of a vendor that can be downloaded and run as it is. */
export type CatalogueImage = Static<typeof CatalogueImage>;

/**
 * The catalogue of images.
 *
 * @throws {Error} when catalogue.json is not as it should be.
 */
export function readCatalogue(): CatalogueImage[] {
  const value: unknown = JSON.parse(readFileSync(join(import.meta.dirname, 'catalogue.json'), 'utf8'));
  return Value.Parse(Catalogue, value);
}

/** The name under which a vendor's checksum file lists an image. */
export function fileNameOf(image: CatalogueImage): string {
  return image.url.slice(image.url.lastIndexOf('/') + 1);
}
