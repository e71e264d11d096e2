import { Reply, endpoint, type Endpoint } from '../../http/index.ts';
import {
  createApplicationCredential,
  credentialViews,
  ownCredential,
  removeAccessRule,
  removeApplicationCredential,
  ruleView,
} from '../app/application-credentials.ts';
import { present } from '../app/attributes.ts';
import type { IdentityContext } from '../app/context.ts';
import {
  AccessRuleList,
  AccessRuleOne,
  ApplicationCredentialCreate,
  ApplicationCredentialList,
  ApplicationCredentialMade,
  ApplicationCredentialOne,
} from '../schemas/application-credential.ts';
import {
  findAccessRule,
  listAccessRules,
  listApplicationCredentials,
} from '../store/application-credential.ts';
import { ListQuery, listAnswer } from './list.ts';

/** Application credentials and their access rules: always below the user whose they are. */
export function applicationCredentialEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  // Whose they are says the path, never the body (S12).
  const target = ({ params }: { params: { user_id: string } }) => ({ user_id: params.user_id });
  return [
    endpoint({
      id: 'application-credentials:list',
      method: 'GET',
      path: '/users/{user_id}/application_credentials',
      policy: 'identity:list_application_credentials',
      query: ListQuery,
      response: ApplicationCredentialList,
      ok: 200,
      target,
      handler: (context) =>
        listAnswer(
          context,
          'application_credentials',
          (page) => listApplicationCredentials(db, context.params.user_id, context.query.name, page),
          (rows) => credentialViews(identity, context.base, rows),
        ),
    }),
    endpoint({
      id: 'application-credentials:create',
      method: 'POST',
      path: '/users/{user_id}/application_credentials',
      policy: 'identity:create_application_credential',
      body: ApplicationCredentialCreate,
      response: ApplicationCredentialMade,
      ok: 201,
      target,
      handler: async ({ auth, body, base }) => {
        const { row, secret } = await createApplicationCredential(
          identity,
          auth,
          body.application_credential,
        );
        const [view] = credentialViews(identity, base, [row]);
        return new Reply({ body: { application_credential: { ...view, secret: secret.reveal() } } });
      },
    }),
    endpoint({
      id: 'application-credentials:show',
      method: 'GET',
      path: '/users/{user_id}/application_credentials/{credential_id}',
      policy: 'identity:get_application_credential',
      response: ApplicationCredentialOne,
      ok: 200,
      target,
      handler: ({ params, base }) => {
        const row = ownCredential(identity, params.user_id, params.credential_id);
        return { application_credential: credentialViews(identity, base, [row])[0] };
      },
    }),
    endpoint({
      id: 'application-credentials:delete',
      method: 'DELETE',
      path: '/users/{user_id}/application_credentials/{credential_id}',
      policy: 'identity:delete_application_credential',
      ok: 204,
      target,
      handler: ({ auth, params }) =>
        removeApplicationCredential(identity, auth, params.user_id, params.credential_id),
    }),
    endpoint({
      id: 'access-rules:list',
      method: 'GET',
      path: '/users/{user_id}/access_rules',
      policy: 'identity:list_access_rules',
      query: ListQuery,
      response: AccessRuleList,
      ok: 200,
      target,
      handler: (context) =>
        listAnswer(
          context,
          'access_rules',
          (page) => listAccessRules(db, context.params.user_id, context.query, page),
          (rows) => rows.map((row) => ruleView(context.base, row)),
        ),
    }),
    endpoint({
      id: 'access-rules:show',
      method: 'GET',
      path: '/users/{user_id}/access_rules/{access_rule_id}',
      policy: 'identity:get_access_rule',
      response: AccessRuleOne,
      ok: 200,
      target,
      handler: ({ params, base }) => ({
        access_rule: ruleView(
          base,
          present(
            findAccessRule(db, params.user_id, params.access_rule_id),
            'access_rule',
            params.access_rule_id,
          ),
        ),
      }),
    }),
    endpoint({
      id: 'access-rules:delete',
      method: 'DELETE',
      path: '/users/{user_id}/access_rules/{access_rule_id}',
      policy: 'identity:delete_access_rule',
      ok: 204,
      target,
      handler: ({ auth, params }) => removeAccessRule(identity, auth, params.user_id, params.access_rule_id),
    }),
  ];
}
