/** What the window uses of noVNC (its docs/API.md); the package brings no types. */
declare module '@novnc/novnc' {
  export interface RfbEvents {
    connect: CustomEvent<Record<string, never>>;
    disconnect: CustomEvent<{ readonly clean: boolean }>;
    securityfailure: CustomEvent<{ readonly status: number; readonly reason?: string }>;
    desktopname: CustomEvent<{ readonly name: string }>;
  }

  /** What noVNC wants of a WebSocket. */
  export interface RawChannel {
    binaryType: string;
    readonly protocol: string;
    readonly readyState: string;
    onopen: ((event: Event) => void) | null;
    onmessage: ((event: { data: ArrayBuffer }) => void) | null;
    onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null;
    onerror: ((event: Event) => void) | null;
    send(data: Uint8Array): void;
    close(): void;
  }

  export default class RFB {
    constructor(target: HTMLElement, channel: RawChannel, options?: { shared?: boolean });
    viewOnly: boolean;
    focusOnClick: boolean;
    clipViewport: boolean;
    scaleViewport: boolean;
    resizeSession: boolean;
    background: string;
    qualityLevel: number;
    compressionLevel: number;
    disconnect(): void;
    sendKey(keysym: number, code: string | null, down?: boolean): void;
    sendCtrlAltDel(): void;
    focus(options?: FocusOptions): void;
    blur(): void;
    toBlob(callback: (blob: Blob | null) => void, type?: string): void;
    addEventListener<K extends keyof RfbEvents>(name: K, listener: (event: RfbEvents[K]) => void): void;
  }
}
