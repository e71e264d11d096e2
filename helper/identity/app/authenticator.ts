import { changeCount, inTransaction } from '../../db/index.ts';
import type { AuthContext, Authenticator } from '../../http/index.ts';
import { rulesOfCredentials } from '../store/application-credential.ts';
import { permits } from './access-rule.ts';
import type { IdentityContext } from './context.ts';
import { authContext, liveToken, tokenHash } from './tokens.ts';

interface Known {
  readonly auth: AuthContext;
  readonly expiresAt: number;
}

/** Most callers that are remembered at a time. */
const MOST = 1000;

/**
 * Who makes a request with this token. Credentials with access rules are bound to these here.
 *
 * What was found is remembered while not a single row of the database changes, so that whoever only reads is not
 * looked up anew each time; any change at all, a revoked role as well as a new server, forgets everybody (S17). Tokens
 * that also end by a clock other than their own (of trusts and of credentials) are always looked up.
 */
export function createAuthenticator(identity: IdentityContext): Authenticator {
  const { db, clock } = identity;
  const known = new Map<string, Known>();
  let changes = -1;
  return (token, request) => {
    const key = tokenHash(token)?.toString('base64');
    if (key === undefined) return undefined;
    const now = changeCount(db);
    if (now !== changes || known.size > MOST) known.clear();
    changes = now;
    const found = known.get(key);
    if (found !== undefined && found.expiresAt > clock()) return found.auth;
    const live = liveToken(identity, token);
    if (live === undefined) return undefined;
    const { row } = live;
    const credential = row.application_credential_id;
    if (credential !== null && row.application_credential_ruled === 1) {
      const rules = rulesOfCredentials(db, [credential]).get(credential) ?? [];
      if (!permits(rules, request)) return undefined;
    }
    const auth = authContext(live);
    const lasts = credential === null && row.trust_id === null && row.credential_id === null;
    // Inside of a transaction there may be what is taken back.
    if (lasts && !inTransaction(db)) known.set(key, { auth, expiresAt: row.expires_at });
    return auth;
  };
}
