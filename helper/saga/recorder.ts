import type { TraceEntry } from '../contract/trace.ts';

const mostEntries = 500;
const longestEntry = 64 * 1024;
const longestTotal = 512 * 1024;

/** Collects what one attempt at a step does, within bounds: 500 entries, 64 KiB each, 512 KiB together. */
export class StepRecorder {
  readonly #entries: TraceEntry[] = [];
  readonly #texts: string[] = [];
  readonly #onEntry: (entry: TraceEntry) => void;
  #length = 0;
  #leftOut = 0;

  constructor(onEntry: (entry: TraceEntry) => void) {
    this.#onEntry = onEntry;
  }

  readonly add = (entry: TraceEntry): void => {
    let text = textOf(entry);
    let kept = entry;
    if (text.length > longestEntry) {
      kept = { kind: 'note', text: `a ${entry.kind} of ${text.length} characters, too long to keep` };
      text = textOf(kept);
    }
    if (this.#texts.length >= mostEntries || this.#length + text.length > longestTotal) {
      this.#leftOut += 1;
      return;
    }
    this.#length += text.length;
    this.#entries.push(kept);
    this.#texts.push(text);
    this.#onEntry(kept);
  };

  get entries(): readonly TraceEntry[] {
    return this.#leftOut === 0 ? this.#entries : [...this.#entries, this.#rest()];
  }

  /** The entries as JSON, null when there are none. */
  get json(): string | null {
    if (this.#texts.length === 0) return null;
    const rest = this.#leftOut === 0 ? [] : [textOf(this.#rest())];
    return `[${[...this.#texts, ...rest].join(',')}]`;
  }

  #rest(): TraceEntry {
    return { kind: 'note', text: `${this.#leftOut} more entries were left out` };
  }
}

function textOf(entry: TraceEntry): string {
  try {
    return JSON.stringify(entry);
  } catch {
    // A note's data may be cyclic or hold a bigint.
    return JSON.stringify({
      kind: 'note',
      text: entry.kind === 'note' ? entry.text : `unreadable ${entry.kind}`,
    });
  }
}
