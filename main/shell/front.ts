import type { FrontKind } from '../contract/shell.ts';

/** What differs between Electron's window, a Chromium window and any browser. */
export interface Front {
  readonly kind: FrontKind;
  /** Ends the window and this process; the cloud goes on. */
  quit(): void;
  /** Opens an https address in the person's browser. @returns false where it cannot. */
  openExternal(url: string): Promise<boolean>;
}
