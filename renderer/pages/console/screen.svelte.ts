import type RFB from '@novnc/novnc';
import { ConsoleChannel } from './channel.ts';
import { strokesOf, type LayoutId, type Stroke } from './keyboard-layouts.ts';

export type Scaling = 'none' | 'local' | 'remote';
export type Quality = 'low' | 'medium' | 'high';
/** Keys that stay down until they are let go. */
export const MODIFIERS = {
  ctrl: { keysym: 0xffe3, code: 'ControlLeft' },
  alt: { keysym: 0xffe9, code: 'AltLeft' },
  super: { keysym: 0xffeb, code: 'MetaLeft' },
} as const;
export type Modifier = keyof typeof MODIFIERS;

const SHIFT = { keysym: 0xffe1, code: 'ShiftLeft' } as const;
const ALT_GR = { keysym: 0xfe03, code: 'AltRight' } as const;
/** Of JPEG and of zlib, as noVNC counts them. */
const LEVELS: Readonly<Record<Quality, readonly [quality: number, compression: number]>> = {
  low: [2, 9],
  medium: [6, 2],
  high: [9, 0],
};
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;
/** A guest's firmware and slow terminals lose keys that come faster. */
const STROKE_PAUSE_MS = 12;

export interface ScreenSettings {
  readonly scaling: Scaling;
  readonly quality: Quality;
  readonly viewOnly: boolean;
}

/** A guest's screen: connected, and connected again with growing pauses until it is closed. Reactive. */
export class Screen {
  state: 'idle' | 'connecting' | 'connected' | 'waiting' = $state('idle');
  /** Why it is not connected. */
  reason: string | undefined = $state(undefined);
  /** When it is tried again, while 'waiting'. */
  retryAt: number | undefined = $state(undefined);
  held: ReadonlySet<Modifier> = $state.raw(new Set<Modifier>());
  /** Of a text that is being typed: done and all strokes. */
  typing: { readonly done: number; readonly all: number } | undefined = $state.raw(undefined);
  readonly #target: HTMLElement;
  readonly #where: { readonly projectId: string; readonly serverId: string };
  #settings: ScreenSettings;
  #label: string;
  #rfb: RFB | undefined;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hadFocus = false;
  #attempt = 0;

  /** @param target what the screen is drawn into. @param label its name for who cannot see it. */
  constructor(
    target: HTMLElement,
    where: { readonly projectId: string; readonly serverId: string },
    settings: ScreenSettings,
    label: string,
  ) {
    this.#target = target;
    this.#where = where;
    this.#settings = settings;
    this.#label = label;
  }

  /** Connects; nothing when it is connected or on the way. */
  open(): void {
    if (this.state === 'connected' || this.state === 'connecting') return;
    void this.#connect();
  }

  /** Ends it; `open` begins again. */
  close(reason?: string): void {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.typing = undefined;
    this.#failures = 0;
    const rfb = this.#rfb;
    this.#rfb = undefined;
    rfb?.disconnect();
    this.held = new Set();
    this.state = 'idle';
    this.retryAt = undefined;
    this.reason = reason;
  }

  apply(settings: ScreenSettings): void {
    this.#settings = settings;
    const rfb = this.#rfb;
    if (rfb === undefined) return;
    [rfb.qualityLevel, rfb.compressionLevel] = LEVELS[settings.quality];
    rfb.scaleViewport = settings.scaling === 'local';
    rfb.resizeSession = settings.scaling === 'remote';
    rfb.viewOnly = settings.viewOnly;
  }

  focus(): void {
    this.#rfb?.focus({ preventScroll: true });
  }

  ctrlAltDel(): void {
    this.#rfb?.sendCtrlAltDel();
    this.focus();
  }

  /** Holds a modifier down, or lets it go. */
  hold(modifier: Modifier): void {
    const next = new Set(this.held);
    const down = !next.delete(modifier);
    if (down) next.add(modifier);
    this.held = next;
    const { keysym, code } = MODIFIERS[modifier];
    this.#rfb?.sendKey(keysym, code, down);
    this.focus();
  }

  key(keysym: number, code: string): void {
    this.#rfb?.sendKey(keysym, code);
    this.focus();
  }

  /** Types a text as keys. Resolves when all of it is typed, or typing was cancelled. */
  async type(text: string, layout: LayoutId): Promise<void> {
    const { strokes } = strokesOf(text, layout);
    const attempt = this.#attempt;
    this.typing = { done: 0, all: strokes.length };
    for (const [at, stroke] of strokes.entries()) {
      if (this.typing === undefined || attempt !== this.#attempt) return;
      this.#stroke(stroke);
      this.typing = { done: at + 1, all: strokes.length };
      await new Promise((resolve) => setTimeout(resolve, STROKE_PAUSE_MS));
    }
    this.typing = undefined;
    this.focus();
  }

  cancelTyping(): void {
    this.typing = undefined;
    this.focus();
  }

  /** The picture as it is now, as PNG; undefined while there is none. */
  picture(): Promise<Blob | undefined> {
    return new Promise((resolve) => {
      if (this.#rfb === undefined) resolve(undefined);
      else this.#rfb.toBlob((blob) => resolve(blob ?? undefined), 'image/png');
    });
  }

  #stroke({ code, keysym, shift, altGr }: Stroke): void {
    const rfb = this.#rfb;
    if (rfb === undefined) return;
    if (shift) rfb.sendKey(SHIFT.keysym, SHIFT.code, true);
    if (altGr) rfb.sendKey(ALT_GR.keysym, ALT_GR.code, true);
    rfb.sendKey(keysym, code);
    if (altGr) rfb.sendKey(ALT_GR.keysym, ALT_GR.code, false);
    if (shift) rfb.sendKey(SHIFT.keysym, SHIFT.code, false);
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#timer);
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.state = 'connecting';
    this.retryAt = undefined;
    const { default: Rfb } = await import('@novnc/novnc');
    if (attempt !== this.#attempt) return;
    const channel = new ConsoleChannel(this.#where.projectId, this.#where.serverId);
    const rfb = new Rfb(this.#target, channel, { shared: true });
    this.#rfb = rfb;
    rfb.background = 'transparent';
    const canvas = this.#target.querySelector('canvas');
    if (canvas !== null) {
      canvas.tabIndex = 0;
      canvas.setAttribute('role', 'application');
      canvas.setAttribute('aria-label', this.#label);
    }
    this.apply(this.#settings);
    rfb.addEventListener('connect', () => {
      this.state = 'connected';
      this.reason = undefined;
      this.#failures = 0;
      if (this.#hadFocus) rfb.focus({ preventScroll: true });
    });
    rfb.addEventListener('disconnect', () => {
      if (attempt !== this.#attempt) return;
      this.#rfb = undefined;
      this.typing = undefined;
      this.held = new Set();
      this.reason = channel.failure?.message;
      this.#wait();
    });
    // Noted while it is there: when it is lost, the canvas is gone already.
    canvas?.addEventListener('focus', () => {
      this.#hadFocus = true;
    });
    canvas?.addEventListener('blur', () => {
      queueMicrotask(() => {
        if (canvas.isConnected) this.#hadFocus = false;
      });
    });
  }

  #wait(): void {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
    this.state = 'waiting';
    this.retryAt = Date.now() + pause;
    this.#timer = setTimeout(() => void this.#connect(), pause);
  }
}
