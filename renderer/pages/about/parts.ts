/** A package that ships with Deskcloud. */
export interface Part {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** Put in by renderer/vite.config.ts, from package-lock.json. */
declare const __PARTS__: readonly Part[];

export const parts: readonly Part[] = __PARTS__;
