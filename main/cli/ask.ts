import { createInterface } from 'node:readline/promises';

/**
 * Asks a yes-or-no question on the terminal; 'no' is the default.
 * @throws {Error} that names --yes where there is nobody to ask.
 */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new Error(`${question} There is no terminal to ask on; say --yes to agree beforehand.`);
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

/** Prints a line for the person. */
export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
