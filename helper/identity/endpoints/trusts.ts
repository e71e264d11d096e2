import { endpoint, type Endpoint, type RequestContext } from '../../http/index.ts';
import { missing, present } from '../app/attributes.ts';
import type { IdentityContext } from '../app/context.ts';
import { roleView } from '../app/roles.ts';
import { createTrust, removeTrust, trustSummary, trustView } from '../app/trusts.ts';
import { Type } from 'typebox';
import { optional, open } from '../schemas/common.ts';
import { RoleList, RoleOne } from '../schemas/role.ts';
import { TrustCreate, TrustList, TrustOne } from '../schemas/trust.ts';
import { findTrust, listTrusts, rolesOfTrust } from '../store/trust.ts';
import { listAnswer, listLinks } from './list.ts';

const Word = optional(Type.String());
const TrustQuery = open({ trustor_user_id: Word, trustee_user_id: Word, limit: Word, marker: Word });

/** OS-TRUST: who may act with whose roles. */
export function trustEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db, clock } = identity;
  // Whose it is not does not learn that it is there.
  const trustFor =
    (rule: string) =>
    ({ params, may }: Pick<RequestContext<{ trust_id: string }>, 'params' | 'may'>) => {
      const trust = findTrust(db, params.trust_id, clock());
      const of = { trustor: trust?.trustor_user_id, trustee: trust?.trustee_user_id };
      if (trust === undefined || !may(rule, of)) throw missing('trust', params.trust_id);
      return { ...of, trust };
    };
  const roleOf = (trustId: string, roleId: string) =>
    present(
      rolesOfTrust(db, trustId).find((role) => role.id === roleId),
      'role',
      roleId,
    );
  // Clients ask for the list with a slash at its end.
  const list = (id: string, path: string): Endpoint =>
    endpoint({
      id,
      method: 'GET',
      path,
      policy: 'identity:list_trusts',
      query: TrustQuery,
      response: TrustList,
      ok: 200,
      target: ({ query }) => ({ trustor: query.trustor_user_id, trustee: query.trustee_user_id }),
      handler: (context) =>
        listAnswer(
          context,
          'trusts',
          (page) =>
            listTrusts(
              db,
              {
                trustorId: context.query.trustor_user_id,
                trusteeId: context.query.trustee_user_id,
                now: clock(),
              },
              page,
            ),
          (rows) => rows.map((row) => trustSummary(context.base, row)),
        ),
    });
  return [
    list('trusts:list', '/OS-TRUST/trusts'),
    list('trusts:list-slash', '/OS-TRUST/trusts/'),
    endpoint({
      id: 'trusts:create',
      method: 'POST',
      path: '/OS-TRUST/trusts',
      policy: 'identity:create_trust',
      body: TrustCreate,
      response: TrustOne,
      ok: 201,
      target: ({ body }) => ({ trustor: body.trust.trustor_user_id }),
      handler: ({ auth, body, base }) => ({
        trust: trustView(identity, base, createTrust(identity, auth, body.trust)),
      }),
    }),
    endpoint({
      id: 'trusts:show',
      method: 'GET',
      path: '/OS-TRUST/trusts/{trust_id}',
      policy: 'identity:get_trust',
      response: TrustOne,
      ok: 200,
      target: trustFor('identity:get_trust'),
      handler: ({ target, base }) => ({ trust: trustView(identity, base, target.trust) }),
    }),
    endpoint({
      id: 'trusts:delete',
      method: 'DELETE',
      path: '/OS-TRUST/trusts/{trust_id}',
      policy: 'identity:delete_trust',
      ok: 204,
      // The trustee may know of it, and so is told that this is not allowed.
      target: trustFor('identity:get_trust'),
      handler: ({ auth, params }) => removeTrust(identity, auth, params.trust_id),
    }),
    endpoint({
      id: 'trusts:roles',
      method: 'GET',
      path: '/OS-TRUST/trusts/{trust_id}/roles',
      policy: 'identity:list_roles_for_trust',
      response: RoleList,
      ok: 200,
      target: trustFor('identity:list_roles_for_trust'),
      handler: (context) => ({
        roles: rolesOfTrust(db, context.params.trust_id).map((row) => roleView(context.base, row)),
        links: listLinks(context),
      }),
    }),
    endpoint({
      id: 'trusts:role',
      method: 'GET',
      path: '/OS-TRUST/trusts/{trust_id}/roles/{role_id}',
      policy: 'identity:get_role_for_trust',
      response: RoleOne,
      ok: 200,
      target: trustFor('identity:get_role_for_trust'),
      handler: ({ params, base }) => ({ role: roleView(base, roleOf(params.trust_id, params.role_id)) }),
    }),
  ];
}
