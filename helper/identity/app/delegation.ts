import { forbidden } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import { findApplicationCredential } from '../store/application-credential.ts';
import type { IdentityContext } from './context.ts';

/** What a token was delegated by, and so what is made with it. */
export interface Bounds {
  readonly application_credential_id: string | null;
  readonly trust_id: string | null;
}

export const boundsOf = (auth: AuthContext): Bounds => ({
  application_credential_id: auth.applicationCredentialId ?? null,
  trust_id: auth.trustId ?? null,
});

/** True for a token that does not stand for all that its user may do. */
export const isDelegated = (auth: AuthContext): boolean =>
  auth.applicationCredentialId !== undefined || auth.trustId !== undefined || auth.credentialId !== undefined;

/**
 * What an application credential may not do unless it was made unrestricted, and what a token by an EC2 credential
 * never may: make, change, read or remove credentials of any kind (S14; OSSA-2026-005). Access rules cannot be handed
 * on, so who has them makes nothing either.
 * @throws {CloudError} forbidden
 */
export function refuseRestricted({ db }: IdentityContext, auth: AuthContext): void {
  if (auth.credentialId !== undefined)
    throw forbidden('A token by an EC2 credential is not allowed to manage credentials.');
  if (auth.applicationCredentialId === undefined) return;
  const maker = findApplicationCredential(db, auth.applicationCredentialId);
  if (maker?.unrestricted !== 1)
    throw forbidden(
      'Using method application_credential is not allowed for managing additional application credentials.',
    );
  if (maker.ruled !== 0) throw forbidden('An application credential with access rules cannot make others.');
}

/**
 * The same, and for tokens by trusts: what lasts longer than the trust or is wider than it.
 * @throws {CloudError} forbidden
 */
export function refuseTrusts(identity: IdentityContext, auth: AuthContext): void {
  refuseRestricted(identity, auth);
  if (auth.trustId !== undefined) throw forbidden('A token by a trust is not allowed to do this.');
}
