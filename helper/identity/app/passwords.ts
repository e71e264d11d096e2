import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { unavailable } from '../../errors/error.ts';
import type { Secret } from '../../secret.ts';

/** log2 of scrypt's N. 15 takes 32 MiB and about 60 ms. */
const COST = 15;
const BLOCK_SIZE = 8;
const PARALLEL = 1;
const LENGTH = 32;
/** Two at a time: more would not be faster on a desktop, and each takes its own 32 MiB. */
const AT_ONCE = 2;
const WAITING = 256;

interface Parameters {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallel: number;
}

/** Hashes and checks passwords by scrypt (RFC 7914), a few at a time. */
export interface Passwords {
  /** `$scrypt$ln=15,r=8,p=1$salt$hash`, with its parameters, so that they can be raised later. */
  hash(password: Secret): Promise<string>;
  /**
   * Whether the password is the one that was hashed. Without a hash (no such user, no password) it works as long and
   * says no: the caller cannot tell which it was (S18).
   */
  verify(password: Secret, hash: string | null | undefined): Promise<boolean>;
  /** How many hashes were computed, for tests. */
  readonly computed: number;
}

/** `cost` is log2 of N; tests lower it. */
export function createPasswords(cost: number = COST): Passwords {
  const gate = new Gate(AT_ONCE, WAITING);
  const usual: Parameters = { cost, blockSize: BLOCK_SIZE, parallel: PARALLEL };
  let computed = 0;
  const derive = (password: Secret, salt: Buffer, parameters: Parameters): Promise<Buffer> =>
    gate.run(() => {
      computed += 1;
      return scryptOf(password, salt, parameters);
    });
  return {
    async hash(password) {
      const salt = randomBytes(16);
      const hash = await derive(password, salt, usual);
      return `$scrypt$ln=${cost},r=${BLOCK_SIZE},p=${PARALLEL}$${text(salt)}$${text(hash)}`;
    },
    async verify(password, stored) {
      const parsed = parse(stored);
      const hash = await derive(password, parsed?.salt ?? randomBytes(16), parsed?.parameters ?? usual);
      return parsed !== undefined && timingSafeEqual(hash, parsed.hash);
    },
    get computed() {
      return computed;
    },
  };
}

const text = (bytes: Buffer): string => bytes.toString('base64url');

function parse(
  stored: string | null | undefined,
): { parameters: Parameters; salt: Buffer; hash: Buffer } | undefined {
  const match = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w-]+)\$([\w-]+)$/.exec(stored ?? '');
  if (match === null) return undefined;
  const hash = Buffer.from(match[5] ?? '', 'base64url');
  if (hash.length !== LENGTH) return undefined;
  return {
    parameters: { cost: Number(match[1]), blockSize: Number(match[2]), parallel: Number(match[3]) },
    salt: Buffer.from(match[4] ?? '', 'base64url'),
    hash,
  };
}

function scryptOf(password: Secret, salt: Buffer, parameters: Parameters): Promise<Buffer> {
  const N = 2 ** parameters.cost;
  const options: ScryptOptions = {
    N,
    r: parameters.blockSize,
    p: parameters.parallel,
    maxmem: 128 * N * parameters.blockSize * parameters.parallel + 1024 * 1024,
  };
  return new Promise((resolve, reject) => {
    scrypt(password.reveal(), salt, LENGTH, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** Lets a few in at a time and keeps a bounded line. */
class Gate {
  readonly #atOnce: number;
  readonly #waiting: number;
  #inside = 0;
  readonly #line: (() => void)[] = [];

  constructor(atOnce: number, waiting: number) {
    this.#atOnce = atOnce;
    this.#waiting = waiting;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#atOnce) {
      if (this.#line.length >= this.#waiting)
        throw unavailable('Too many logins at the same time; try again in a few seconds.');
      await new Promise<void>((resolve) => this.#line.push(resolve));
    } else {
      this.#inside += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#line.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    }
  }
}
