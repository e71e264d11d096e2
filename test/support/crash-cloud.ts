import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Operation, OperationSummary } from '../../helper/contract/operation.ts';
import { HelperError } from '../../main/helper-client.ts';
import { OpenStackError, type OpenStackClient } from '../../main/openstack-client.ts';
import type { Told } from './host-matches-database.ts';
import { TestInstance } from './instance.ts';
import { PATIENCE_MS } from './patience.ts';
import { orderText, type KillOrder } from './kill-order.ts';

export interface Crash<T = Told> {
  /** False when the operation ended before the helper got to the place where it was to kill itself. */
  readonly killed: boolean;
  /** Undefined when the kill was before the operation's own commit: nothing was asked for. */
  readonly operation: Operation | undefined;
  /** What the APIs say after the recovery, which the host agreed with. */
  readonly told: T;
}

type Compare<T> = (instance: TestInstance, admin: OpenStackClient) => Promise<T>;

/** An instance whose helper is killed on purpose, started again, and compared with its database. */
export class CrashCloud<T = Told> {
  readonly instance: TestInstance;
  readonly #orderPath: string;
  readonly #compare: Compare<T>;
  #admin: OpenStackClient | undefined;

  /**
   * @param compare @throws when what is on the host is not what the APIs say.
   * @param settings of the instance, beside its own.
   */
  constructor(name: string, host: 'linux' | 'simulated', compare: Compare<T>, settings: object = {}) {
    this.instance = new TestInstance(name, host, settings);
    this.#compare = compare;
    this.#orderPath = join(this.instance.directory, 'kill-order.json');
  }

  /** Starts the helper and waits until it has nothing left to do. */
  async start(): Promise<void> {
    this.#admin = undefined;
    await this.instance.startArmed(this.#orderPath);
    await this.instance.ready();
    await this.settled();
  }

  async restart(): Promise<void> {
    await this.instance.kill();
    await this.start();
  }

  /** The administrator of the helper that runs now; its origin changes with every start. */
  async admin(): Promise<OpenStackClient> {
    this.#admin ??= await this.instance.admin();
    return this.#admin;
  }

  /** Waits until no operation is open. @throws when one is stuck, or takes too long. */
  async settled(): Promise<void> {
    await this.instance.settled();
  }

  /**
   * Lets the helper kill itself in the operation that `ask` queues, starts it again and waits until all is settled.
   * @param between runs while no helper does.
   * @throws when the host and the database disagree afterwards, with what the operation did.
   */
  async crash(
    name: string,
    order: KillOrder,
    ask: (admin: OpenStackClient) => Promise<unknown>,
    between?: () => Promise<void>,
  ): Promise<Crash<T>> {
    const known = new Set((await this.#operationsOf(name)).map((one) => one.id));
    const admin = await this.admin();
    writeFileSync(this.#orderPath, JSON.stringify(order));
    let refused: unknown;
    try {
      await ask(admin);
    } catch (error) {
      // The connection ends with the helper; what it answers itself is a failure of the test.
      if (error instanceof OpenStackError) throw error;
      refused = error;
    }
    const killed = await this.#killedOrDone(name, known, order);
    if (!killed && refused !== undefined) throw refused;
    rmSync(this.#orderPath, { force: true });
    if (killed) {
      await between?.();
      await this.start();
    } else {
      await this.settled();
    }
    const [found] = (await this.#operationsOf(name)).filter((one) => !known.has(one.id));
    const operation = found && (await this.instance.client.operation(found.id));
    try {
      return { killed, operation, told: await this.compared() };
    } catch (error) {
      throw new Error(
        `after SIGKILL ${orderText(order)} of ${name}: ${String(error)}\n${storyOf(operation)}\n${this.trouble()}`,
        { cause: error },
      );
    }
  }

  /** What the APIs say, with which the host must agree. */
  async compared(): Promise<T> {
    return await this.#compare(this.instance, await this.admin());
  }

  async #operationsOf(name: string): Promise<readonly OperationSummary[]> {
    return (await this.instance.client.operations({ limit: '50' })).filter((one) => one.name === name);
  }

  /** True when the helper is gone, false when the operation has ended before. */
  async #killedOrDone(name: string, known: ReadonlySet<string>, order: KillOrder): Promise<boolean> {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      if (this.instance.pid === undefined) return true;
      try {
        const found = (await this.#operationsOf(name)).find((one) => !known.has(one.id));
        if (found !== undefined && found.finishedAt !== null) {
          // The kill may be on its way.
          await Promise.race([this.instance.ended(), delay((order.delayMs ?? 0) + 100)]);
          return this.instance.pid === undefined;
        }
      } catch (error) {
        if (!(error instanceof HelperError)) throw error;
        await Promise.race([this.instance.ended(), delay(5000)]);
      }
      await delay(20);
    }
    throw new Error(`${name} neither ended nor killed the helper (${orderText(order)}); ${this.trouble()}`);
  }

  /** Warnings and errors at the end of the log, for the message of a failed test. */
  trouble(): string {
    const lines = this.instance.log().split('\n');
    return lines
      .filter((line) => /"level":(40|50|60)/.test(line))
      .slice(-15)
      .join('\n');
  }
}

/** An operation's attempts in words. */
function storyOf(operation: Operation | undefined): string {
  if (operation === undefined) return 'no such operation was queued';
  const steps = operation.steps.map(
    (step) =>
      `  ${step.direction} '${step.name}' ${step.outcome}${step.reason === null ? '' : `: ${step.reason}`}`,
  );
  return [`${operation.name} ${operation.state} ${operation.error?.message ?? ''}`, ...steps].join('\n');
}
