import { transaction } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import { Reply, endpoint, type Endpoint, type RequestContext } from '../../http/index.ts';
import { present } from '../app/attributes.ts';
import type { IdentityContext } from '../app/context.ts';
import { TagsAnswer, TagsUpdate } from '../schemas/project.ts';
import { addTag, findProject, removeTag, replaceTags, tagsOf } from '../store/project.ts';
import { listLinks } from './list.ts';

/** Upstream's limit for a project. */
const MOST = 80;

/** Tags of a project, all at once and one by one. */
export function projectTagEndpoints({ db }: IdentityContext): readonly Endpoint[] {
  const target = ({ params }: { params: { project_id: string } }) => ({
    project_id: params.project_id,
    project: findProject(db, params.project_id),
  });
  const tags = (id: string): readonly string[] => tagsOf(db, [id]).get(id) ?? [];
  const list = (context: Pick<RequestContext, 'base' | 'path' | 'origin' | 'query'>, id: string): object => ({
    tags: tags(id),
    links: listLinks(context),
  });
  return [
    endpoint({
      id: 'project-tags:list',
      method: 'GET',
      path: '/projects/{project_id}/tags',
      policy: 'identity:list_project_tags',
      response: TagsAnswer,
      ok: 200,
      target,
      handler: (context) => {
        const { project_id: id } = context.params;
        present(context.target.project, 'project', id);
        return list(context, id);
      },
    }),
    endpoint({
      id: 'project-tags:replace',
      method: 'PUT',
      path: '/projects/{project_id}/tags',
      policy: 'identity:update_project_tags',
      body: TagsUpdate,
      response: TagsAnswer,
      ok: 200,
      target,
      handler: (context) => {
        const { project_id: id } = context.params;
        present(context.target.project, 'project', id);
        transaction(db, () => replaceTags(db, id, context.body.tags));
        return list(context, id);
      },
    }),
    endpoint({
      id: 'project-tags:clear',
      method: 'DELETE',
      path: '/projects/{project_id}/tags',
      policy: 'identity:delete_project_tags',
      ok: 204,
      target,
      handler: ({ target, params }) => {
        present(target.project, 'project', params.project_id);
        replaceTags(db, params.project_id, []);
      },
    }),
    endpoint({
      id: 'project-tags:check',
      method: 'GET',
      path: '/projects/{project_id}/tags/{tag}',
      policy: 'identity:get_project_tag',
      ok: 204,
      target,
      handler: ({ target, params }) => {
        present(target.project, 'project', params.project_id);
        if (!tags(params.project_id).includes(params.tag))
          throw notFound(`Could not find project tag: ${params.tag}.`);
      },
    }),
    endpoint({
      id: 'project-tags:create',
      method: 'PUT',
      path: '/projects/{project_id}/tags/{tag}',
      policy: 'identity:create_project_tag',
      response: 'none',
      ok: 201,
      target,
      handler: ({ target, params, base }) => {
        const { project_id: id, tag } = params;
        present(target.project, 'project', id);
        if (tag === '' || tag.length > 255 || /[,/\p{Cc}]/u.test(tag))
          throw badRequest('A tag has 1 to 255 characters, neither slash nor comma nor control characters.');
        if (tags(id).length >= MOST) throw badRequest(`A project has at most ${MOST} tags.`);
        addTag(db, id, tag);
        return new Reply({ headers: { location: `${base}/projects/${id}/tags/${encodeURIComponent(tag)}` } });
      },
    }),
    endpoint({
      id: 'project-tags:delete',
      method: 'DELETE',
      path: '/projects/{project_id}/tags/{tag}',
      policy: 'identity:delete_project_tag',
      ok: 204,
      target,
      handler: ({ target, params }) => {
        present(target.project, 'project', params.project_id);
        if (!removeTag(db, params.project_id, params.tag))
          throw notFound(`Could not find project tag: ${params.tag}.`);
      },
    }),
  ];
}
