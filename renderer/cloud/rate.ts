/** How far back the speed is measured: long enough not to jump, short enough to follow. */
const SPAN_MS = 8000;

/** How fast something goes, and how long it still takes. */
export class Rate {
  #points: { readonly at: number; readonly done: number }[] = [];

  /** @param at milliseconds. @param done units so far, as bytes. */
  note(at: number, done: number): void {
    this.#points.push({ at, done });
    while (this.#points.length > 2 && (this.#points[1]?.at ?? at) <= at - SPAN_MS) this.#points.shift();
  }

  /** Units a second over the last seconds; undefined before there are two points. */
  get perSecond(): number | undefined {
    const first = this.#points[0];
    const last = this.#points.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return undefined;
    return ((last.done - first.done) * 1000) / (last.at - first.at);
  }

  /** Milliseconds until `total` at this speed; undefined while nobody knows. */
  remainingMs(total: number): number | undefined {
    const speed = this.perSecond;
    const done = this.#points.at(-1)?.done ?? 0;
    return speed === undefined || speed <= 0 ? undefined : (Math.max(0, total - done) / speed) * 1000;
  }
}
