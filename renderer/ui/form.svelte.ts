import { problemOf, type Problem } from '../cloud/errors.ts';

/** What is wrong with each field; a field without an entry is right. */
export type FieldErrors<T> = { readonly [K in keyof T]?: string | undefined };

/**
 * A form's values, their errors as they are typed, and its sending. Errors show once a field was left or a sending was
 * tried: read `error('name')`. Make it in a component: `const form = new Form({ name: '' }, check, send)`.
 */
export class Form<T extends object> {
  values: T;
  busy = $state(false);
  problem: Problem | undefined = $state.raw(undefined);
  readonly #check: (values: T) => FieldErrors<T>;
  readonly #send: (values: T) => Promise<void>;
  #touched: ReadonlySet<keyof T> = $state.raw(new Set<keyof T>());
  #tried = $state(false);

  constructor(initial: T, check: (values: T) => FieldErrors<T>, send: (values: T) => Promise<void>) {
    const values = $state(initial);
    this.values = values;
    this.#check = check;
    this.#send = send;
  }

  get errors(): FieldErrors<T> {
    return this.#check(this.values);
  }

  get errorCount(): number {
    return Object.values(this.errors).filter((one) => one !== undefined).length;
  }

  /** What to show below a field now. */
  error(field: keyof T): string | undefined {
    return this.#tried || this.#touched.has(field) ? this.errors[field] : undefined;
  }

  /** For `onblur`. */
  touch(field: keyof T): void {
    this.#touched = new Set([...this.#touched, field]);
  }

  /** Begins anew with these values, for a form that is shown again. */
  reset(values: T): void {
    Object.assign(this.values, values);
    this.problem = undefined;
    this.#touched = new Set<keyof T>();
    this.#tried = false;
  }

  /** For `onsubmit`: sends when all is right, else leads to the first field that is not. */
  readonly submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    this.#tried = true;
    this.problem = undefined;
    if (this.errorCount > 0) {
      const form = event.currentTarget as HTMLFormElement | null;
      queueMicrotask(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return;
    }
    this.busy = true;
    try {
      await this.#send(this.values);
    } catch (error) {
      this.problem = problemOf(error);
    } finally {
      this.busy = false;
    }
  };
}
