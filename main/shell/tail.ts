import { open } from 'node:fs/promises';

/** No more of a file is looked at. */
const LIMIT = 2 << 20;

/** The last lines of a text file, oldest first. @throws {Error} that says who may read it. */
export async function lastLines(path: string, count: number): Promise<readonly string[]> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Error(`${path} cannot be read (${error.code ?? error.message}); try: sudo tail ${path}`, {
      cause: error,
    });
  });
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - LIMIT);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const lines = buffer.subarray(0, bytesRead).toString('utf8').split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines.slice(-count);
  } finally {
    await file.close();
  }
}
