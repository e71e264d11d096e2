import type { FrontKind } from '../contract/shell.ts';

/** What differs between Electron's window, a Chromium window and any browser. */
export interface Front {
  readonly kind: FrontKind;
  /** Shows a notification of the desktop; `onClick` when the person wants to see what it tells. */
  notify(notification: { title: string; body: string }, onClick: () => void): void;
  /** Opens an https address in the person's browser. @returns false where it cannot. */
  openExternal(url: string): Promise<boolean>;
}
