import type { Api } from '../../cloud/api.ts';

/** Where roles are given. */
export type Scope =
  { readonly kind: 'project' | 'domain'; readonly id: string } | { readonly kind: 'system' };

export interface Actor {
  readonly kind: 'user' | 'group';
  readonly id: string;
}

interface Assignment {
  readonly role: { readonly id: string };
  readonly user?: { readonly id: string };
  readonly group?: { readonly id: string };
  readonly scope: object;
}

/** Which roles whom was given, as '<actor> <role>'. */
export interface Grants {
  /** Given just here. */
  readonly direct: ReadonlySet<string>;
  /** In force here, wherever they come from. */
  readonly effective: ReadonlySet<string>;
}

export const keyOf = (actorId: string, roleId: string): string => `${actorId} ${roleId}`;

const queryOf = (scope: Scope): string =>
  scope.kind === 'system' ? 'scope.system=all' : `scope.${scope.kind}.id=${scope.id}`;

/** @throws {ApiError} */
export async function readGrants(api: Api, scope: Scope): Promise<Grants> {
  const read = async (more: string): Promise<ReadonlySet<string>> => {
    const path = `/role_assignments?${queryOf(scope)}${more}`;
    const body = await api.get<{ role_assignments: Assignment[] }>('identity', path);
    return new Set(
      body.role_assignments
        // What is handed down from here to what is below is no role here.
        .filter((one) => !('OS-INHERIT:inherited_to' in one.scope) || more !== '')
        .map((one) => keyOf(one.user?.id ?? one.group?.id ?? '', one.role.id)),
    );
  };
  const [direct, effective] = await Promise.all([read(''), read('&effective=true')]);
  return { direct, effective };
}

const pathOf = (scope: Scope, actor: Actor, roleId: string): string =>
  `${scope.kind === 'system' ? '/system' : `/${scope.kind}s/${scope.id}`}/${actor.kind}s/${actor.id}/roles/${roleId}`;

/** Gives a role, or takes it away. @throws {ApiError} */
export async function grant(
  api: Api,
  { scope, actor, roleId, on }: { scope: Scope; actor: Actor; roleId: string; on: boolean },
): Promise<void> {
  const path = pathOf(scope, actor, roleId);
  if (on) await api.put('identity', path);
  else await api.delete('identity', path);
}
