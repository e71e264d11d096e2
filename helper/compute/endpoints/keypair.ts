import { callerOf, endpoint, type Endpoint, mv, Reply, type RequestContext } from '../../http/index.ts';
import type { KeyPairApp } from '../app/keypair.ts';
import {
  KeyPairAnswer,
  KeyPairCreate,
  KeyPairCreated,
  KeyPairList,
  KeyPairQuery,
  KeyPairUserQuery,
  type KeyPairQueryValues,
  type NewKeyPairRequest,
} from '../schemas/keypair.ts';

/** Whose key pairs are meant: another user's only from 2.10, and by the policy only for administrators. */
const userOf = ({ auth, version }: Pick<RequestContext, 'auth' | 'version'>, asked: unknown): string =>
  version >= mv('2.10') && typeof asked === 'string' && asked !== '' ? asked : auth.userId;

const byQuery = (context: RequestContext<unknown, unknown, unknown, undefined>) => ({
  user_id: userOf(context, (context.query as KeyPairQueryValues).user_id),
});

/** /os-keypairs (api-ref, "Keypairs"). */
export const keyPairEndpoints = (pairs: KeyPairApp): readonly Endpoint[] => [
  endpoint({
    id: 'os-keypairs:index',
    method: 'GET',
    path: '/os-keypairs',
    policy: 'os_compute_api:os-keypairs:index',
    query: KeyPairQuery,
    response: KeyPairList,
    ok: 200,
    target: byQuery,
    handler: (context) =>
      pairs.list(callerOf(context), context.target.user_id, context.query as KeyPairQueryValues),
  }),
  endpoint({
    id: 'os-keypairs:create',
    method: 'POST',
    path: '/os-keypairs',
    policy: 'os_compute_api:os-keypairs:create',
    body: KeyPairCreate,
    response: KeyPairCreated,
    ok: 201,
    target: (context) => ({
      user_id: userOf(context, (context.body as { keypair: NewKeyPairRequest }).keypair.user_id),
    }),
    handler: async (context) => {
      const { keypair } = context.body as { keypair: NewKeyPairRequest };
      const body = await pairs.create(callerOf(context), context.target.user_id, keypair);
      return new Reply({ body, status: context.version >= mv('2.2') ? 201 : 200 });
    },
  }),
  endpoint({
    id: 'os-keypairs:show',
    method: 'GET',
    path: '/os-keypairs/{keypair_name}',
    policy: 'os_compute_api:os-keypairs:show',
    query: KeyPairUserQuery,
    response: KeyPairAnswer,
    ok: 200,
    target: byQuery,
    handler: (context) => pairs.show(callerOf(context), context.target.user_id, context.params.keypair_name),
  }),
  endpoint({
    id: 'os-keypairs:delete',
    method: 'DELETE',
    path: '/os-keypairs/{keypair_name}',
    policy: 'os_compute_api:os-keypairs:delete',
    query: KeyPairUserQuery,
    ok: 204,
    target: byQuery,
    handler: ({ target, params, version }) => {
      pairs.remove(target.user_id, params.keypair_name);
      return version >= mv('2.2') ? undefined : new Reply({ status: 202 });
    },
  }),
];
