import { badRequest, CloudError, forbidden } from '../../errors/error.ts';
import type { PolicyTarget, RequestContext } from '../../http/index.ts';
import type { Condition } from '../store/list.ts';
import type { Caller } from './context.ts';

export const isAdmin = (caller: Pick<Caller, 'auth'>): boolean => caller.auth.roles.has('admin');

const denied = (rule: string): Error =>
  forbidden(`${rule} is disallowed by policy`, { type: 'PolicyNotAuthorized' });

/**
 * The project that a new resource is for: the caller's own, or for admins the one that the body names.
 * @throws {CloudError} badRequest as neutron, also for a token without a project.
 */
export function projectFor(
  caller: Pick<Caller, 'auth'>,
  asked: { readonly project_id?: string; readonly tenant_id?: string },
): string {
  const { project_id, tenant_id } = asked;
  if (project_id !== undefined && tenant_id !== undefined && project_id !== tenant_id)
    throw badRequest("'project_id' and 'tenant_id' do not match");
  const wanted = project_id ?? tenant_id ?? caller.auth.projectId;
  if (wanted === undefined)
    throw badRequest('Running without keystone AuthN requires that tenant_id is specified');
  if (wanted !== caller.auth.projectId && !isAdmin(caller)) {
    throw badRequest(
      "Specifying 'project_id' or 'tenant_id' other than authenticated project in request requires admin privileges",
    );
  }
  return wanted;
}

/**
 * Asks the rules of single attributes (`create_network:shared`), for those that the caller set to something other
 * than what they are anyway (S29).
 */
export function checkAttributes(
  caller: Caller,
  rules: Readonly<Record<string, unknown>>,
  action: string,
  set: Readonly<Record<string, unknown>>,
  target: PolicyTarget,
  usual: Readonly<Record<string, unknown>> = {},
): void {
  for (const [name, value] of Object.entries(set)) {
    const rule = `${action}:${name}`;
    if (value === undefined || !(rule in rules)) continue;
    if (name in usual && JSON.stringify(usual[name]) === JSON.stringify(value)) continue;
    if (!caller.may(rule, target)) throw denied(rule);
  }
}

/** @throws {CloudError} forbidden. For bulk requests and rules that depend on what the body names. */
export function demand(caller: Caller, rule: string, target: PolicyTarget): void {
  if (!caller.may(rule, target)) throw denied(rule);
}

/** Rows of the caller's project; all rows for admins. `also` are further rows that the caller may see. */
export function ownRows(caller: Pick<Caller, 'auth'>, also?: Condition): Condition[] {
  if (isAdmin(caller)) return [];
  const own = 'project_id = ?';
  return [
    {
      sql: also === undefined ? own : `${own} OR ${also.sql}`,
      values: [caller.auth.projectId ?? '', ...(also?.values ?? [])],
    },
  ];
}

/** `{network: {...}}` or `{networks: [...]}`; the schema has made sure that it is one of them. */
export function bodiesOf<T>(
  one: T | undefined,
  many: readonly T[] | undefined,
): { readonly many: boolean; readonly bodies: readonly T[] } {
  if (many !== undefined) return { many: true, bodies: many };
  return { many: false, bodies: one === undefined ? [] : [one] };
}

/** The bodies of a list, some of which may be in a wrapping of their own: `[{port: {...}}]`. */
export const unwrapped = <T extends object>(
  single: string,
  many: readonly (T | object)[] | undefined,
): readonly T[] | undefined =>
  many?.map((one) => (single in one ? (one as Record<string, T>)[single] : one) as T);

/**
 * `If-Match: revision_number=N` (neutron's revision-if-match): the change happens only to that revision.
 * @throws {CloudError} 412 otherwise.
 */
export function checkRevision(
  context: Pick<RequestContext, 'header'>,
  resource: { readonly id: string; readonly revision: number },
): void {
  const asked = context.header('if-match');
  if (asked === undefined) return;
  const wanted = /^\s*"?revision_number=(\d{1,12})"?\s*$/.exec(asked)?.[1];
  if (wanted === undefined) throw badRequest(`Invalid value for If-Match header: ${asked.slice(0, 80)}`);
  if (Number(wanted) !== resource.revision) {
    throw new CloudError(
      'conflict',
      `Constrained to ${wanted}, but current revision is ${resource.revision}`,
      { status: 412, type: 'RevisionNumberConstraintFailed' },
    );
  }
}
