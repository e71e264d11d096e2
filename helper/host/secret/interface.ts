import type { Secret } from '../../secret.ts';

/** What a secret opens: an encrypted disk (LUKS), or an iSCSI target (CHAP). */
export type SecretUse = 'volume' | 'iscsi';

/** A secret as others may know it. */
export interface SecretRef {
  /** A UUID; the domain's XML names the secret by it. */
  readonly id: string;
  readonly use: SecretUse;
}

export interface HostSecret extends SecretRef {
  readonly value: Secret;
}

/**
 * Secrets that the hypervisor keeps for guests' disks. They are in the memory of libvirt's daemon only and nobody gets
 * them back from it (ephemeral, private), so that its restart loses them: ensure them before whatever needs them.
 *
 * Every method is idempotent and throws DomainHostError (host/domain), since it is the same daemon.
 */
export interface SecretHost {
  /** Keeps the secret, with this value from now on. */
  ensure(secret: HostSecret): Promise<void>;
  /** Not there is success. Another's is refused. */
  remove(id: string): Promise<void>;
  /** Those of this instance of Deskcloud only, which carry its owner tag. */
  list(): Promise<readonly SecretRef[]>;
  close(): Promise<void>;
}
