import { Secret } from '../../secret.ts';
import type { ConvertOptions } from '../disk/interface.ts';
import type { FakeSecretHost } from '../secret/fake.ts';
import { DomainHostError, type DomainDisk } from './interface.ts';

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

/** The same for a copy of one disk into another. */
export const keysOfCopy = (
  store: SecretStore | undefined,
  from: Pick<DomainDisk, 'encryption'>,
  to: Pick<DomainDisk, 'encryption'>,
): Pick<ConvertOptions, 'sourceKey' | 'encryption'> => {
  const { sourceKey } = from.encryption === undefined ? {} : keysOf(store, from.encryption.secretId);
  const { encryption } = to.encryption === undefined ? {} : keysOf(store, to.encryption.secretId);
  return { ...(sourceKey && { sourceKey }), ...(encryption && { encryption }) };
};
