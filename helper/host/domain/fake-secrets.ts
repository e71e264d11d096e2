import { Secret } from '../../secret.ts';
import type { ConvertOptions } from '../disk/interface.ts';
import type { FakeSecretHost } from '../secret/fake.ts';
import { DomainHostError } from './interface.ts';

/** libvirt's store, as far as a domain knows it. */
export type SecretStore = Pick<FakeSecretHost, 'valueOf'>;

/** What opens an encrypted disk. @throws {DomainHostError} as libvirt, for a secret that it has not. */
export function keysOf(
  store: SecretStore | undefined,
  secretId: string,
): Pick<ConvertOptions, 'sourceKey' | 'encryption'> {
  const value = store?.valueOf(secretId);
  if (value === undefined)
    throw new DomainHostError('failed', `Secret not found: no secret with matching uuid '${secretId}'`);
  const sourceKey = new Secret(value);
  return { sourceKey, encryption: { passphrase: sourceKey, keyBits: 256 } };
}
