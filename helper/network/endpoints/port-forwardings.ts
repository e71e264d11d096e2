import type { Endpoint } from '../../http/index.ts';
import type { FloatingIpApp } from '../app/floating-ip.ts';
import type { PortForwardingApp } from '../app/port-forwarding.ts';
import {
  PortForwardingCreate,
  PortForwardingShown,
  PortForwardingUpdate,
} from '../schemas/port-forwarding.ts';
import { crud, type Asked } from './crud.ts';

/** https://docs.openstack.org/api-ref/network/v2/#floating-ips-port-forwarding */
export const portForwardingEndpoints = (
  floatingIps: FloatingIpApp,
  forwardings: PortForwardingApp,
): readonly Endpoint[] => {
  const floatingId = ({ params }: Asked): string => params['floatingip_id'] ?? '';
  return crud({
    single: 'port_forwarding',
    plural: 'port_forwardings',
    path: '/floatingips/{floatingip_id}/port_forwardings',
    rule: 'floatingip_port_forwarding',
    create: PortForwardingCreate,
    update: PortForwardingUpdate,
    shown: PortForwardingShown,
    parent: (asked) => ({ project_id: floatingIps.load(asked, floatingId(asked)).project_id }),
    load: (asked, id) => forwardings.load(floatingId(asked), id),
    targetOf: (row) => ({ project_id: row.project_id }),
    views: (_asked, rows) => forwardings.views(rows),
    list: (asked) => forwardings.list(asked, floatingId(asked)),
    make: (asked, bodies) => forwardings.create(asked, floatingId(asked), bodies),
    change: (asked, row, body) => forwardings.update(asked, row, body),
    remove: (asked, row) => forwardings.delete(asked, row),
  });
};
