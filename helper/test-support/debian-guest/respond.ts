import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';

/**
 * Answers one HTTP request, read from standard input, with a file below the directory given: a metadata service for
 * QEMU's guestfwd, which starts a program per connection.
 */
const root = process.argv[2] ?? '.';
let request = '';
process.stdin.setEncoding('latin1').on('data', (chunk: string) => {
  request += chunk;
  if (!request.includes('\r\n\r\n')) return;
  process.stdin.pause();
  const path = join(root, normalize(request.split(' ')[1] ?? '/'));
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    // As the metadata service of OpenStack lists its versions.
    const list = readdirSync(path).join('\n');
    process.stdout.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${list.length}\r\nConnection: close\r\n\r\n${list}`,
    );
  } else if (found?.isFile()) {
    process.stdout.write(`HTTP/1.1 200 OK\r\nContent-Length: ${found.size}\r\nConnection: close\r\n\r\n`);
    createReadStream(path).pipe(process.stdout);
  } else {
    process.stdout.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  }
});
