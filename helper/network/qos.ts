import type { Endpoint } from '../http/index.ts';
import { extension, type Extension } from './app/extension.ts';
import { QosPolicyApp, shareableQosPolicies } from './app/qos-policy.ts';
import { QosRuleApp } from './app/qos-rule.ts';
import type { Shareable } from './app/rbac.ts';
import type { RouterContext } from './app/router-context.ts';
import { qosEndpoints } from './endpoints/qos.ts';
import type { Tagged } from './endpoints/tags.ts';
import { countQosPolicies } from './store/qos.ts';

const extensions: readonly Extension[] = [
  extension('qos', 'Quality of Service', 'Policies of ports, networks, floating IPs, gateways', '2015-06-08'),
  extension('qos-bw-limit-direction', 'Direction for QoS bandwidth limit rule', 'Both ways', '2017-04-10'),
  extension('qos-bw-minimum-ingress', 'Ingress direction for QoS minimum bandwidth rule', '', '2018-07-09'),
  extension('qos-default', 'QoS default policy', 'is_default', '2017-04-11'),
  extension('qos-fip', 'Floating IP QoS', 'qos_policy_id of floating IPs', '2017-07-20'),
  extension('qos-gateway-ip', 'Gateway IP QoS', 'qos_policy_id of gateways', '2018-02-28'),
  extension('qos-port-network-policy', 'QoS port network policy', 'qos_network_policy_id', '2020-02-20'),
  extension('qos-pps', 'QoS packet rate limit rule', 'Packets a second', '2021-04-18'),
  extension('qos-pps-minimum', 'QoS minimum packet rate rule', '', '2021-07-14'),
  extension('qos-pps-minimum-rule-alias', 'Ports aliases of minimum packet rate rules', '', '2021-12-08'),
  extension('qos-rule-type-details', 'Details of QoS rule types', 'What the driver takes', '2017-06-22'),
  extension('qos-rule-type-filter', 'QoS rule type filter', 'all_rules and all_supported', '2021-10-01'),
  extension('qos-rules-alias', 'QoS Rules Alias', 'Rules without their policy', '2018-10-07'),
];

/** Quality of service as the network service's index needs it. */
export interface QosPart {
  readonly endpoints: readonly Endpoint[];
  readonly extensions: readonly Extension[];
  readonly tagged: readonly Tagged[];
  readonly shareable: Shareable;
}

export function createQos(own: RouterContext): QosPart {
  // neutron has no limit for them either.
  own.quotas.add('qos_policy', -1, countQosPolicies);
  const policies = new QosPolicyApp(own);
  return {
    endpoints: qosEndpoints(policies, new QosRuleApp(own, policies)),
    extensions,
    tagged: [
      {
        collection: 'policies',
        table: 'qos_policy',
        rule: 'policy',
        writeRule: 'update_policies_tags',
        load: (caller, id) => policies.target(caller, policies.load(caller, id)),
      },
    ],
    shareable: shareableQosPolicies,
  };
}
