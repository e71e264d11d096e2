import { endpoint, type Endpoint } from '../../http/index.ts';
import type { Images } from '../app/image.ts';
import { memberView, type Members } from '../app/member.ts';
import { MemberCreate, MemberList, MemberUpdate, MemberView } from '../schemas/member.ts';

/** With whom images are shared (api-ref: image/v2, 'Sharing images'). */
export const memberEndpoints = (images: Images, members: Members): readonly Endpoint[] => [
  endpoint({
    id: 'members:list',
    method: 'GET',
    path: '/images/{image_id}/members',
    policy: 'get_members',
    response: MemberList,
    ok: 200,
    target: ({ auth, params }) => images.get(auth, params.image_id),
    handler: ({ auth, params }) => ({
      members: members.list(auth, params.image_id).map(memberView),
      schema: '/v2/schemas/members',
    }),
  }),
  endpoint({
    id: 'members:create',
    method: 'POST',
    path: '/images/{image_id}/members',
    policy: 'add_member',
    body: MemberCreate,
    response: MemberView,
    ok: 200,
    target: ({ auth, params }) => images.getOwn(auth, params.image_id),
    handler: ({ auth, params, body }) => memberView(members.add(auth, params.image_id, body.member)),
  }),
  endpoint({
    id: 'members:show',
    method: 'GET',
    path: '/images/{image_id}/members/{member_id}',
    policy: 'get_member',
    response: MemberView,
    ok: 200,
    target: ({ auth, params }) => members.get(auth, params.image_id, params.member_id),
    handler: ({ target }) => memberView(target),
  }),
  endpoint({
    id: 'members:update',
    method: 'PUT',
    path: '/images/{image_id}/members/{member_id}',
    policy: 'modify_member',
    body: MemberUpdate,
    response: MemberView,
    ok: 200,
    target: ({ auth, params }) => members.get(auth, params.image_id, params.member_id),
    handler: ({ auth, params, body }) =>
      memberView(members.answer(auth, params.image_id, params.member_id, body.status)),
  }),
  endpoint({
    id: 'members:delete',
    method: 'DELETE',
    path: '/images/{image_id}/members/{member_id}',
    policy: 'delete_member',
    ok: 204,
    target: ({ auth, params }) => images.getOwn(auth, params.image_id),
    handler: ({ auth, params }) => members.remove(auth, params.image_id, params.member_id),
  }),
];
