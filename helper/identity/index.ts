/** The identity service's public face: Keystone v3 and what the rest of the helper asks of it. */
import { identityDialect } from '../errors/dialects.ts';
import type { Db } from '../db/index.ts';
import type { AuthContext, Authenticator, Logger, Service } from '../http/index.ts';
import type { Secret } from '../secret.ts';
import { identityAbsent } from './absent.ts';
import { bootstrap, DEFAULT_DOMAIN, type Bootstrapped, type BootstrapOptions } from './app/bootstrap.ts';
import type { IdentityConfig, IdentityContext } from './app/context.ts';
import { createAuthenticator } from './app/authenticator.ts';
import { desktopAuth, issueTokenFor } from './app/desktop.ts';
import { checkPattern } from './app/password-rules.ts';
import { createPasswords, type Passwords } from './app/passwords.ts';
import { discovery } from './discovery.ts';
import { applicationCredentialEndpoints } from './endpoints/application-credentials.ts';
import { assignmentEndpoints } from './endpoints/assignments.ts';
import { catalogEndpoints } from './endpoints/catalog.ts';
import { credentialEndpoints } from './endpoints/credentials.ts';
import { domainConfigEndpoints } from './endpoints/domain-config.ts';
import { endpointFilterEndpoints } from './endpoints/endpoint-filter.ts';
import { groupEndpoints } from './endpoints/groups.ts';
import { limitEndpoints } from './endpoints/limits.ts';
import { policyEndpoints } from './endpoints/policies.ts';
import { projectTagEndpoints } from './endpoints/project-tags.ts';
import { projectEndpoints } from './endpoints/projects.ts';
import { roleEndpoints } from './endpoints/roles.ts';
import { tokenEndpoints } from './endpoints/tokens.ts';
import { trustEndpoints } from './endpoints/trusts.ts';
import { userEndpoints } from './endpoints/users.ts';
import { identityRules } from './policy.ts';
import { findProject } from './store/project.ts';
import { findUser, findUserByName } from './store/user.ts';

export {
  PUBLISHED,
  type Bootstrapped,
  type BootstrapOptions,
  type PublishedService,
} from './app/bootstrap.ts';
export type { IdentityConfig } from './app/context.ts';
export type { PasswordRules } from './app/password-rules.ts';
export { createPasswords, type Passwords } from './app/passwords.ts';

export interface IdentityDeps {
  readonly db: Db;
  readonly logger: Logger;
  readonly config: IdentityConfig;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Cheaper hashes for tests: createPasswords(4). */
  readonly passwords?: Passwords;
}

/** A project or a user, as other services need it. */
export interface NamedThing {
  readonly id: string;
  readonly name: string;
  readonly domainId: string;
  readonly enabled: boolean;
}

export interface IdentityService {
  readonly service: Service;
  /** Who a token belongs to, computed anew for each request. */
  readonly authenticate: Authenticator;
  bootstrap(options: BootstrapOptions): Promise<Bootstrapped>;
  /** The caller behind the desktop's Unix socket. */
  desktopAuth(): AuthContext;
  readonly projects: { exists(id: string): boolean; get(id: string): NamedThing | undefined };
  readonly users: { get(id: string): NamedThing | undefined };
  /** A token for a user of the default domain, for the demo and the command line. */
  issueTokenFor(
    userName: string,
    projectName: string,
  ): { token: Secret; expiresAt: number; userId: string; projectId: string };
  /** Whether this is the password of an enabled user of the default domain. */
  verifyPassword(userName: string, password: Secret): Promise<boolean>;
}

export function createIdentity(deps: IdentityDeps): IdentityService {
  const { db } = deps;
  checkPattern(deps.config.passwords ?? {});
  const identity: IdentityContext = {
    db,
    clock: deps.clock ?? Date.now,
    logger: deps.logger,
    passwords: deps.passwords ?? createPasswords(),
    config: deps.config,
  };
  const service: Service = {
    name: 'identity',
    prefix: '/identity',
    root: '/v3',
    dialect: identityDialect,
    absent: identityAbsent,
    rules: identityRules,
    discovery,
    endpoints: [
      ...tokenEndpoints(identity),
      ...userEndpoints(identity),
      ...projectEndpoints(identity),
      ...projectTagEndpoints(identity),
      ...groupEndpoints(identity),
      ...roleEndpoints(identity),
      ...assignmentEndpoints(identity),
      ...applicationCredentialEndpoints(identity),
      ...credentialEndpoints(identity),
      ...domainConfigEndpoints(identity),
      ...endpointFilterEndpoints(identity),
      ...limitEndpoints(identity),
      ...policyEndpoints(identity),
      ...trustEndpoints(identity),
      ...catalogEndpoints(identity),
    ],
  };
  const project = (id: string): NamedThing | undefined => {
    const row = findProject(db, id);
    return row && { id, name: row.name, domainId: row.domain_id ?? row.id, enabled: row.enabled === 1 };
  };
  return {
    service,
    authenticate: createAuthenticator(identity),
    bootstrap: (options) => bootstrap(identity, options),
    desktopAuth: () => desktopAuth(identity),
    projects: { exists: (id) => findProject(db, id) !== undefined, get: project },
    users: {
      get(id) {
        const row = findUser(db, id);
        return row && { id, name: row.name, domainId: row.domain_id, enabled: row.enabled === 1 };
      },
    },
    issueTokenFor: (userName, projectName) => issueTokenFor(identity, userName, projectName),
    async verifyPassword(userName, password) {
      const user = findUserByName(db, DEFAULT_DOMAIN, userName);
      const matches = await identity.passwords.verify(password, user?.password_hash);
      return matches && user?.enabled === 1;
    },
  };
}
