import { spawn } from 'node:child_process';
import { Socket as UdpSocket } from 'node:dgram';
import { Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { record } from '../../record.ts';
import { inside, namespaceExists } from '../context.ts';
import { address, deviceWord, integerWord } from '../values.ts';
import type { DnsRelay, ListenRequest, SocketHost } from './interface.ts';
import type { OpenReply, OpenRequest } from './protocol.ts';
import { HostResolvers, relayTcp, relayUdp } from './relay.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const OPEN_MS = 15_000;

/** The real {@link SocketHost}. */
export class LinuxSocketHost implements SocketHost {
  readonly #resolvers = new HostResolvers();

  async listenTcp(namespace: string, request: ListenRequest): Promise<Server> {
    const [server] = await openSockets(namespace, [{ kind: 'tcp', ...request }]);
    if (server instanceof Server) return server;
    throw new Error(`no server came from namespace ${namespace}`);
  }

  async bindUdp(namespace: string, request: ListenRequest): Promise<UdpSocket> {
    const [socket] = await openSockets(namespace, [{ kind: 'udp', ...request }]);
    if (socket instanceof UdpSocket) return socket;
    throw new Error(`no socket came from namespace ${namespace}`);
  }

  async startDnsRelay(namespace: string, port: number): Promise<DnsRelay> {
    const place = { host: '127.0.0.1', port };
    const [udp, tcp] = await openSockets(namespace, [
      { kind: 'udp', ...place },
      { kind: 'tcp', ...place },
    ]);
    if (!(udp instanceof UdpSocket) || !(tcp instanceof Server))
      throw new Error(`no DNS sockets in ${namespace}`);
    const ends = [
      relayUdp(udp, { resolvers: this.#resolvers }),
      relayTcp(tcp, { resolvers: this.#resolvers }),
    ];
    return {
      close: () => {
        for (const end of ends.splice(0)) end();
        return Promise.resolve();
      },
    };
  }
}

/** Starts one child in the namespace, which opens all the sockets and sends them over. */
function openSockets(namespace: string, requests: readonly OpenRequest[]): Promise<(Server | UdpSocket)[]> {
  for (const request of requests) {
    // A link-local address has the device behind it.
    const [host = '', zone] = request.host.split('%');
    address(host);
    if (zone !== undefined) deviceWord(zone);
    integerWord(request.port, 0, 65535, 'port');
  }
  if (!namespaceExists(namespace)) return Promise.reject(new Error(`namespace ${namespace} is not there`));
  const [program, ...words] = inside(namespace, [process.execPath, CHILD]).map(String);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program ?? '', words, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: {} });
    const opened: (Server | UdpSocket)[] = [];
    let stderr = '';
    let count = 0;
    let failure: Error | undefined;
    const timer = setTimeout(() => {
      failure = new Error(`sockets in namespace ${namespace} were not open after ${OPEN_MS / 1000} s`);
      child.kill('SIGKILL');
    }, OPEN_MS);
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.on('error', (error) => (failure ??= error));
    child.on('message', (message: OpenReply, handle: unknown) => {
      count += 1;
      const request = requests[message.index];
      if (message.error !== undefined) {
        failure ??= new Error(
          `${request?.kind} ${request?.host}:${request?.port} in namespace ${namespace}: ${message.error}`,
        );
      } else if (handle instanceof Server || handle instanceof UdpSocket) {
        opened[message.index] = handle;
      }
      if (count === requests.length) child.send('done');
    });
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      const argv = [program ?? '', ...words];
      record({
        kind: 'command',
        argv,
        exitCode,
        durationMs: performance.now() - started,
        ...(stderr === '' ? {} : { output: stderr.slice(0, 4096) }),
      });
      if (failure === undefined && Object.keys(opened).length === requests.length) {
        resolve(opened);
        return;
      }
      for (const socket of opened) socket?.close();
      reject(failure ?? new Error(`sockets in namespace ${namespace} could not be opened: ${stderr.trim()}`));
    });
    child.send(requests);
  });
}
