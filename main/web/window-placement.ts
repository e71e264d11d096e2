import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a window was, in the screen's pixels. */
interface Placement {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly maximized?: boolean;
}

const FIRST = ['--window-size=1280,800'];

/**
 * Chromium notes at the end of an app's window where it was, and opens the next one elsewhere all the same.
 * @param profile its directory of a window's files.
 * @returns the switches by which the next window is where the last one was.
 */
export function placementSwitches(profile: string): readonly string[] {
  const found = placements(profile).at(-1);
  if (found === undefined) return FIRST;
  const [width, height] = [found.right - found.left, found.bottom - found.top];
  if (width < 200 || height < 150) return FIRST;
  return [
    `--window-size=${width},${height}`,
    `--window-position=${found.left},${found.top}`,
    ...(found.maximized === true ? ['--start-maximized'] : []),
  ];
}

function placements(profile: string): readonly Placement[] {
  try {
    const preferences = JSON.parse(readFileSync(join(profile, 'Default', 'Preferences'), 'utf8')) as {
      browser?: { app_window_placement?: unknown };
    };
    return placementsIn(preferences.browser?.app_window_placement);
  } catch {
    return [];
  }
}

/** By the parts of the window's address, divided at its dots. */
function placementsIn(value: unknown): readonly Placement[] {
  if (typeof value !== 'object' || value === null) return [];
  const { left, top, right, bottom } = value as Partial<Record<keyof Placement, unknown>>;
  const isPlacement = [left, top, right, bottom].every((one) => Number.isInteger(one));
  return isPlacement ? [value as Placement] : Object.values(value).flatMap(placementsIn);
}
