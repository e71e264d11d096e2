import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web server on loopback. */
export interface WebServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts a web server that answers everything with one small file without structure. */
export async function serveImage(): Promise<WebServer> {
  const image = Buffer.alloc(1 << 20, 'an image from the web');
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': image.length }).end(image);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
