import { buildTinyGuest } from '../../resources/guest/build.ts';
import type { GuestImage } from './project.ts';
import { simulatedGuest } from './simulated-guest.ts';

/** The demo's guest image: the tiny Debian guest, built where it is not there yet. */
export async function demoGuest(
  simulated: boolean,
  cache: string,
  onProgress: (fraction: number, text: string) => void,
): Promise<GuestImage> {
  if (simulated) return await simulatedGuest(cache);
  return await buildTinyGuest({
    outDir: cache,
    onProgress: ({ fraction, text }) => onProgress(fraction, text),
  });
}
