import { Type } from 'typebox';
import { mv } from '../../http/index.ts';
import { Name, Uuid, byVersion, strict } from './common.ts';

export const GROUP_POLICIES = ['affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity'] as const;
export type GroupPolicy = (typeof GROUP_POLICIES)[number];

/** Bodies of /os-server-groups: one policy in a list up to 2.63, then `policy` and its `rules`. */

const Most = Type.Union([Type.Integer({ minimum: 1 }), Type.String({ pattern: '^0*[1-9][0-9]{0,8}$' })]);

const policiesAt = (version: number): string[] =>
  version >= mv('2.15') ? [...GROUP_POLICIES] : ['affinity', 'anti-affinity'];

export const ServerGroupCreate = byVersion(['2.1', '2.15', '2.64'], (version) =>
  strict({
    server_group:
      version >= mv('2.64')
        ? strict({
            name: Name,
            policy: Type.Enum(policiesAt(version)),
            rules: Type.Optional(strict({ max_server_per_host: Type.Optional(Most) })),
          })
        : strict({
            name: Name,
            policies: Type.Array(Type.Enum(policiesAt(version)), {
              minItems: 1,
              maxItems: 1,
            }),
          }),
  }),
);

export interface ServerGroupRequest {
  readonly name: string;
  readonly policies?: readonly [GroupPolicy];
  readonly policy?: GroupPolicy;
  readonly rules?: { readonly max_server_per_host?: number | string };
}

const Count = Type.String({ pattern: '^[0-9]{1,15}$' });
const page = {
  all_projects: Type.Optional(Type.String()),
  limit: Type.Optional(Count),
  offset: Type.Optional(Count),
};
export const ServerGroupQuery = [
  { from: mv('2.1'), schema: Type.Object(page, { additionalProperties: true }) },
  { from: mv('2.75'), schema: strict(page) },
];
export interface ServerGroupPage {
  readonly all_projects?: string;
  readonly limit?: string;
  readonly offset?: string;
}

const CHANGES = ['2.1', '2.13', '2.64'] as const;
const group = (version: number) =>
  strict({
    id: Uuid,
    name: Type.String(),
    members: Type.Array(Uuid),
    ...(version >= mv('2.13') ? { project_id: Type.String(), user_id: Type.String() } : {}),
    ...(version >= mv('2.64')
      ? {
          policy: Type.String(),
          rules: strict({ max_server_per_host: Type.Optional(Type.Integer()) }),
        }
      : { policies: Type.Array(Type.String()), metadata: strict({}) }),
  });

export const ServerGroupAnswer = byVersion(CHANGES, (version) => strict({ server_group: group(version) }));
export const ServerGroupList = byVersion(CHANGES, (version) =>
  strict({ server_groups: Type.Array(group(version)) }),
);
