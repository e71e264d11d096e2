import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Preferences } from '../contract/shell.ts';
import { writeUserFile } from '../credentials-files.ts';
import { person } from '../person.ts';
import type { UserPaths } from '../user-paths.ts';
import { CALL_INPUTS, fits } from './inputs.ts';

/** What the window remembers, in a file of the person's beside their other files of Deskcloud. */
export class PreferenceFile {
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();

  constructor(paths: UserPaths) {
    this.#path = join(dirname(paths.openrc), 'window.json');
  }

  /** Empty where there is no file yet, or none that can be read. */
  async read(): Promise<Preferences> {
    await this.#last;
    try {
      const value = JSON.parse(await readFile(this.#path, 'utf8')) as unknown;
      return fits(CALL_INPUTS.setPreferences, value) ? (value as Preferences) : {};
    } catch {
      return {};
    }
  }

  /** One write after the other, each whole. */
  async write(preferences: Preferences): Promise<void> {
    const writing = this.#last.then(() =>
      writeUserFile(this.#path, `${JSON.stringify(preferences, null, 2)}\n`, person()),
    );
    this.#last = writing.catch(() => undefined);
    await writing;
  }
}
