import { record } from '../record.ts';
import { DEFAULT_OWNER } from '../domain/xml.ts';
import type { HostSecret, SecretHost, SecretRef } from './interface.ts';
import { secretXml } from './xml.ts';

/** Secrets in memory only: for tests, and for the simulated host. */
export class FakeSecretHost implements SecretHost {
  readonly #secrets = new Map<string, HostSecret>();

  ensure(secret: HostSecret): Promise<void> {
    record({ kind: 'xml', name: `secret ${secret.id}`, text: secretXml(secret, DEFAULT_OWNER) });
    this.#call('ensureSecret', secret.id);
    this.#secrets.set(secret.id, secret);
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    this.#call('removeSecret', id);
    this.#secrets.delete(id);
    return Promise.resolve();
  }

  list(): Promise<readonly SecretRef[]> {
    return Promise.resolve([...this.#secrets.values()].map(({ id, use }) => ({ id, use })));
  }

  /** For tests: the value that the hypervisor would use. */
  valueOf(id: string): string | undefined {
    return this.#secrets.get(id)?.value.reveal();
  }

  /** For tests: libvirt's daemon was restarted. */
  loseAll(): void {
    this.#secrets.clear();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #call(method: string, id: string): void {
    record({ kind: 'rpc', procedure: `simulated ${method}`, detail: id, durationMs: 0 });
  }
}
