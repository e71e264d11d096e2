import { notFound } from '../../errors/error.ts';
import { Reply, endpoint, type Endpoint, type RequestContext } from '../../http/index.ts';
import { catalogFor } from '../app/catalog.ts';
import type { IdentityContext } from '../app/context.ts';
import { login } from '../app/login.ts';
import { domainView, projectViews } from '../app/projects.ts';
import { tokenView } from '../app/token-view.ts';
import { liveToken, tokenHash, type LiveToken } from '../app/tokens.ts';
import { Type } from 'typebox';
import { Links, open, optional, strict } from '../schemas/common.ts';
import { DomainList, ProjectList } from '../schemas/project.ts';
import { AuthBody, CatalogEntry, ReceiptAnswer, TokenAnswer } from '../schemas/token.ts';
import { findApplicationCredential, rulesOfCredentials } from '../store/application-credential.ts';
import { effectiveRoles } from '../store/assignment.ts';
import { listScopesOf } from '../store/project.ts';
import { deleteToken } from '../store/token.ts';
import { listLinks } from './list.ts';

const NoCatalog = open({ nocatalog: optional(Type.String()) });

/** The body of an answer about a token. */
export function tokenBody(
  { db }: IdentityContext,
  live: LiveToken,
  origin: string,
  withCatalog: boolean,
): object {
  const { scope_kind, scope_id, application_credential_id: credentialId } = live.row;
  const project = scope_kind === 'project' && scope_id !== null ? scope_id : undefined;
  return tokenView(live, {
    catalog: withCatalog ? catalogFor(db, origin, project) : undefined,
    credential: credentialId === null ? undefined : findApplicationCredential(db, credentialId),
    rules: credentialId === null ? [] : (rulesOfCredentials(db, [credentialId]).get(credentialId) ?? []),
  });
}

/** Logging in, looking at tokens, and where the caller may go with them. */
export function tokenEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;

  // A token that is unknown, expired or revoked is 404 to everybody, and its text is not said back (S21).
  const subject = (context: Pick<RequestContext, 'header'>) => {
    const token = context.header('x-subject-token') ?? '';
    const live = liveToken(identity, token);
    if (live === undefined) throw notFound('Could not find token.');
    return { token, live, user_id: live.row.user_id };
  };

  return [
    endpoint({
      id: 'tokens:create',
      method: 'POST',
      path: '/auth/tokens',
      policy: 'public',
      body: AuthBody,
      bodyLimit: 64 * 1024,
      query: NoCatalog,
      response: Type.Union([TokenAnswer, ReceiptAnswer]),
      ok: 201,
      handler: async ({ body, query, origin, header }) => {
        const made = await login(identity, body.auth, header('openstack-auth-receipt'));
        if ('text' in made)
          return new Reply({
            status: 401,
            headers: { 'openstack-auth-receipt': made.text.reveal(), vary: 'X-Auth-Token' },
            body: made.body,
          });
        const { token, live } = made;
        return new Reply({
          headers: { 'x-subject-token': token.reveal(), vary: 'X-Auth-Token' },
          body: tokenBody(identity, live, origin, query.nocatalog === undefined),
        });
      },
    }),
    endpoint({
      id: 'tokens:show',
      method: 'GET',
      path: '/auth/tokens',
      policy: 'identity:validate_token',
      query: NoCatalog,
      response: TokenAnswer,
      ok: 200,
      target: subject,
      handler: ({ target, query, origin }) =>
        new Reply({
          body: tokenBody(identity, target.live, origin, query.nocatalog === undefined),
          headers: { 'x-subject-token': target.token, vary: 'X-Auth-Token' },
        }),
    }),
    endpoint({
      id: 'tokens:check',
      method: 'HEAD',
      path: '/auth/tokens',
      policy: 'identity:check_token',
      response: 'none',
      ok: 200,
      target: subject,
      handler: () => undefined,
    }),
    endpoint({
      id: 'tokens:revoke',
      method: 'DELETE',
      path: '/auth/tokens',
      policy: 'identity:revoke_token',
      ok: 204,
      target: subject,
      handler: ({ target }) => {
        const hash = tokenHash(target.token);
        if (hash !== undefined) deleteToken(db, hash);
      },
    }),
    endpoint({
      id: 'auth:catalog',
      method: 'GET',
      path: '/auth/catalog',
      policy: 'identity:get_auth_catalog',
      response: strict({ catalog: Type.Array(CatalogEntry), links: Links }),
      ok: 200,
      handler: (context) => {
        const { auth, origin } = context;
        const scoped = auth.projectId !== undefined || auth.domainId !== undefined || auth.system === true;
        return {
          catalog: scoped ? catalogFor(db, origin, auth.projectId) : [],
          links: listLinks(context),
        };
      },
    }),
    endpoint({
      id: 'auth:projects',
      method: 'GET',
      path: '/auth/projects',
      policy: 'identity:get_auth_projects',
      response: ProjectList,
      ok: 200,
      handler: (context) => ({
        projects: projectViews(db, context.base, listScopesOf(db, context.auth.userId, 'project')),
        links: listLinks(context),
      }),
    }),
    endpoint({
      id: 'auth:domains',
      method: 'GET',
      path: '/auth/domains',
      policy: 'identity:get_auth_domains',
      response: DomainList,
      ok: 200,
      handler: (context) => ({
        domains: listScopesOf(db, context.auth.userId, 'domain').map((row) => domainView(context.base, row)),
        links: listLinks(context),
      }),
    }),
    endpoint({
      id: 'auth:system',
      method: 'GET',
      path: '/auth/system',
      policy: 'identity:get_auth_system',
      response: strict({ system: Type.Array(strict({ all: Type.Boolean() })), links: Links }),
      ok: 200,
      handler: (context) => ({
        system: effectiveRoles(db, context.auth.userId, 'system', 'all').length > 0 ? [{ all: true }] : [],
        links: listLinks(context),
      }),
    }),
  ];
}
