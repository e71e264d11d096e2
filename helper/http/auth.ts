/**
 * Who makes a request, as its token says it at this moment: identity computes it from the database on each request,
 * so that a revoked role or a disabled project counts at once (SECURITY-CASES S17). Never read from headers (S13).
 */
export interface AuthContext {
  readonly userId: string;
  readonly userName: string;
  readonly userDomainId: string;
  /** Set with project scope. */
  readonly projectId?: string;
  readonly projectName?: string;
  readonly projectDomainId?: string;
  /** Set with domain scope. */
  readonly domainId?: string;
  /** True with system scope. */
  readonly system?: boolean;
  /** Role names, with implied roles. */
  readonly roles: ReadonlySet<string>;
  /** Public id of the token in audits; not the token. */
  readonly auditId: string;
  /** The request came over the desktop's Unix socket or from inside the helper, not with a token. */
  readonly desktop?: boolean;
  readonly applicationCredentialId?: string;
  /** The token is by a trust: its roles are those that the trustor gave. */
  readonly trustId?: string;
  /** The token was got with an EC2 credential. */
  readonly credentialId?: string;
}

/** Finds who a token belongs to; undefined when it is unknown, expired or revoked. */
export type Authenticator = (
  token: string,
  request: { method: string; path: string },
) => AuthContext | undefined;
