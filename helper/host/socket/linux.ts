import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';

/** O_PATH of Linux, which Node's constants leave out (asm-generic/fcntl.h). */
const O_PATH = 0o10000000;

/** What is at the path is no socket: it is missing, or somebody put something else there. */
export class NotASocketError extends Error {
  override readonly name = 'NotASocketError';
}

/**
 * Connects to a Unix socket that another user's process made in its own directory. The last part of the path is never
 * followed as a link: it is opened as it is, seen to be a socket, and connected to through the open descriptor, so
 * that nothing put there in the meantime is reached (S37).
 * @throws {NotASocketError}
 */
export async function connectUnixSocket(path: string): Promise<Socket> {
  const handle = await open(path, O_PATH | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw new NotASocketError(`There is no console socket at ${path}.`, { cause: error });
  });
  try {
    if (!(await handle.stat()).isSocket()) throw new NotASocketError(`${path} is not a socket.`);
    return await new Promise<Socket>((resolve, reject) => {
      const socket = connect(`/proc/self/fd/${handle.fd}`);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(socket);
      });
      socket.once('error', reject);
    });
  } finally {
    await handle.close();
  }
}
