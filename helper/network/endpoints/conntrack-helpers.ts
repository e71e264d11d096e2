import type { Endpoint } from '../../http/index.ts';
import type { ConntrackHelperApp } from '../app/conntrack-helper.ts';
import type { RouterApp } from '../app/router.ts';
import {
  ConntrackHelperCreate,
  ConntrackHelperShown,
  ConntrackHelperUpdate,
} from '../schemas/conntrack-helper.ts';
import { crud, type Asked } from './crud.ts';

/** https://docs.openstack.org/api-ref/network/v2/#routers-conntrack-helper-cts */
export const conntrackHelperEndpoints = (
  routers: RouterApp,
  helpers: ConntrackHelperApp,
): readonly Endpoint[] => {
  const routerId = ({ params }: Asked): string => params['router_id'] ?? '';
  return crud({
    single: 'conntrack_helper',
    plural: 'conntrack_helpers',
    path: '/routers/{router_id}/conntrack_helpers',
    rule: 'router_conntrack_helper',
    create: ConntrackHelperCreate,
    update: ConntrackHelperUpdate,
    shown: ConntrackHelperShown,
    parent: (asked) => ({ project_id: routers.load(asked, routerId(asked)).project_id }),
    load: (asked, id) => helpers.load(routerId(asked), id),
    targetOf: (row) => ({ project_id: row.project_id }),
    views: (_asked, rows) => helpers.views(rows),
    list: (asked) => helpers.list(asked, routerId(asked)),
    make: (asked, bodies) => helpers.create(asked, routers.load(asked, routerId(asked)), bodies),
    change: (asked, row, body) => helpers.update(asked, row, body),
    remove: (asked, row) => helpers.delete(asked, row),
  });
};
