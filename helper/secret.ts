import { inspect } from 'node:util';

/**
 * A value that must never be printed: a password, a token, a private key, user data.
 *
 * However it is turned into text (template, JSON, console, error), it reads `***`. Only {@link reveal} gives the
 * value itself, so each place that uses a secret can be found by that name.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The protected text. Call it as late as possible: in the argument of the call that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}
