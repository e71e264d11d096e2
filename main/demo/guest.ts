import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { buildTinyGuest } from '../../resources/guest/build.ts';
import { asPerson } from '../person.ts';
import type { GuestImage } from './project.ts';
import { simulatedGuest } from './simulated-guest.ts';

/** The demo's guest image: the tiny Debian guest, built where it is not there yet. */
export async function demoGuest(
  simulated: boolean,
  cache: string,
  onProgress: (fraction: number, text: string) => void,
): Promise<GuestImage> {
  if (simulated) return await simulatedGuest(cache);
  // Root on loan would leave a directory in which the person can make nothing.
  const [program, ...words] = asPerson(['mkdir', '-p', cache]);
  await promisify(execFile)(program, words);
  return await buildTinyGuest({
    outDir: cache,
    onProgress: ({ fraction, text }) => onProgress(fraction, text),
  });
}
