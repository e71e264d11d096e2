import { session, useCollection } from '../../cloud/session.svelte.ts';
import { m } from '../../i18n/index.svelte.ts';
import { portName } from '../networks/ports.ts';

/** What can have a policy, by its path in the API. */
export const USER_KINDS = ['networks', 'ports', 'floatingips'] as const;
export type UserKind = (typeof USER_KINDS)[number];

/** Something that has a policy, or could have one. */
export interface PolicyUser {
  readonly kind: UserKind;
  readonly id: string;
  readonly name: string;
  /** The policy that it has. */
  readonly policyId: string | null;
}

const KEYS = { networks: 'network', ports: 'port', floatingips: 'floatingip' } as const;

/** Gives something a policy, or takes its policy away. @throws {ApiError} */
export const givePolicy = (user: PolicyUser, policyId: string | null): Promise<unknown> =>
  session.api.put('network', `/${user.kind}/${user.id}`, {
    [KEYS[user.kind]]: { qos_policy_id: policyId },
  });

/** Everything that can have a policy; call it while a component is made. */
export function usePolicyUsers(): { readonly all: readonly PolicyUser[]; refresh(user: PolicyUser): void } {
  const networks = useCollection('network');
  const ports = useCollection('port');
  const floating = useCollection('floatingip');
  const all = $derived<readonly PolicyUser[]>([
    ...networks.items.map((one) => ({
      kind: 'networks' as const,
      id: one.id,
      name: one.name,
      policyId: one.qos_policy_id,
    })),
    ...ports.items.map((one) => ({
      kind: 'ports' as const,
      id: one.id,
      name: `${portName(one, m())} ${one.fixed_ips[0]?.ip_address ?? ''}`.trim(),
      policyId: one.qos_policy_id,
    })),
    ...floating.items.map((one) => ({
      kind: 'floatingips' as const,
      id: one.id,
      name: one.floating_ip_address,
      policyId: one.qos_policy_id,
    })),
  ]);
  const lists = { networks, ports, floatingips: floating };
  return {
    get all() {
      return all;
    },
    refresh: (user) => lists[user.kind].refresh(user.id),
  };
}
