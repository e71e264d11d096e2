import type { Checksum } from './interface.ts';

const ALGORITHM_BY_DIGITS = new Map<number, Checksum['algorithm']>([
  [32, 'md5'],
  [64, 'sha256'],
  [128, 'sha512'],
]);

/**
 * Finds a file's checksum in a vendor's checksum file; undefined when it is not listed. Three forms are known:
 * `<digits>  <name>` as of sha256sum(1) (also with `*` before the name, and with directories in it),
 * `SHA256 (<name>) = <digits>` as of BSD and Fedora, and a file of nothing but the digits, as of Alpine.
 * Everything else (comments, signatures) is passed over.
 */
export function findChecksum(text: string, fileName: string): Checksum | undefined {
  const lines = text.split(/\r?\n/);
  for (const line of lines) {
    const coreutils = /^([0-9a-fA-F]+)[ \t]+\*?(\S.*?)\s*$/.exec(line);
    const bsd = /^[A-Z0-9]+ \((.+)\) = ([0-9a-fA-F]+)\s*$/.exec(line);
    const [name, digits] = coreutils ? [coreutils[2], coreutils[1]] : [bsd?.[1], bsd?.[2]];
    const found = checksum(digits);
    if (found !== undefined && name !== undefined && baseName(name) === fileName) return found;
  }
  const words = text.trim().split(/\s+/);
  return words.length === 1 ? checksum(words[0]) : undefined;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function checksum(digits: string | undefined): Checksum | undefined {
  if (digits === undefined || !/^[0-9a-fA-F]+$/.test(digits)) return undefined;
  const algorithm = ALGORITHM_BY_DIGITS.get(digits.length);
  return algorithm === undefined ? undefined : { algorithm, value: digits.toLowerCase() };
}
