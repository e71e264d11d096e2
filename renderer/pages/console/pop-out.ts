import { go } from '../../app/router.svelte.ts';

/**
 * A window that shows a guest's screen or serial line alone; one for each. Where a front end opens no
 * second window, this one shows it.
 */
export function popOut(serverId: string, kind: 'vnc' | 'serial'): void {
  const route = kind === 'vnc' ? `/console/${serverId}` : `/console/${serverId}?kind=serial`;
  const opened = window.open(route, `console-${kind}-${serverId}`, 'popup,width=1100,height=780');
  if (opened === null) go(route);
}
