import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { readFileSync, statSync } from 'node:fs';
import { connect, isIP, type Server, type Socket } from 'node:net';

const DNS_PORT = 53;
const MAX_QUESTIONS = 256;
const MAX_CONNECTIONS = 32;
const QUESTION_MS = 5000;
/** After this the next resolver is asked as well. */
const NEXT_MS = 1500;

/** The host's resolvers, from /etc/resolv.conf; read again when the file changes. */
export class HostResolvers {
  readonly #path: string;
  #changed = -1;
  #list: readonly string[] = [];

  constructor(path = '/etc/resolv.conf') {
    this.#path = path;
  }

  list(): readonly string[] {
    try {
      const { mtimeMs } = statSync(this.#path);
      if (mtimeMs !== this.#changed) {
        this.#changed = mtimeMs;
        this.#list = readFileSync(this.#path, 'utf8')
          .split('\n')
          .flatMap((line) => {
            const [word, ip = ''] = line.trim().split(/\s+/);
            return word === 'nameserver' && isIP(ip) !== 0 ? [ip] : [];
          });
      }
    } catch {
      this.#list = [];
    }
    return this.#list;
  }
}

/** Where questions are sent: the port is another in tests only. */
export interface RelayGoal {
  readonly resolvers: Pick<HostResolvers, 'list'>;
  readonly port?: number;
}

/** Passes questions from a namespace's socket to the host's resolvers and answers back. */
export function relayUdp(inner: UdpSocket, goal: RelayGoal): () => void {
  const open = new Set<() => void>();
  inner.on('message', (question: Buffer, from: RemoteInfo) => {
    // Beyond the bound a question is dropped; the guest asks again.
    if (open.size >= MAX_QUESTIONS || question.length < 12) return;
    const end = ask(
      question,
      goal,
      (answer) => inner.send(answer, from.port, from.address, () => undefined),
      () => open.delete(end),
    );
    open.add(end);
  });
  inner.on('error', () => undefined);
  return () => {
    for (const end of open) end();
    inner.close();
  };
}

/** One question: a socket of its own (and so a port that nobody can guess) to each resolver asked. */
function ask(
  question: Buffer,
  goal: RelayGoal,
  answered: (answer: Buffer) => void,
  ended: () => void,
): () => void {
  const resolvers = goal.resolvers.list().slice(0, 3);
  const sockets: UdpSocket[] = [];
  const timers: NodeJS.Timeout[] = [];
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    for (const timer of timers) clearTimeout(timer);
    for (const socket of sockets) socket.close();
    ended();
  };
  const askOne = (resolver: string): void => {
    const socket = createSocket(isIP(resolver) === 6 ? 'udp6' : 'udp4');
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('message', (answer: Buffer) => {
      if (over || answer.length < 12 || answer.readUInt16BE(0) !== question.readUInt16BE(0)) return;
      answered(answer);
      end();
    });
    // Connected: the kernel takes answers from the resolver asked and from nobody else.
    socket.connect(goal.port ?? DNS_PORT, resolver, (error?: Error) => {
      if (error === undefined && !over) socket.send(question);
    });
  };
  for (const [index, resolver] of resolvers.entries()) {
    if (index === 0) askOne(resolver);
    else timers.push(setTimeout(() => askOne(resolver), index * NEXT_MS));
  }
  timers.push(setTimeout(end, QUESTION_MS));
  return end;
}

/** The same for TCP, byte by byte. */
export function relayTcp(inner: Server, goal: RelayGoal): () => void {
  const pairs = new Set<Socket>();
  inner.maxConnections = MAX_CONNECTIONS;
  inner.on('connection', (client) => {
    const [resolver] = goal.resolvers.list();
    if (resolver === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(goal.port ?? DNS_PORT, resolver);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      pairs.add(one);
      one.setTimeout(2 * QUESTION_MS, () => one.destroy());
      one.on('error', () => undefined);
      one.on('close', () => {
        pairs.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  return () => {
    inner.close();
    for (const socket of pairs) socket.destroy();
  };
}
