import type { Db } from '../../db/index.ts';
import { conflict, forbidden, notFound } from '../../errors/error.ts';
import { qosPolicies, rulesOfQosPolicies, type QosPolicyRow, type QosRuleType } from '../store/qos.ts';
import { isAdmin } from './caller.ts';
import type { Caller } from './context.ts';
import { isOpenTo } from './sharing.ts';

export const qosPolicyNotFound = (id: string): Error =>
  notFound(`QoS policy ${id} could not be found.`, { type: 'QosPolicyNotFound' });

/** Types with an effect on this host; others can be written down, but not given to anything. */
export const SUPPORTED: readonly QosRuleType[] = ['bandwidth_limit', 'dscp_marking', 'packet_rate_limit'];

/** What floating IPs and gateways can have, as in neutron. */
const AT_ROUTERS: readonly QosRuleType[] = ['bandwidth_limit'];

const mayUse = (db: Db, caller: Pick<Caller, 'auth'>, policy: QosPolicyRow): boolean =>
  isAdmin(caller) || policy.project_id === caller.auth.projectId || isOpenTo(db, caller.auth, policy.id);

/** @throws {CloudError} QosPolicyNotFound for what the caller may not know of. */
export function findQosPolicy(db: Db, caller: Pick<Caller, 'auth'>, id: string): QosPolicyRow {
  const policy = qosPolicies.byId(db, id);
  if (policy === undefined || !mayUse(db, caller, policy)) throw qosPolicyNotFound(id);
  return policy;
}

/**
 * The policy of a network, port, floating IP or gateway after a request.
 * @param asked as the body has it: undefined keeps what is there, null takes it away.
 * @throws {CloudError} QosPolicyNotFound; forbidden when somebody else's policy would be taken away;
 *   QosRuleNotSupported for a rule that this host cannot keep.
 */
export function chooseQosPolicy(
  db: Db,
  caller: Pick<Caller, 'auth'>,
  place: { readonly kind: 'network' | 'port' | 'floatingip' | 'router'; readonly id: string },
  current: string | null,
  asked: string | null | undefined,
): string | null {
  if (asked === undefined || asked === current) return current;
  const old = current === null ? undefined : qosPolicies.byId(db, current);
  if (old !== undefined && !mayUse(db, caller, old)) {
    throw forbidden(`Failed to remove provided policy ${old.id} because you are not authorized.`, {
      type: 'PolicyRemoveAuthorizationError',
    });
  }
  if (asked === null) return null;
  findQosPolicy(db, caller, asked);
  const types = place.kind === 'network' || place.kind === 'port' ? SUPPORTED : AT_ROUTERS;
  // A floating IP or a gateway leaves out what is for ports only, as neutron's agent does.
  if (types === SUPPORTED)
    for (const rule of rulesOfQosPolicies(db, [asked]))
      if (!types.includes(rule.type)) throw notSupported(rule.type, place);
  return asked;
}

/** A rule that this host cannot keep is not given to anything that is on it. */
export const notSupported = (
  type: QosRuleType,
  place: { readonly kind: string; readonly id: string },
): Error =>
  place.kind === 'network'
    ? conflict(`Rule ${type} is not supported by network ${place.id}: this host cannot guarantee it.`, {
        type: 'QosRuleNotSupportedByNetwork',
      })
    : conflict(`Rule ${type} is not supported by port ${place.id}: this host cannot guarantee it.`, {
        type: 'QosRuleNotSupported',
      });
