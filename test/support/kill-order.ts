/** Where in the next operation the helper is to kill itself. */
export interface KillOrder {
  /** Before the commit of a write to the journal, or after it. */
  readonly phase: 'before' | 'after';
  /** Which of the operation's writes; of those of `step` where that is given. */
  readonly nth: number;
  readonly step?: string;
  /** Milliseconds after that write: in the middle of what the step does on the host. */
  readonly delayMs?: number;
}

export const orderText = ({ phase, nth, step, delayMs }: KillOrder): string =>
  `${phase} write ${nth}${step === undefined ? '' : ` of '${step}'`}${delayMs === undefined ? '' : ` and ${delayMs} ms`}`;
