import { dialog } from 'electron';
import type { Shell } from '../shell/index.ts';

/** Asks what becomes of the cloud, and does it. @returns false when the person would rather stay. */
export async function mayQuit(shell: Shell): Promise<boolean> {
  const { state } = shell.keeper;
  if (state.state !== 'running') return true;
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: 'The cloud can go on running without this window.',
    detail:
      state.status.servers === 0
        ? 'No servers are there.'
        : `${state.status.servers} servers are there; those that run go on, with their network and the APIs.`,
    buttons: ['Let it run', 'Shut the cloud down', 'Cancel'],
    defaultId: 0,
    cancelId: 2,
  });
  if (response === 2) return false;
  if (response === 1) await shell.keeper.stop('shutdown');
  return true;
}
