import { Reply, endpoint, type Endpoint } from '../../http/index.ts';
import { present } from '../app/attributes.ts';
import {
  changeEndpoint,
  changeRegion,
  changeService,
  createEndpoint,
  createRegion,
  createService,
  endpointView,
  regionView,
  removeRegion,
  serviceView,
} from '../app/catalog-admin.ts';
import type { IdentityContext } from '../app/context.ts';
import {
  EndpointCreate,
  EndpointList,
  EndpointOne,
  EndpointUpdate,
  RegionCreate,
  RegionList,
  RegionOne,
  RegionUpdate,
  ServiceCreate,
  ServiceList,
  ServiceOne,
  ServiceUpdate,
} from '../schemas/catalog.ts';
import {
  deleteEndpoint,
  deleteService,
  findEndpoint,
  findRegion,
  findService,
  listEndpoints,
  listRegions,
  listServices,
} from '../store/catalog.ts';
import { ListQuery, listAnswer } from './list.ts';

/** Regions, services and endpoints: what the catalog is built from. */
export function catalogEndpoints(identity: IdentityContext): readonly Endpoint[] {
  return [...regionEndpoints(identity), ...serviceEndpoints(identity), ...endpointEndpoints(identity)];
}

function regionEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  const region = (id: string) => present(findRegion(db, id), 'region', id);
  return [
    endpoint({
      id: 'regions:list',
      method: 'GET',
      path: '/regions',
      policy: 'identity:list_regions',
      query: ListQuery,
      response: RegionList,
      ok: 200,
      handler: (context) =>
        listAnswer(
          context,
          'regions',
          (page) => listRegions(db, context.query.parent_region_id, page),
          (rows) => rows.map((row) => regionView(context.base, row)),
        ),
    }),
    endpoint({
      id: 'regions:create',
      method: 'POST',
      path: '/regions',
      policy: 'identity:create_region',
      body: RegionCreate,
      response: RegionOne,
      ok: 201,
      handler: ({ body, base }) => ({ region: regionView(base, createRegion(identity, body.region)) }),
    }),
    endpoint({
      id: 'regions:show',
      method: 'GET',
      path: '/regions/{region_id}',
      policy: 'identity:get_region',
      response: RegionOne,
      ok: 200,
      handler: ({ params, base }) => ({ region: regionView(base, region(params.region_id)) }),
    }),
    endpoint({
      id: 'regions:update',
      method: 'PATCH',
      path: '/regions/{region_id}',
      policy: 'identity:update_region',
      body: RegionUpdate,
      response: RegionOne,
      ok: 200,
      handler: ({ params, body, base }) => ({
        region: regionView(base, changeRegion(identity, params.region_id, body.region)),
      }),
    }),
    endpoint({
      id: 'regions:delete',
      method: 'DELETE',
      path: '/regions/{region_id}',
      policy: 'identity:delete_region',
      ok: 204,
      handler: ({ params }) => removeRegion(identity, params.region_id),
    }),
    endpoint({
      id: 'regions:put',
      method: 'PUT',
      path: '/regions/{region_id}',
      policy: 'identity:create_region',
      body: RegionCreate,
      response: RegionOne,
      ok: 201,
      handler: ({ params, body, base }) =>
        new Reply({
          body: {
            region: regionView(base, createRegion(identity, { ...body.region, id: params.region_id })),
          },
        }),
    }),
  ];
}

function serviceEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  const service = (id: string) => present(findService(db, id), 'service', id);
  return [
    endpoint({
      id: 'services:list',
      method: 'GET',
      path: '/services',
      policy: 'identity:list_services',
      query: ListQuery,
      response: ServiceList,
      ok: 200,
      handler: (context) =>
        listAnswer(
          context,
          'services',
          (page) => listServices(db, { type: context.query.type, name: context.query.name }, page),
          (rows) => rows.map((row) => serviceView(context.base, row)),
        ),
    }),
    endpoint({
      id: 'services:create',
      method: 'POST',
      path: '/services',
      policy: 'identity:create_service',
      body: ServiceCreate,
      response: ServiceOne,
      ok: 201,
      handler: ({ body, base }) => ({ service: serviceView(base, createService(identity, body.service)) }),
    }),
    endpoint({
      id: 'services:show',
      method: 'GET',
      path: '/services/{service_id}',
      policy: 'identity:get_service',
      response: ServiceOne,
      ok: 200,
      handler: ({ params, base }) => ({ service: serviceView(base, service(params.service_id)) }),
    }),
    endpoint({
      id: 'services:update',
      method: 'PATCH',
      path: '/services/{service_id}',
      policy: 'identity:update_service',
      body: ServiceUpdate,
      response: ServiceOne,
      ok: 200,
      handler: ({ params, body, base }) => ({
        service: serviceView(base, changeService(identity, params.service_id, body.service)),
      }),
    }),
    endpoint({
      id: 'services:delete',
      method: 'DELETE',
      path: '/services/{service_id}',
      policy: 'identity:delete_service',
      ok: 204,
      handler: ({ params }) => deleteService(db, service(params.service_id).id),
    }),
  ];
}

function endpointEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  const one = (id: string) => present(findEndpoint(db, id), 'endpoint', id);
  return [
    endpoint({
      id: 'endpoints:list',
      method: 'GET',
      path: '/endpoints',
      policy: 'identity:list_endpoints',
      query: ListQuery,
      response: EndpointList,
      ok: 200,
      handler: (context) =>
        listAnswer(
          context,
          'endpoints',
          (page) =>
            listEndpoints(
              db,
              {
                serviceId: context.query.service_id,
                interface: context.query.interface,
                regionId: context.query.region_id,
              },
              page,
            ),
          (rows) => rows.map((row) => endpointView(context.base, context.origin, row)),
        ),
    }),
    endpoint({
      id: 'endpoints:create',
      method: 'POST',
      path: '/endpoints',
      policy: 'identity:create_endpoint',
      body: EndpointCreate,
      response: EndpointOne,
      ok: 201,
      handler: ({ body, base, origin }) => ({
        endpoint: endpointView(base, origin, createEndpoint(identity, body.endpoint)),
      }),
    }),
    endpoint({
      id: 'endpoints:show',
      method: 'GET',
      path: '/endpoints/{endpoint_id}',
      policy: 'identity:get_endpoint',
      response: EndpointOne,
      ok: 200,
      handler: ({ params, base, origin }) => ({
        endpoint: endpointView(base, origin, one(params.endpoint_id)),
      }),
    }),
    endpoint({
      id: 'endpoints:update',
      method: 'PATCH',
      path: '/endpoints/{endpoint_id}',
      policy: 'identity:update_endpoint',
      body: EndpointUpdate,
      response: EndpointOne,
      ok: 200,
      handler: ({ params, body, base, origin }) => ({
        endpoint: endpointView(base, origin, changeEndpoint(identity, params.endpoint_id, body.endpoint)),
      }),
    }),
    endpoint({
      id: 'endpoints:delete',
      method: 'DELETE',
      path: '/endpoints/{endpoint_id}',
      policy: 'identity:delete_endpoint',
      ok: 204,
      handler: ({ params }) => deleteEndpoint(db, one(params.endpoint_id).id),
    }),
  ];
}
