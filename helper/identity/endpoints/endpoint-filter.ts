import { transaction } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { parseObject, present } from '../app/attributes.ts';
import { endpointView } from '../app/catalog-admin.ts';
import { newId, type IdentityContext } from '../app/context.ts';
import { projectViews } from '../app/projects.ts';
import {
  EndpointGroupCreate,
  EndpointGroupList,
  EndpointGroupOfProject,
  EndpointGroupOne,
  EndpointGroupUpdate,
  FilteredEndpoints,
} from '../schemas/extension.ts';
import { ProjectList } from '../schemas/project.ts';
import { findEndpoint } from '../store/catalog.ts';
import {
  deleteEndpointGroup,
  endpointsChosenFor,
  endpointsOfGroup,
  findEndpointGroup,
  findEndpointGroupByName,
  hideFrom,
  isShownTo,
  listEndpointGroups,
  projectsShown,
  putEndpointGroup,
  showTo,
  type EndpointGroupRow,
  type Shown,
} from '../store/extension.ts';
import { findProject } from '../store/project.ts';
import { ListQuery, listAnswer, listLinks } from './list.ts';

const groupView = (base: string, row: EndpointGroupRow): object => ({
  id: row.id,
  name: row.name,
  description: row.description,
  filters: parseObject(row.filters),
  links: { self: `${base}/OS-EP-FILTER/endpoint_groups/${row.id}` },
});

/** OS-EP-FILTER: which endpoints a project's catalog shows. */
export function endpointFilterEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  const project = (id: string) => present(findProject(db, id), 'project', id);
  return [
    ...groupEndpoints(identity),
    ...shownEndpoints(identity, 'endpoint'),
    ...shownEndpoints(identity, 'endpoint_group'),
    endpoint({
      id: 'endpoint-filter:endpoints',
      method: 'GET',
      path: '/OS-EP-FILTER/projects/{project_id}/endpoints',
      policy: 'identity:list_endpoints_for_project',
      response: FilteredEndpoints,
      ok: 200,
      handler: (context) => ({
        endpoints: endpointsChosenFor(db, project(context.params.project_id).id).map((row) =>
          endpointView(context.base, context.origin, row),
        ),
        links: listLinks(context),
      }),
    }),
    endpoint({
      id: 'endpoint-filter:groups',
      method: 'GET',
      path: '/OS-EP-FILTER/projects/{project_id}/endpoint_groups',
      policy: 'identity:list_endpoint_groups_for_project',
      query: ListQuery,
      response: EndpointGroupList,
      ok: 200,
      handler: (context) => {
        const { id: projectId } = project(context.params.project_id);
        return listAnswer(
          context,
          'endpoint_groups',
          (page) => listEndpointGroups(db, { projectId }, page),
          (rows) => rows.map((row) => groupView(context.base, row)),
        );
      },
    }),
    endpoint({
      id: 'endpoint-groups:endpoints',
      method: 'GET',
      path: '/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/endpoints',
      policy: 'identity:list_endpoints_associated_with_endpoint_group',
      response: FilteredEndpoints,
      ok: 200,
      handler: (context) => {
        const { endpoint_group_id: id } = context.params;
        present(findEndpointGroup(db, id), 'endpoint_group', id);
        return {
          endpoints: endpointsOfGroup(db, id).map((row) => endpointView(context.base, context.origin, row)),
          links: listLinks(context),
        };
      },
    }),
  ];
}

function groupEndpoints({ db }: IdentityContext): readonly Endpoint[] {
  const path = '/OS-EP-FILTER/endpoint_groups';
  const one = `${path}/{endpoint_group_id}` as const;
  const group = (id: string) => present(findEndpointGroup(db, id), 'endpoint_group', id);
  /** @throws {CloudError} conflict (name). */
  const put = (row: EndpointGroupRow): EndpointGroupRow =>
    transaction(db, () => {
      const there = findEndpointGroupByName(db, row.name);
      if (there !== undefined && there.id !== row.id)
        throw conflict(
          `Conflict occurred attempting to store endpoint_group - Duplicate entry found with name ${row.name}.`,
        );
      putEndpointGroup(db, row);
      return row;
    });
  return [
    endpoint({
      id: 'endpoint-groups:list',
      method: 'GET',
      path,
      policy: 'identity:list_endpoint_groups',
      query: ListQuery,
      response: EndpointGroupList,
      ok: 200,
      handler: (context) =>
        listAnswer(
          context,
          'endpoint_groups',
          (page) => listEndpointGroups(db, { name: context.query.name }, page),
          (rows) => rows.map((row) => groupView(context.base, row)),
        ),
    }),
    endpoint({
      id: 'endpoint-groups:create',
      method: 'POST',
      path,
      policy: 'identity:create_endpoint_group',
      body: EndpointGroupCreate,
      response: EndpointGroupOne,
      ok: 201,
      handler: ({ body, base }) => {
        const { name, description, filters } = body.endpoint_group;
        const row = { id: newId(), name, description: description ?? null, filters: JSON.stringify(filters) };
        return { endpoint_group: groupView(base, put(row)) };
      },
    }),
    endpoint({
      id: 'endpoint-groups:show',
      method: 'GET',
      path: one,
      policy: 'identity:get_endpoint_group',
      response: EndpointGroupOne,
      ok: 200,
      handler: ({ params, base }) => ({ endpoint_group: groupView(base, group(params.endpoint_group_id)) }),
    }),
    endpoint({
      id: 'endpoint-groups:check',
      method: 'HEAD',
      path: one,
      policy: 'identity:get_endpoint_group',
      response: 'none',
      ok: 200,
      handler: ({ params }) => void group(params.endpoint_group_id),
    }),
    endpoint({
      id: 'endpoint-groups:update',
      method: 'PATCH',
      path: one,
      policy: 'identity:update_endpoint_group',
      body: EndpointGroupUpdate,
      response: EndpointGroupOne,
      ok: 200,
      handler: ({ params, body, base }) => {
        const row = group(params.endpoint_group_id);
        const { name, description, filters } = body.endpoint_group;
        const changed = {
          ...row,
          name: name ?? row.name,
          description: description === undefined ? row.description : description,
          filters: filters === undefined ? row.filters : JSON.stringify(filters),
        };
        return { endpoint_group: groupView(base, put(changed)) };
      },
    }),
    endpoint({
      id: 'endpoint-groups:delete',
      method: 'DELETE',
      path: one,
      policy: 'identity:delete_endpoint_group',
      ok: 204,
      handler: ({ params }) => deleteEndpointGroup(db, group(params.endpoint_group_id).id),
    }),
  ];
}

/** Showing an endpoint, or a group of them, to a project: the same operations on paths of their own. */
function shownEndpoints({ db }: IdentityContext, kind: Shown): readonly Endpoint[] {
  const single = kind === 'endpoint';
  const path = single
    ? '/OS-EP-FILTER/projects/{project_id}/endpoints/{id}'
    : '/OS-EP-FILTER/endpoint_groups/{id}/projects/{project_id}';
  const projects = single
    ? '/OS-EP-FILTER/endpoints/{id}/projects'
    : '/OS-EP-FILTER/endpoint_groups/{id}/projects';
  const rule = (endpointRule: string, groupRule: string): string =>
    `identity:${single ? endpointRule : groupRule}`;
  const find = (id: string): object =>
    present<object>(single ? findEndpoint(db, id) : findEndpointGroup(db, id), kind, id);
  interface Pair {
    readonly id: string;
    readonly project_id: string;
  }
  const pair = (params: unknown): Pair => {
    const { id, project_id: projectId } = params as Pair;
    find(id);
    present(findProject(db, projectId), 'project', projectId);
    return { id, project_id: projectId };
  };
  const absent = ({ id, project_id }: Pair) =>
    notFound(`${single ? 'Endpoint' : 'Endpoint Group'} ${id} not found in project ${project_id}.`);
  const check = (params: unknown): Pair => {
    const asked = pair(params);
    if (!isShownTo(db, kind, asked.id, asked.project_id)) throw absent(asked);
    return asked;
  };
  const id = `${kind.replace('_', '-')}-shown`;
  return [
    endpoint({
      id: `${id}:add`,
      method: 'PUT',
      path,
      policy: rule('add_endpoint_to_project', 'add_endpoint_group_to_project'),
      ok: 204,
      handler: ({ params }) => {
        const asked = pair(params);
        showTo(db, kind, asked.id, asked.project_id);
      },
    }),
    endpoint({
      id: `${id}:check`,
      method: 'HEAD',
      path,
      policy: rule('check_endpoint_in_project', 'get_endpoint_group_in_project'),
      response: 'none',
      ok: single ? 204 : 200,
      handler: ({ params }) => void check(params),
    }),
    single
      ? endpoint({
          id: `${id}:show`,
          method: 'GET',
          path,
          policy: 'identity:check_endpoint_in_project',
          ok: 204,
          handler: ({ params }) => void check(params),
        })
      : endpoint({
          id: `${id}:show`,
          method: 'GET',
          path,
          policy: 'identity:get_endpoint_group_in_project',
          response: EndpointGroupOfProject,
          ok: 200,
          handler: ({ params, base }) => {
            const asked = check(params);
            const self = `${base}/OS-EP-FILTER/endpoint_groups/${asked.id}/projects/${asked.project_id}`;
            return { project: { id: asked.project_id, links: { self } } };
          },
        }),
    endpoint({
      id: `${id}:remove`,
      method: 'DELETE',
      path,
      policy: rule('remove_endpoint_from_project', 'remove_endpoint_group_from_project'),
      ok: 204,
      handler: ({ params }) => {
        const asked = pair(params);
        if (!hideFrom(db, kind, asked.id, asked.project_id)) throw absent(asked);
      },
    }),
    endpoint({
      id: `${id}:projects`,
      method: 'GET',
      path: projects,
      policy: rule('list_projects_for_endpoint', 'list_projects_associated_with_endpoint_group'),
      response: ProjectList,
      ok: 200,
      handler: (context) => {
        const { id: of } = context.params as unknown as Pair;
        find(of);
        return {
          projects: projectViews(db, context.base, projectsShown(db, kind, of)),
          links: listLinks(context),
        };
      },
    }),
  ];
}
