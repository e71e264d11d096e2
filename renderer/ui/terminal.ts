/** What a page does with a terminal once it is there. */
export interface TerminalHandle {
  readonly cols: number;
  readonly rows: number;
  write(data: Uint8Array | string): void;
  clear(): void;
  focus(): void;
  /** What the person types. */
  onInput(listener: (bytes: Uint8Array) => void): void;
  onResize(listener: (size: { readonly cols: number; readonly rows: number }) => void): void;
}
