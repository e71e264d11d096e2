import { SecretUsage, type Libvirt } from '../../libvirt-ts/index.ts';
import { DomainHostError } from '../domain/interface.ts';
import { LibvirtConnection } from '../domain/linux-connection.ts';
import { domainHostError, unless } from '../domain/linux-errors.ts';
import { DEFAULT_OWNER } from '../domain/xml.ts';
import { record } from '../record.ts';
import type { HostSecret, SecretHost, SecretRef, SecretUse } from './interface.ts';
import { secretXml } from './xml.ts';

export interface LinuxSecretHostOptions {
  /** Tag of this instance of Deskcloud; 'deskcloud' by default. */
  readonly owner?: string;
  readonly socketPath?: string;
  /** 'qemu:///system' by default. */
  readonly uri?: string;
}

const USES: Readonly<Record<number, SecretUse>> = {
  [SecretUsage.VOLUME]: 'volume',
  [SecretUsage.ISCSI]: 'iscsi',
};

/** Secrets in libvirt's own store. */
export class LinuxSecretHost implements SecretHost {
  readonly #owner: string;
  readonly #connection: LibvirtConnection;

  constructor(options: LinuxSecretHostOptions = {}) {
    const { owner = DEFAULT_OWNER, ...connection } = options;
    this.#owner = owner;
    this.#connection = new LibvirtConnection(connection);
  }

  async ensure(secret: HostSecret): Promise<void> {
    const xml = secretXml(secret, this.#owner);
    record({ kind: 'xml', name: `secret ${secret.id}`, text: xml });
    await this.#run(`keep secret ${secret.id}`, async (libvirt) => {
      const defined = await libvirt.secretDefineXml({ xml });
      await libvirt.secretSetValue({ secret: defined, value: Buffer.from(secret.value.reveal()) });
    });
  }

  async remove(id: string): Promise<void> {
    await this.#run(`remove secret ${id}`, (libvirt) =>
      unless('NO_SECRET', async () => {
        const secret = await libvirt.secretLookupByUuid({ uuid: id });
        if (!this.#isOurs(secret.usageId))
          throw new DomainHostError('failed', `Cannot remove secret ${id}: it is not ours.`);
        await libvirt.secretUndefine({ secret });
      }),
    );
  }

  async list(): Promise<readonly SecretRef[]> {
    return this.#run('list secrets', async (libvirt) =>
      (await libvirt.connectListAllSecrets()).flatMap(({ uuid, usageType, usageId }) => {
        const use = USES[usageType];
        return use !== undefined && this.#isOurs(usageId) ? [{ id: uuid, use }] : [];
      }),
    );
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #isOurs(usageId: string): boolean {
    return usageId.startsWith(`${this.#owner}/`);
  }

  async #run<T>(action: string, work: (libvirt: Libvirt) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#connection.open());
    } catch (error) {
      throw domainHostError(action, error);
    }
  }
}
