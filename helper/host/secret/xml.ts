import { element, render } from '../domain/markup.ts';
import type { SecretRef, SecretUse } from './interface.ts';

/** libvirt's element in <usage>, by its type. */
const NAMED_BY: Readonly<Record<SecretUse, string>> = { volume: 'volume', iscsi: 'target' };

/** What libvirt calls the secret: unique for its use on a host, and with the owner tag in front. */
export const usageId = ({ id }: Pick<SecretRef, 'id'>, owner: string): string => `${owner}/${id}`;

/** https://libvirt.org/formatsecret.html; without the value, which never is in XML. */
export const secretXml = (secret: SecretRef, owner: string): string =>
  render(
    element(
      'secret',
      { ephemeral: 'yes', private: 'yes' },
      element('uuid', {}, secret.id),
      element('usage', { type: secret.use }, element(NAMED_BY[secret.use], {}, usageId(secret, owner))),
    ),
  );
