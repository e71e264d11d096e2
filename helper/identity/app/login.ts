import type { Static } from 'typebox';
import { badRequest, forbidden, notFound } from '../../errors/error.ts';
import { Secret } from '../../secret.ts';
import type { AuthBody } from '../schemas/token.ts';
import {
  findApplicationCredential,
  findApplicationCredentialByName,
  type ApplicationCredentialRow,
} from '../store/application-credential.ts';
import { findDomainByName, findProject, findProjectByName } from '../store/project.ts';
import { findTrust, useTrust, type TrustRow } from '../store/trust.ts';
import { findUser, findUserByName, type UserRow } from '../store/user.ts';
import { authenticatePassword } from './authenticate-password.ts';
import type { IdentityContext } from './context.ts';
import { endReceipt, issueReceipt, lackingMethods, liveReceipt, type Receipt } from './multi-factor.ts';
import { refuseExpired } from './password-rules.ts';
import { issueToken, liveToken, refused, rolesIn, type LiveToken, type Scope } from './tokens.ts';
import { authenticateTotp } from './totp.ts';

type Auth = Static<typeof AuthBody>['auth'];
type Identity = Auth['identity'];
interface DomainRef {
  readonly id?: string;
  readonly name?: string;
}

/** What one method has found out. */
interface Finding {
  readonly userId: string;
  /** Whether it still holds, after slower methods have run. */
  readonly stillGood: () => boolean;
  readonly parent?: LiveToken;
  readonly credential?: ApplicationCredentialRow;
}

/**
 * POST /auth/tokens: a token, or a receipt when the user needs more methods than these. Whatever is wrong with who asks or with the scope is one and the same 401 (S18); only what is
 * wrong with the form of the request is said.
 * @throws {CloudError} unauthorized, badRequest, notFound for a dead token, or unavailable when too many log in at once.
 */
export async function login(
  identity: IdentityContext,
  auth: Auth,
  receiptText: string | undefined,
): Promise<{ token: Secret; live: LiveToken } | Receipt> {
  const findings: Finding[] = [];
  for (const method of new Set(auth.identity.methods))
    findings.push(await runMethod(identity, method, auth.identity));
  const [first] = findings;
  if (first === undefined || findings.some((finding) => finding.userId !== first.userId)) throw refused();

  const parent = findings.find((finding) => finding.parent !== undefined)?.parent;
  const credential = findings.find((finding) => finding.credential !== undefined)?.credential;
  const trust = namedTrust(identity, first.userId, auth.scope, { parent, credential });
  const receipt = receiptText === undefined ? undefined : liveReceipt(identity, receiptText);
  if (receiptText !== undefined && receipt?.user_id !== first.userId) throw refused();
  const methods = new Set([
    ...(receipt?.methods.split(',') ?? []),
    ...(parent?.row.methods.split(',') ?? []),
    ...auth.identity.methods,
  ]);
  const required = lackingMethods(identity, first.userId, methods);
  if (required !== undefined) {
    if (!findings.every((finding) => finding.stillGood())) throw refused();
    const partial = issueReceipt(identity, first.userId, [...methods], required);
    if (partial === undefined) throw refused();
    return partial;
  }
  const expiry = identity.clock() + identity.config.tokenLifetimeSeconds * 1000;
  const bound = credential?.id ?? parent?.row.application_credential_id ?? undefined;
  const scope =
    trust === undefined
      ? chooseScope(identity, first.userId, auth.scope, { parent, credential })
      : scopeOfTrust(trust);
  const made = issueToken(
    identity,
    {
      // By an impersonating trust one acts in its trustor's name.
      userId: trust?.impersonation === 1 ? trust.trustor_user_id : first.userId,
      methods: [...methods],
      scope,
      expiresAt: Math.min(
        expiry,
        parent?.row.expires_at ?? expiry,
        credential?.expires_at ?? expiry,
        trust?.expires_at ?? expiry,
      ),
      auditChainId: parent === undefined ? undefined : (parent.row.audit_chain_id ?? parent.row.audit_id),
      applicationCredentialId: bound,
      trustId: trust?.id,
      credentialId: parent?.row.credential_id ?? undefined,
    },
    () =>
      findings.every((finding) => finding.stillGood()) &&
      // Counted in the same transaction: a trust for one use gives one token.
      (trust === undefined || useTrust(identity.db, trust.id)) &&
      (receiptText === undefined || liveReceipt(identity, receiptText) !== undefined),
  );
  if (receipt !== undefined) endReceipt(identity, receipt);
  return made;
}

/**
 * The trust in the scope, if the user is its trustee. What was itself delegated opens none, and a token by a trust is
 * good for nothing else (S14).
 */
function namedTrust(
  { db, clock }: IdentityContext,
  userId: string,
  wanted: Auth['scope'],
  { parent, credential }: Origin,
): TrustRow | undefined {
  if (typeof parent?.row.trust_id === 'string')
    throw forbidden('A token by a trust cannot be used to get another token.');
  const named = typeof wanted === 'object' ? wanted?.['OS-TRUST:trust'] : undefined;
  if (named === undefined) return undefined;
  if (Object.keys(wanted ?? {}).length > 1)
    throw badRequest('Expecting one of project, domain, system, trust or unscoped in scope, and only one.');
  const delegated =
    credential !== undefined ||
    typeof parent?.row.application_credential_id === 'string' ||
    typeof parent?.row.credential_id === 'string';
  const trust = findTrust(db, named.id, clock());
  if (delegated || trust?.trustee_user_id !== userId) throw refused();
  return trust;
}

const scopeOfTrust = (trust: TrustRow): Scope | undefined =>
  trust.project_id === null ? undefined : { kind: 'project', id: trust.project_id };

interface Origin {
  readonly parent: LiveToken | undefined;
  readonly credential: ApplicationCredentialRow | undefined;
}

function runMethod(identity: IdentityContext, method: string, given: Identity): Promise<Finding> | Finding {
  switch (method) {
    case 'password':
      if (given.password === undefined) throw missing('password');
      return byPassword(identity, given.password.user);
    case 'token':
      if (given.token === undefined) throw missing('token');
      return byToken(identity, given.token.id);
    case 'totp':
      if (given.totp === undefined) throw missing('totp');
      return byTotp(identity, given.totp.user);
    case 'application_credential':
      if (given.application_credential === undefined) throw missing('application_credential');
      return byApplicationCredential(identity, given.application_credential);
    default:
      throw refused();
  }
}

const missing = (what: string) => badRequest(`Expecting to find ${what} in identity.`);

async function byPassword(
  identity: IdentityContext,
  given: NonNullable<Identity['password']>['user'],
): Promise<Finding> {
  if (given.id === undefined && (given.name === undefined || given.domain === undefined))
    throw badRequest('Expecting to find id, or name and domain, in user.');
  const user = await authenticatePassword(identity, userOf(identity, given), new Secret(given.password));
  refuseExpired(identity, user);
  return {
    userId: user.id,
    stillGood: () => findUser(identity.db, user.id)?.password_hash === user.password_hash,
  };
}

function byTotp(identity: IdentityContext, given: NonNullable<Identity['totp']>['user']): Finding {
  if (given.id === undefined && (given.name === undefined || given.domain === undefined))
    throw badRequest('Expecting to find id, or name and domain, in user.');
  const user = authenticateTotp(identity, userOf(identity, given), new Secret(given.passcode));
  return { userId: user.id, stillGood: () => findUser(identity.db, user.id) !== undefined };
}

function byToken(identity: IdentityContext, token: string): Finding {
  const parent = liveToken(identity, token);
  // As upstream says it: a token names nobody who could be found out.
  if (parent === undefined) throw notFound('Could not find token.');
  return {
    userId: parent.row.user_id,
    parent,
    stillGood: () => liveToken(identity, token) !== undefined,
  };
}

async function byApplicationCredential(
  identity: IdentityContext,
  given: NonNullable<Identity['application_credential']>,
): Promise<Finding> {
  if (given.id === undefined && (given.name === undefined || given.user === undefined))
    throw badRequest('Expecting to find id, or name and user, in application_credential.');
  const { db } = identity;
  const find = (): ApplicationCredentialRow | undefined => {
    if (given.id !== undefined) return findApplicationCredential(db, given.id);
    const owner = userOf(identity, given.user ?? {});
    return owner && findApplicationCredentialByName(db, owner.id, given.name ?? '');
  };
  const credential = find();
  const verified = await identity.passwords.verify(new Secret(given.secret), credential?.secret_hash);
  if (!verified || credential === undefined) throw refused();
  return {
    userId: credential.user_id,
    credential,
    stillGood: () => findApplicationCredential(db, credential.id)?.secret_hash === credential.secret_hash,
  };
}

const userOf = (
  { db }: IdentityContext,
  given: { id?: string; name?: string; domain?: DomainRef },
): UserRow | undefined => {
  if (given.id !== undefined) return findUser(db, given.id);
  const domain = domainId(db, given.domain);
  return domain === undefined ? undefined : findUserByName(db, domain, given.name ?? '');
};

const domainId = (db: IdentityContext['db'], given: DomainRef | undefined): string | undefined =>
  given?.id ?? (given?.name === undefined ? undefined : findDomainByName(db, given.name)?.id);

/** Where the token will be good for; undefined for nowhere. */
function chooseScope(
  identity: IdentityContext,
  userId: string,
  wanted: Auth['scope'],
  { parent, credential }: Origin,
): Scope | undefined {
  if (credential !== undefined) {
    // It stands for one project; upstream refuses even that one when it is named.
    if (wanted !== undefined && wanted !== null) throw refused();
    return { kind: 'project', id: credential.project_id };
  }
  const asked = namedScope(identity, wanted);
  if (
    parent !== undefined &&
    (parent.row.application_credential_id !== null || parent.row.credential_id !== null)
  ) {
    // Without its scope a token would lose the credential's bounds at the next rescoping.
    const only: Scope = { kind: 'project', id: parent.row.scope_id ?? '' };
    if (asked !== undefined && (asked === 'unscoped' || asked.kind !== only.kind || asked.id !== only.id))
      throw refused();
    return only;
  }
  if (asked === 'unscoped') return undefined;
  return asked ?? defaultScope(identity, userId);
}

function namedScope({ db }: IdentityContext, wanted: Auth['scope']): Scope | 'unscoped' | undefined {
  if (wanted === undefined || wanted === null) return undefined;
  if (wanted === 'unscoped') return 'unscoped';
  const { project, domain, system } = wanted;
  const named = [project, domain, system, wanted.unscoped, wanted['OS-TRUST:trust']].filter(
    (one) => one !== undefined,
  );
  if (named.length > 1)
    throw badRequest('Expecting one of project, domain, system or unscoped in scope, and only one.');
  if (wanted.unscoped !== undefined) return 'unscoped';
  if (system !== undefined) {
    if (system.all !== true) throw badRequest('Expecting to find all in system.');
    return { kind: 'system', id: 'all' };
  }
  if (domain !== undefined) {
    const found = findProject(db, domainId(db, domain) ?? '');
    if (found?.is_domain !== 1) throw refused();
    return { kind: 'domain', id: found.id };
  }
  if (project === undefined) throw badRequest('Expecting to find project, domain or system in scope.');
  if (project.id === undefined && (project.name === undefined || project.domain === undefined))
    throw badRequest('Expecting to find id, or name and domain, in project.');
  const found =
    project.id === undefined
      ? findProjectByName(db, domainId(db, project.domain) ?? '', project.name ?? '')
      : findProject(db, project.id);
  if (found === undefined) throw refused();
  return { kind: 'project', id: found.id };
}

/** The user's default project, where that is usable; otherwise no scope at all, without complaint. */
function defaultScope(identity: IdentityContext, userId: string): Scope | undefined {
  const { db } = identity;
  const id = findUser(db, userId)?.default_project_id;
  const project = typeof id === 'string' ? findProject(db, id) : undefined;
  if (project?.enabled !== 1) return undefined;
  if (project.domain_id !== null && findProject(db, project.domain_id)?.enabled !== 1) return undefined;
  const scope: Scope = { kind: 'project', id: project.id };
  return rolesIn(identity, userId, scope, undefined).length === 0 ? undefined : scope;
}
