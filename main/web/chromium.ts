import { spawn, type ChildProcess } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'brave-browser',
] as const;

/** The path of a Chromium on this machine; undefined when there is none. */
export async function findChromium(): Promise<string | undefined> {
  const directories = (process.env['PATH'] ?? '/usr/bin:/bin').split(':');
  for (const name of NAMES) {
    for (const directory of directories) {
      const path = join(directory, name);
      if (
        await access(path, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return path;
    }
  }
  return undefined;
}

/**
 * Opens a window without a browser's bars. Its profile is Deskcloud's own, so the process lives as long as the window.
 */
export function openAppWindow(program: string, url: string, profile: string): ChildProcess {
  return spawn(
    program,
    [
      `--app=${url}`,
      `--user-data-dir=${profile}`,
      '--class=deskcloud',
      '--window-size=1280,800',
      '--no-first-run',
      '--no-default-browser-check',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
      // Chromium's sandbox does not start as root; a person's desktop is not root's.
      ...(process.getuid?.() === 0 ? ['--no-sandbox', '--test-type'] : []),
    ],
    { stdio: 'ignore' },
  );
}
