import { join } from 'node:path';
import { Menu, Tray, nativeImage } from 'electron';
import type { HelperState } from '../contract/shell.ts';
import type { Shell } from '../shell/index.ts';

const ICON = join(import.meta.dirname, '..', 'renderer', 'icon-32.png');

const SAID: Readonly<Record<HelperState['state'], string>> = {
  unknown: 'Looking for the cloud',
  starting: 'The cloud is starting',
  stopped: 'The cloud does not run',
  failed: 'The cloud could not start',
  running: 'The cloud runs',
};

/** The cloud's state beside the desktop's clock, with the window and the way out behind it. */
export function showTray(shell: Shell, actions: { open: (route: string) => void; quit: () => void }): void {
  const tray = new Tray(nativeImage.createFromPath(ICON));
  const show = (): void => {
    const { state } = shell.keeper;
    const servers = state.state === 'running' ? ` · ${state.status.servers} servers` : '';
    tray.setToolTip(`Deskcloud: ${SAID[state.state]}${servers}`);
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: `${SAID[state.state]}${servers}`, enabled: false },
        { type: 'separator' },
        { label: 'Open Deskcloud', click: () => actions.open('/') },
        { label: 'Servers', click: () => actions.open('/servers') },
        { label: 'Flight recorder', click: () => actions.open('/operations') },
        { type: 'separator' },
        ...(state.state === 'running'
          ? []
          : [{ label: 'Start the cloud', click: () => void shell.keeper.start() }]),
        { label: 'Quit', click: actions.quit },
      ]),
    );
  };
  show();
  tray.on('click', () => actions.open('/'));
  shell.keeper.on((event) => {
    if (event.type === 'helper') show();
  });
}
