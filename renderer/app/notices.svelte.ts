import BellOff from '@lucide/svelte/icons/bell-off';
import BellRing from '@lucide/svelte/icons/bell-ring';
import type { Notice } from '../../main/contract/shell.ts';
import { session } from '../cloud/session.svelte.ts';
import { m } from '../i18n/index.svelte.ts';
import { onEvent } from '../shell/events.ts';
import type { Command } from './commands.svelte.ts';
import { preference, savePreference } from './preferences.svelte.ts';
import { go } from './router.svelte.ts';
import { offer, tell } from './toasts.svelte.ts';

/** Electron tells by itself, also without a window. */
const isOurs = (): boolean => session.info?.front !== 'electron' && 'Notification' in window;

const wanted = (): boolean =>
  preference('notify', true) && (!isOurs() || Notification.permission === 'granted');

/** Tells of work that has ended while the person looks elsewhere; asks before the first time. @returns how to stop. */
export function followNotices(): () => void {
  return onEvent((event) => {
    if (event.type !== 'notice' || !isOurs()) return;
    if (wanted()) {
      if (!document.hasFocus()) show(event);
    } else if (Notification.permission === 'default' && !preference('notifyAsked', false)) ask();
  });
}

function show({ outcome, title, reason, route }: Notice): void {
  const shown = new Notification(`Deskcloud: ${m().app.notices.outcome[outcome]}`, {
    body: reason === null ? title : `${title}: ${reason}`,
    icon: '/icon-512.png',
    // Of several pages that tell the same one is shown.
    tag: route,
  });
  shown.addEventListener('click', () => {
    window.focus();
    go(route);
    shown.close();
  });
}

/** A browser lets a page ask only when the person has just clicked in it. */
function ask(): void {
  savePreference('notifyAsked', true);
  offer(m().app.notices.ask, { label: m().app.notices.yes, run: () => void turnOn() });
}

async function turnOn(): Promise<void> {
  const answer = isOurs() ? await Notification.requestPermission() : 'granted';
  savePreference('notify', answer === 'granted');
  if (answer === 'denied') tell(m().app.notices.refused, 'bad');
}

/** For the palette. */
export const noticeCommands = (): readonly Command[] => [
  {
    id: 'notices',
    group: m().app.notifications,
    ...(wanted()
      ? { label: m().app.notices.off, icon: BellOff, run: () => savePreference('notify', false) }
      : { label: m().app.notices.on, icon: BellRing, run: () => void turnOn() }),
  },
];
