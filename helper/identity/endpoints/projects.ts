import type { Static } from 'typebox';
import { endpoint, type AuthContext, type Endpoint } from '../../http/index.ts';
import { present } from '../app/attributes.ts';
import type { IdentityContext } from '../app/context.ts';
import {
  changeDomain,
  changeProject,
  createDomain,
  createProject,
  domainView,
  findDomain,
  projectView,
  projectViews,
  removeDomain,
  removeProject,
} from '../app/projects.ts';
import {
  DomainCreate,
  DomainList,
  DomainOne,
  DomainUpdate,
  HierarchyQuery,
  ProjectCreate,
  ProjectList,
  ProjectOne,
  ProjectUpdate,
} from '../schemas/project.ts';
import { findProject, listProjects } from '../store/project.ts';
import { listTarget, visibleDomain } from '../app/scope.ts';
import { hierarchyView } from '../app/hierarchy.ts';
import { ListQuery, flag, listAnswer } from './list.ts';

/** Projects and domains, which are projects that own others. */
export function projectEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  const projectTarget = ({ params }: { params: { project_id: string } }) => ({
    project_id: params.project_id,
    domain_id: findProject(db, params.project_id)?.domain_id ?? null,
    project: findProject(db, params.project_id),
  });
  /** Domain of a project that is to be made; none of one that would be a domain. */
  const domainOf = ({ body, auth }: { body: Static<typeof ProjectCreate>; auth: AuthContext }) => {
    const { domain_id: domainId, parent_id: parentId, is_domain: isDomain } = body.project;
    const parent = typeof parentId === 'string' ? findProject(db, parentId) : undefined;
    const fallback = parent === undefined ? auth.domainId : (parent.domain_id ?? parent.id);
    return { domain_id: isDomain === true ? null : (domainId ?? fallback ?? null) };
  };
  const domainTarget = ({ params }: { params: { domain_id: string } }) => ({
    domain_id: params.domain_id,
    domain: findDomain(db, params.domain_id),
  });
  return [
    endpoint({
      id: 'projects:list',
      method: 'GET',
      path: '/projects',
      policy: 'identity:list_projects',
      query: ListQuery,
      response: ProjectList,
      ok: 200,
      target: listTarget,
      handler: (context) => {
        const domainId = visibleDomain(context.auth, context.query.domain_id);
        const { name, parent_id: parentId, enabled, is_domain } = context.query;
        const isDomain = flag(is_domain) ?? false;
        return listAnswer(
          context,
          'projects',
          (page) => listProjects(db, { name, domainId, parentId, enabled: flag(enabled), isDomain }, page),
          (rows) => projectViews(db, context.base, rows),
        );
      },
    }),
    endpoint({
      id: 'projects:create',
      method: 'POST',
      path: '/projects',
      policy: 'identity:create_project',
      body: ProjectCreate,
      response: ProjectOne,
      ok: 201,
      target: domainOf,
      handler: ({ body, auth, base }) =>
        projectView(
          db,
          base,
          createProject(identity, body.project, auth.domainId ?? auth.projectDomainId ?? auth.userDomainId),
        ),
    }),
    endpoint({
      id: 'projects:show',
      method: 'GET',
      path: '/projects/{project_id}',
      policy: 'identity:get_project',
      query: HierarchyQuery,
      response: ProjectOne,
      ok: 200,
      target: projectTarget,
      handler: ({ target, params, base, query, auth }) => {
        const project = present(target.project, 'project', params.project_id);
        const [view] = projectViews(db, base, [project]);
        return { project: { ...view, ...hierarchyView(db, base, project.id, query, auth.userId) } };
      },
    }),
    endpoint({
      id: 'projects:update',
      method: 'PATCH',
      path: '/projects/{project_id}',
      policy: 'identity:update_project',
      body: ProjectUpdate,
      response: ProjectOne,
      ok: 200,
      target: projectTarget,
      handler: ({ params, body, base }) =>
        projectView(db, base, changeProject(identity, params.project_id, body.project)),
    }),
    endpoint({
      id: 'projects:delete',
      method: 'DELETE',
      path: '/projects/{project_id}',
      policy: 'identity:delete_project',
      ok: 204,
      target: projectTarget,
      handler: ({ params }) => removeProject(identity, params.project_id),
    }),
    endpoint({
      id: 'domains:list',
      method: 'GET',
      path: '/domains',
      policy: 'identity:list_domains',
      query: ListQuery,
      response: DomainList,
      ok: 200,
      handler: (context) => {
        const { name, enabled } = context.query;
        return listAnswer(
          context,
          'domains',
          (page) => listProjects(db, { name, enabled: flag(enabled), isDomain: true }, page),
          (rows) => rows.map((row) => domainView(context.base, row)),
        );
      },
    }),
    endpoint({
      id: 'domains:create',
      method: 'POST',
      path: '/domains',
      policy: 'identity:create_domain',
      body: DomainCreate,
      response: DomainOne,
      ok: 201,
      handler: ({ body, base }) => ({ domain: domainView(base, createDomain(identity, body.domain)) }),
    }),
    endpoint({
      id: 'domains:show',
      method: 'GET',
      path: '/domains/{domain_id}',
      policy: 'identity:get_domain',
      response: DomainOne,
      ok: 200,
      target: domainTarget,
      handler: ({ target, params, base }) => ({
        domain: domainView(base, present(target.domain, 'domain', params.domain_id)),
      }),
    }),
    endpoint({
      id: 'domains:update',
      method: 'PATCH',
      path: '/domains/{domain_id}',
      policy: 'identity:update_domain',
      body: DomainUpdate,
      response: DomainOne,
      ok: 200,
      target: domainTarget,
      handler: ({ params, body, base }) => ({
        domain: domainView(base, changeDomain(identity, params.domain_id, body.domain)),
      }),
    }),
    endpoint({
      id: 'domains:delete',
      method: 'DELETE',
      path: '/domains/{domain_id}',
      policy: 'identity:delete_domain',
      ok: 204,
      target: domainTarget,
      handler: ({ params }) => removeDomain(identity, params.domain_id),
    }),
  ];
}
