/**
 * Under which name and port the window is served. They stay the same from start to start, because a browser remembers
 * by them what the person allowed (notifications) and where the window was.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { writeUserFile } from '../credentials-files.ts';
import { person } from '../person.ts';

export interface Place {
  /** First part of `<name>.localhost`: known to the person alone. */
  readonly name: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/**
 * The place of the last start where it is free, else a new one: a page of before that is still open asks again and
 * again at the old port, and who listens there now must not be sent the cookie of this start. Cookies know no ports.
 * @param wanted the person's word for the port; 0 is none.
 */
export async function findPlace(directory: string, wanted: number): Promise<Place> {
  const before = read(directory);
  if (before !== undefined && (wanted === 0 || wanted === before.port) && (await isFree(before.port)))
    return before;
  return { name: randomBytes(8).toString('hex'), port: wanted };
}

/** For the next start. */
export async function keepPlace(directory: string, place: Place): Promise<void> {
  await writeUserFile(pathIn(directory), `${JSON.stringify(place)}\n`, person());
}

const pathIn = (directory: string): string => join(directory, 'window-place.json');

function read(directory: string): Place | undefined {
  try {
    const { name, port } = JSON.parse(readFileSync(pathIn(directory), 'utf8')) as Partial<
      Record<keyof Place, unknown>
    >;
    const fits =
      typeof name === 'string' &&
      /^[0-9a-f]{16}$/.test(name) &&
      typeof port === 'number' &&
      Number.isInteger(port) &&
      port > 1023 &&
      port < 65_536;
    return fits ? { name, port } : undefined;
  } catch {
    return undefined;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
