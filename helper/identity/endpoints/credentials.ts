import { Type } from 'typebox';
import { Reply, endpoint, type Endpoint, type RequestContext } from '../../http/index.ts';
import { missing } from '../app/attributes.ts';
import type { IdentityContext } from '../app/context.ts';
import {
  EC2,
  changeCredential,
  createCredential,
  createEc2,
  credentialView,
  ec2View,
  ownEc2,
  removeCredential,
  withinBounds,
} from '../app/credentials.ts';
import { boundsOf } from '../app/delegation.ts';
import { loginByEc2 } from '../app/ec2.ts';
import { open, optional } from '../schemas/common.ts';
import {
  CredentialCreate,
  CredentialList,
  CredentialOne,
  CredentialUpdate,
  Ec2Create,
  Ec2List,
  Ec2Login,
  Ec2One,
} from '../schemas/credential.ts';
import { TokenAnswer } from '../schemas/token.ts';
import { findCredential, listCredentials, type CredentialFilter } from '../store/credential.ts';
import { ListQuery, listAnswer } from './list.ts';
import { tokenBody } from './tokens.ts';

const Word = optional(Type.String());
const CredentialQuery = open({ user_id: Word, type: Word, limit: Word, marker: Word });

/** Credentials of any type, and the same of type ec2 below their user. */
export function credentialEndpoints(identity: IdentityContext): readonly Endpoint[] {
  return [...anyEndpoints(identity), ...ec2Endpoints(identity)];
}

/** What a list may hold for this caller (S15): of a delegated token only what is of the same delegation. */
function visible({ auth }: Pick<RequestContext, 'auth'>): CredentialFilter | 'none' {
  const { application_credential_id: applicationCredentialId, trust_id: trustId } = boundsOf(auth);
  if (auth.credentialId !== undefined) return 'none';
  return {
    ...(applicationCredentialId === null ? {} : { applicationCredentialId, userId: auth.userId }),
    ...(trustId === null ? {} : { trustId, userId: auth.userId }),
  };
}

function anyEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  const target =
    (rule: string) =>
    ({ params, auth, may }: RequestContext<{ credential_id: string }>) => {
      const credential = findCredential(db, params.credential_id);
      const user_id = credential?.user_id ?? null;
      if (credential === undefined || !may(rule, { user_id }) || !withinBounds(auth, credential))
        throw missing('credential', params.credential_id);
      return { user_id, credential };
    };
  return [
    endpoint({
      id: 'credentials:list',
      method: 'GET',
      path: '/credentials',
      policy: 'identity:list_credentials',
      query: CredentialQuery,
      response: CredentialList,
      ok: 200,
      handler: (context) => {
        const { auth, query } = context;
        const bounds = visible(context);
        const all = context.may('identity:get_credential', {});
        const own = all ? query.user_id : auth.userId;
        const foreign = !all && query.user_id !== undefined && query.user_id !== auth.userId;
        return listAnswer(
          context,
          'credentials',
          (page) =>
            bounds === 'none' || foreign
              ? []
              : listCredentials(db, { userId: own, type: query.type, ...bounds }, page),
          (rows) => rows.map((row) => credentialView(context.base, row)),
        );
      },
    }),
    endpoint({
      id: 'credentials:create',
      method: 'POST',
      path: '/credentials',
      policy: 'identity:create_credential',
      body: CredentialCreate,
      response: CredentialOne,
      ok: 201,
      target: ({ body, auth }) => ({ user_id: body.credential.user_id ?? auth.userId }),
      handler: ({ auth, body, base }) => ({
        credential: credentialView(base, createCredential(identity, auth, body.credential)),
      }),
    }),
    endpoint({
      id: 'credentials:show',
      method: 'GET',
      path: '/credentials/{credential_id}',
      policy: 'identity:get_credential',
      response: CredentialOne,
      ok: 200,
      target: target('identity:get_credential'),
      handler: ({ target, base }) => ({ credential: credentialView(base, target.credential) }),
    }),
    endpoint({
      id: 'credentials:update',
      method: 'PATCH',
      path: '/credentials/{credential_id}',
      policy: 'identity:update_credential',
      body: CredentialUpdate,
      response: CredentialOne,
      ok: 200,
      target: (context) => target('identity:update_credential')(context as never),
      handler: ({ auth, params, body, base }) => ({
        credential: credentialView(
          base,
          changeCredential(identity, auth, params.credential_id, body.credential),
        ),
      }),
    }),
    endpoint({
      id: 'credentials:delete',
      method: 'DELETE',
      path: '/credentials/{credential_id}',
      policy: 'identity:delete_credential',
      ok: 204,
      target: target('identity:delete_credential'),
      handler: ({ auth, params }) => removeCredential(identity, auth, params.credential_id),
    }),
  ];
}

function ec2Endpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  // Whose they are says the path (S12).
  const target = ({ params }: { params: { user_id: string } }) => ({ user_id: params.user_id });
  const path = '/users/{user_id}/credentials/OS-EC2';
  return [
    endpoint({
      id: 'ec2:list',
      method: 'GET',
      path,
      policy: 'identity:ec2_list_credentials',
      query: ListQuery,
      response: Ec2List,
      ok: 200,
      target,
      handler: (context) => {
        const bounds = visible(context);
        return listAnswer(
          context,
          'credentials',
          (page) =>
            bounds === 'none'
              ? []
              : listCredentials(db, { ...bounds, userId: context.params.user_id, type: EC2 }, page),
          (rows) => rows.map((row) => ec2View(context.base, row)),
        );
      },
    }),
    endpoint({
      id: 'ec2:create',
      method: 'POST',
      path,
      policy: 'identity:ec2_create_credential',
      body: Ec2Create,
      response: Ec2One,
      ok: 201,
      target,
      handler: ({ auth, params, body, base }) => ({
        credential: ec2View(base, createEc2(identity, auth, params.user_id, body.tenant_id)),
      }),
    }),
    endpoint({
      id: 'ec2:show',
      method: 'GET',
      path: `${path}/{access}`,
      policy: 'identity:ec2_get_credential',
      response: Ec2One,
      ok: 200,
      target,
      handler: ({ auth, params, base }) => ({
        credential: ec2View(base, ownEc2(identity, auth, params.user_id, params.access)),
      }),
    }),
    endpoint({
      id: 'ec2:delete',
      method: 'DELETE',
      path: `${path}/{access}`,
      policy: 'identity:ec2_delete_credential',
      ok: 204,
      target,
      handler: ({ auth, params }) =>
        removeCredential(identity, auth, ownEc2(identity, auth, params.user_id, params.access).id),
    }),
    endpoint({
      id: 'ec2:login',
      method: 'POST',
      path: '/ec2tokens',
      // For services only: who could ask freely would have an oracle for signatures (CVE-2025-65073).
      policy: 'identity:ec2tokens_validate',
      body: Ec2Login,
      bodyLimit: 64 * 1024,
      response: TokenAnswer,
      ok: 200,
      handler: ({ body, origin }) => {
        const { token, live } = loginByEc2(identity, body);
        return new Reply({
          headers: { 'x-subject-token': token.reveal(), vary: 'X-Auth-Token' },
          body: tokenBody(identity, live, origin, true),
        });
      },
    }),
  ];
}
