/** A window that shows a guest's screen or serial line alone; one for each. */
export function popOut(serverId: string, kind: 'vnc' | 'serial'): void {
  const route = kind === 'vnc' ? `/console/${serverId}` : `/console/${serverId}?kind=serial`;
  window.open(route, `console-${kind}-${serverId}`, 'popup,width=1100,height=780');
}
