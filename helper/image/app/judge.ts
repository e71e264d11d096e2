import {
  UnsafeImageError,
  assertSafe,
  inspectFile,
  type DeclaredFormat,
  type ImageInspection,
  type StreamInspector,
} from '../../host/disk/inspect/index.ts';
import type { StateFiles, StatePath } from '../../host/files/interface.ts';
import { IMAGE_KEY_PROPERTY } from '../face.ts';
import type { Image } from '../store/image.ts';

/** What is known of an upload when its last byte has arrived. */
export interface Verdict {
  readonly virtualSize: number | null;
  /** Why no guest can be made of it, though it is harmless to keep. */
  readonly unusable: string | null;
}

/** Looks at a received file by its headers. @throws {UnsafeImageError} */
export async function judgeFile(files: StateFiles, path: StatePath, image: Image): Promise<Verdict> {
  if (!isPlainDisk(image)) {
    return {
      virtualSize: null,
      unusable: `its container format '${image.container_format}' holds no disk that can be started`,
    };
  }
  const handle = await files.open(path);
  try {
    const inspection = await inspectFile(handle);
    if (inspection.format === 'luks' && isOfEncryptedVolume(image))
      return { virtualSize: (await handle.stat()).size, unusable: null };
    return judge(inspection, image);
  } finally {
    await handle.close();
  }
}

/** Other containers wrap a disk (or none): their bytes are kept, and no guest is made of them. */
export const isPlainDisk = (image: Image): boolean =>
  ['bare', 'ami', 'ari', 'aki', 'ovf'].includes(image.container_format ?? '') &&
  image.disk_format !== 'ploop';

/** Block storage's to open: compute boots nothing that says this of itself, and elsewhere it is plain bytes. */
const isOfEncryptedVolume = (image: Image): boolean =>
  image.properties[IMAGE_KEY_PROPERTY] !== undefined && declaredFormat(image) === 'raw';

const INSPECTED = new Set<string>(['qcow2', 'vmdk', 'vdi', 'vhd', 'vhdx', 'iso'] satisfies DeclaredFormat[]);

const isInspected = (format: string): format is DeclaredFormat => INSPECTED.has(format);

/** What the parser is to find; Amazon's kernel, RAM disk and machine formats are plain bytes. */
export function declaredFormat({ disk_format: format }: Image): DeclaredFormat {
  return format !== null && isInspected(format) ? format : 'raw';
}

/** Ends a hopeless upload; whether the format is the declared one is decided when all is there. */
export function refuseEarly(inspector: StreamInspector | undefined, declared: DeclaredFormat): void {
  try {
    inspector?.assertSoFar(declared);
  } catch (error) {
    if (!(error instanceof UnsafeImageError) || error.check !== 'mismatch') throw error;
  }
}

const PLAIN = new Set(['raw', 'mbr', 'gpt']);

/**
 * Bytes of no known structure are harmless whatever they are declared as, and upstream takes them; no tool will ever
 * open them, since no guest is made of them. Everything else must be what it says it is.
 */
function judge(inspection: ImageInspection, image: Image): Verdict {
  const declared = declaredFormat(image);
  if (declared !== 'raw' && PLAIN.has(inspection.format)) {
    return {
      virtualSize: null,
      unusable: `its data is not in the format '${declared}' that it was declared to have`,
    };
  }
  assertSafe(inspection, declared);
  return { virtualSize: inspection.virtualSize, unusable: null };
}
