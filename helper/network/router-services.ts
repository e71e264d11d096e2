import type { RouterHost } from '../host/net/router/interface.ts';
import type { Endpoint } from '../http/index.ts';
import { extension, type Extension } from './app/extension.ts';
import { FirewallGroupApp } from './app/firewall-group.ts';
import { FirewallPolicyApp } from './app/firewall-policy.ts';
import { FirewallRuleApp } from './app/firewall-rule.ts';
import { MeteringApp } from './app/metering.ts';
import type { RouterContext } from './app/router-context.ts';
import { firewallEndpoints } from './endpoints/firewall.ts';
import { meteringEndpoints } from './endpoints/metering.ts';
import { countFirewallGroups, countFirewallPolicies, countFirewallRules } from './store/firewall.ts';

const extensions: readonly Extension[] = [
  extension('fwaas_v2', 'Firewall service v2', 'Firewall groups at routers', '2016-08-16'),
  extension('metering', 'Neutron Metering', 'Traffic through gateways', '2013-06-12'),
  extension(
    'metering_source_and_destination_fields',
    'Neutron Metering with source and destination filtering',
    'Both ends of traffic',
    '2020-08-21',
  ),
  extension(
    'deskcloud-metering-counters',
    'Deskcloud: what labels have counted',
    'GET /metering/metering-labels/{id}/counters',
    '2026-11-21',
  ),
];

/** What routers do beside routing: firewall groups and metering. */
export function createRouterServices(
  own: RouterContext,
  host: Pick<RouterHost, 'list' | 'meters'>,
): { readonly endpoints: readonly Endpoint[]; readonly extensions: readonly Extension[] } {
  const { quotas, ports } = own;
  // neutron-fwaas's defaults.
  quotas.add('firewall_group', 10, countFirewallGroups);
  quotas.add('firewall_policy', 10, countFirewallPolicies);
  quotas.add('firewall_rule', 100, countFirewallRules);
  const groups = new FirewallGroupApp(own);
  ports.observe(groups);
  return {
    endpoints: [
      ...firewallEndpoints(groups, new FirewallPolicyApp(own, groups), new FirewallRuleApp(own, groups)),
      ...meteringEndpoints(new MeteringApp(own, host)),
    ],
    extensions,
  };
}
