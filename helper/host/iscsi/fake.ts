import { record } from '../record.ts';
import type { IscsiHost, IscsiPortal, IscsiTarget, IscsiTargetStatus } from './interface.ts';

/** Targets in memory. Nobody can log in. */
export class FakeIscsiHost implements IscsiHost {
  readonly portal: IscsiPortal;
  readonly #targets = new Map<string, IscsiTarget>();

  constructor(portal: IscsiPortal = { host: '127.0.0.1', port: 3260 }) {
    this.portal = portal;
  }

  async ensure(target: IscsiTarget): Promise<void> {
    this.#targets.set(target.iqn, target);
    note('target new', `targetname=${target.iqn}`);
    note('logicalunit new', `path=${target.path}`);
    for (const { user, initiator } of target.accounts) {
      note('account new', `user=${user},password=***`);
      note('target bind', `initiator=${initiator ?? this.portal.host}`);
    }
  }

  async remove(iqn: string): Promise<void> {
    if (this.#targets.delete(iqn)) note('target delete', iqn);
  }

  async grow(iqn: string): Promise<void> {
    if (this.#targets.has(iqn)) note('logicalunit update', iqn);
  }

  async list(): Promise<readonly IscsiTargetStatus[]> {
    return [...this.#targets.values()].map(({ iqn, path, accounts }) => ({
      iqn,
      path,
      users: accounts.map(({ user }) => user).sort(),
      initiators: [...new Set(accounts.map(({ initiator }) => initiator ?? this.portal.host))].sort(),
      sessions: [],
    }));
  }

  isRunning(): boolean {
    return this.#targets.size > 0;
  }

  async removeAll(): Promise<void> {
    this.#targets.clear();
  }

  /** The file behind a target, for simulated guests. */
  pathOf(iqn: string): string | undefined {
    return this.#targets.get(iqn)?.path;
  }
}

const note = (procedure: string, detail: string): void =>
  record({ kind: 'rpc', procedure: `tgt ${procedure}`, detail, durationMs: 0 });
