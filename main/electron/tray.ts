import { join } from 'node:path';
import { Menu, Tray, nativeImage } from 'electron';
import type { Shell } from '../shell/index.ts';
import type { Words } from './words.ts';

const ICON = join(import.meta.dirname, '..', 'renderer', 'icon-32.png');

/** The cloud's state beside the desktop's clock, with the window and the way out behind it. */
export function showTray(
  shell: Shell,
  words: Words,
  actions: { open: (route: string) => void; quit: () => void },
): void {
  const tray = new Tray(nativeImage.createFromPath(ICON));
  const show = (): void => {
    const { state } = shell.keeper;
    const servers = state.state === 'running' ? ` · ${words.servers(state.status.servers)}` : '';
    const status = `${words.helper[state.state]}${servers}`;
    tray.setToolTip(`Deskcloud: ${status}`);
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: status, enabled: false },
        { type: 'separator' },
        { label: words.open, click: () => actions.open('/') },
        { label: words.serverList, click: () => actions.open('/servers') },
        { label: words.recorder, click: () => actions.open('/operations') },
        { type: 'separator' },
        ...(state.state === 'running'
          ? []
          : [{ label: words.start, click: () => void shell.keeper.start() }]),
        { label: words.quit, click: actions.quit },
      ]),
    );
  };
  show();
  tray.on('click', () => actions.open('/'));
  shell.keeper.on((event) => {
    if (event.type === 'helper') show();
  });
}
