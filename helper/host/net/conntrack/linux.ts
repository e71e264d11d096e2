import { CommandError, type Argv } from '../../command/interface.ts';
import { inside, type NetContext } from '../context.ts';
import { address, integerWord } from '../values.ts';
import type { ConntrackHost, FlushRequest } from './interface.ts';

/** conntrack exits with 1 both when nothing matched and when it failed. */
const NOTHING = 'flow entries have been deleted';
/** It gives up when an entry of its list has gone meanwhile, and the rest of the list is still there. */
const VANISHED = "doesn't exist";
const ATTEMPTS = 5;

/** The real {@link ConntrackHost}, with conntrack-tools. */
export class LinuxConntrackHost implements ConntrackHost {
  readonly #net: NetContext;

  constructor(net: NetContext) {
    this.#net = net;
  }

  async flush(request: FlushRequest): Promise<void> {
    if ((request.zone === undefined) === (request.namespace === undefined)) {
      throw new TypeError('a flush names either a zone or a namespace');
    }
    const filter = commonFilter(request);
    const calls =
      request.addresses === undefined
        ? (['ipv4', 'ipv6'] as const).map((family) => ['-f', family, ...filter])
        : request.addresses.flatMap((text) => {
            const one = address(text);
            // Between a zone's ends nothing is translated, so two of the four places are enough there.
            const places = request.namespace === undefined ? ['-s', '-d'] : ['-s', '-d', '-r', '-q'];
            return places.map((place) => ['-f', `ipv${one.family}`, ...filter, place, one.address]);
          });
    for (const words of calls) await this.#delete(request.namespace, words);
  }

  async #delete(namespace: string | undefined, words: readonly string[]): Promise<void> {
    const argv: Argv = ['conntrack', '-D', ...words];
    const options = { okCodes: [0, 1] };
    let exitCode = 0;
    let stderr = '';
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      ({ exitCode, stderr } = await this.#net.commands.run(inside(namespace, argv), options));
      if (exitCode === 0 || stderr.includes(NOTHING)) return;
      if (!stderr.includes(VANISHED)) break;
    }
    throw new CommandError(`'${argv.join(' ')}' failed: ${stderr.trim()}`, {
      argv: argv.map(String),
      reason: 'exit',
      exitCode,
      stderr,
    });
  }
}

function commonFilter(request: FlushRequest): string[] {
  const words: string[] = [];
  if (request.zone !== undefined) {
    words.push('-w', String(integerWord(request.zone, 1, 0xffff, 'conntrack zone')));
  }
  if (request.protocol !== undefined) {
    if (!/^[a-z0-9]{1,16}$/.test(request.protocol))
      throw new TypeError(`'${request.protocol}' is no IP protocol`);
    words.push('-p', request.protocol);
  }
  if (request.port !== undefined) {
    if (request.protocol === undefined) throw new TypeError('a port needs a protocol');
    words.push('--dport', String(integerWord(request.port, 0, 0xffff, 'port')));
  }
  return words;
}
