import { dialog } from 'electron';
import type { Shell } from '../shell/index.ts';
import type { Words } from './words.ts';

/** Asks what becomes of the cloud, and does it. @returns false when the person would rather stay. */
export async function mayQuit(shell: Shell, words: Words): Promise<boolean> {
  const { state } = shell.keeper;
  if (state.state !== 'running') return true;
  const { servers } = state.status;
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: words.quitQuestion,
    detail: servers === 0 ? words.noServers : words.serversGoOn(servers),
    buttons: [words.letRun, words.shutDown, words.cancel],
    defaultId: 0,
    cancelId: 2,
  });
  if (response === 2) return false;
  if (response === 1) await shell.keeper.stop('shutdown');
  return true;
}
