import type { AuthContext } from '../../http/index.ts';
import type { Secret } from '../../secret.ts';
import { notFound } from '../../errors/error.ts';
import { findProjectByName } from '../store/project.ts';
import { findUserByName } from '../store/user.ts';
import { ADMIN, DEFAULT_DOMAIN } from './bootstrap.ts';
import type { IdentityContext } from './context.ts';
import { issueToken, rolesIn } from './tokens.ts';

/**
 * The caller behind the desktop's own socket: the user admin in the project admin, without a token. The socket's mode
 * is what guards it, so it works also when that user was disabled.
 * @throws {CloudError} notFound before bootstrap.
 */
export function desktopAuth({ db }: IdentityContext): AuthContext {
  const user = findUserByName(db, DEFAULT_DOMAIN, ADMIN);
  const project = findProjectByName(db, DEFAULT_DOMAIN, ADMIN);
  if (user === undefined || project === undefined)
    throw notFound('There is no user or project named admin; restart Deskcloud to make them.');
  return {
    userId: user.id,
    userName: user.name,
    userDomainId: DEFAULT_DOMAIN,
    projectId: project.id,
    projectName: project.name,
    projectDomainId: DEFAULT_DOMAIN,
    roles: new Set(['admin', 'manager', 'member', 'reader']),
    auditId: 'desktop',
    desktop: true,
  };
}

/**
 * A token for a user of the default domain, without a password: for the demo and the command line, inside the helper.
 * @throws {CloudError} notFound, or unauthorized when the user has no role there.
 */
export function issueTokenFor(
  identity: IdentityContext,
  userName: string,
  projectName: string,
): { token: Secret; expiresAt: number; userId: string; projectId: string } {
  const { db } = identity;
  const user = findUserByName(db, DEFAULT_DOMAIN, userName);
  const project = findProjectByName(db, DEFAULT_DOMAIN, projectName);
  if (user === undefined) throw notFound(`Could not find user: ${userName}.`);
  if (project === undefined) throw notFound(`Could not find project: ${projectName}.`);
  const scope = { kind: 'project', id: project.id } as const;
  if (rolesIn(identity, user.id, scope, undefined).length === 0)
    throw notFound(`User ${userName} has no role in project ${projectName}.`);
  const expiresAt = identity.clock() + identity.config.tokenLifetimeSeconds * 1000;
  const { token } = issueToken(identity, {
    userId: user.id,
    methods: ['token'],
    scope,
    expiresAt,
    auditChainId: undefined,
    applicationCredentialId: undefined,
  });
  return { token, expiresAt, userId: user.id, projectId: project.id };
}
