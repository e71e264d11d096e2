import { app, session, shell as desktop, type WebContents } from 'electron';
import { ORIGIN } from './scheme.ts';

/** What the page may do beyond drawing: the clipboard (addresses, typing it into a console), and the whole screen. */
const PERMISSIONS: ReadonlySet<string> = new Set([
  'clipboard-read',
  'clipboard-sanitized-write',
  'fullscreen',
  'keyboardLock',
  'pointerLock',
]);

const isOurs = (url: string): boolean => URL.canParse(url) && new URL(url).href.startsWith(`${ORIGIN}/`);

/**
 * Electron's security checklist, as far as it is not in the window's preferences: permissions asked for by our page
 * alone and from a list; no page but ours is ever gone to; no new windows, no webviews; links outside go to the
 * person's browser, https only.
 */
export function raiseWalls(): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((contents, permission, answer) =>
    answer(isOurs(contents.getURL()) && PERMISSIONS.has(permission)),
  );
  defaultSession.setPermissionCheckHandler(
    (_contents, permission, origin) => isOurs(`${origin}/`) && PERMISSIONS.has(permission),
  );
  defaultSession.setDevicePermissionHandler(() => false);
  // The page is its own origin's alone: nothing is fetched from anywhere else, whatever asks.
  defaultSession.webRequest.onBeforeRequest(({ url }, answer) =>
    answer({ cancel: !isOurs(url) && !/^(devtools|data|blob):/.test(url) }),
  );
  app.on('web-contents-created', (_event, contents) => wall(contents));
}

function wall(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isOurs(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    void openOutside(url);
    return { action: 'deny' };
  });
}

/** Opens an https address in the person's browser. @returns false for any other. */
export async function openOutside(url: string): Promise<boolean> {
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') return false;
  await desktop.openExternal(new URL(url).href);
  return true;
}

/** Whether a message comes from our page itself: not from a frame in it, nor from a page that took its place. */
export const isOurPage = (frame: { readonly url: string; readonly parent: unknown } | null): boolean =>
  frame !== null && frame.parent === null && isOurs(frame.url);
