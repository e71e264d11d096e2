import { Type } from 'typebox';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { Reply, endpoint, mv, type Endpoint } from '../../http/index.ts';
import { isClass, isTrait, type PlacementContext } from '../app/context.ts';
import { CustomName, strict } from '../schemas/common.ts';
import { STANDARD_CLASSES } from '../standard-classes.ts';
import { STANDARD_TRAITS } from '../standard-traits.ts';
import {
  addCustomName,
  classInUse,
  customNames,
  deleteCustomName,
  renameClass,
  traitInUse,
  usedTraits,
} from '../store/name.ts';
import { answer } from './answer.ts';

const CUSTOM = /^CUSTOM_[A-Z0-9_]+$/;
const Link = Type.Array(strict({ rel: Type.String(), href: Type.String() }));
const ResourceClass = strict({ name: Type.String(), links: Link });

const classBody = (name: string) => ({
  name,
  links: [{ rel: 'self', href: `/placement/resource_classes/${name}` }],
});

/** @throws {CloudError} badRequest for names that are not the callers' to make. */
function requireCustom(name: string): void {
  if (!CUSTOM.test(name) || name.length > 255)
    throw badRequest(`The name must begin with CUSTOM_ and hold A-Z, 0-9 and _ only: ${name.slice(0, 80)}`);
}

/** /resource_classes (1.2) and /traits (1.6): the standard ones, and those of names that begin with CUSTOM_. */
export const nameEndpoints = ({ db, clock }: PlacementContext): readonly Endpoint[] => [
  endpoint({
    id: 'resource_classes:list',
    min: mv('1.2'),
    method: 'GET',
    path: '/resource_classes',
    policy: 'placement:resource_classes:list',
    response: strict({ resource_classes: Type.Array(ResourceClass) }),
    ok: 200,
    handler: ({ version }) =>
      answer(
        version,
        { resource_classes: [...STANDARD_CLASSES, ...customNames(db, 'resource_class')].map(classBody) },
        clock(),
      ),
  }),
  endpoint({
    id: 'resource_classes:create',
    min: mv('1.2'),
    method: 'POST',
    path: '/resource_classes',
    policy: 'placement:resource_classes:create',
    body: strict({ name: CustomName }),
    response: 'none',
    ok: 201,
    handler: ({ body: { name }, base }) => {
      if (!transaction(db, () => addCustomName(db, 'resource_class', name, clock())))
        throw conflict(`Conflicting resource class already exists: ${name}`);
      return new Reply({ status: 201, headers: { location: `${base}/resource_classes/${name}` } });
    },
  }),
  endpoint({
    id: 'resource_classes:show',
    min: mv('1.2'),
    method: 'GET',
    path: '/resource_classes/{name}',
    policy: 'placement:resource_classes:show',
    response: ResourceClass,
    ok: 200,
    handler: ({ params, version }) => {
      if (!isClass(db, params.name)) throw notFound(`No such resource class ${params.name}.`);
      return answer(version, classBody(params.name), clock());
    },
  }),
  endpoint({
    id: 'resource_classes:rename',
    min: mv('1.2'),
    max: mv('1.6'),
    method: 'PUT',
    path: '/resource_classes/{name}',
    policy: 'placement:resource_classes:update',
    body: strict({ name: CustomName }),
    response: ResourceClass,
    ok: 200,
    handler: ({ params, body }) =>
      transaction(db, () => {
        if (!isClass(db, params.name)) throw notFound(`No such resource class ${params.name}.`);
        requireCustom(params.name);
        if (body.name !== params.name && isClass(db, body.name))
          throw conflict(`Resource class already exists: ${body.name}`);
        renameClass(db, params.name, body.name);
        return classBody(body.name);
      }),
  }),
  endpoint({
    id: 'resource_classes:ensure',
    min: mv('1.7'),
    method: 'PUT',
    path: '/resource_classes/{name}',
    policy: 'placement:resource_classes:update',
    ok: 204,
    handler: ({ params: { name }, base }) => {
      requireCustom(name);
      const added = transaction(db, () => addCustomName(db, 'resource_class', name, clock()));
      const headers = { location: `${base}/resource_classes/${name}` };
      return new Reply({ status: added ? 201 : 204, headers });
    },
  }),
  endpoint({
    id: 'resource_classes:delete',
    min: mv('1.2'),
    method: 'DELETE',
    path: '/resource_classes/{name}',
    policy: 'placement:resource_classes:delete',
    ok: 204,
    handler: ({ params: { name } }) =>
      transaction(db, () => {
        if (!isClass(db, name)) throw notFound(`No such resource class ${name}.`);
        if (STANDARD_CLASSES.includes(name))
          throw badRequest(`Error in delete resource class: Cannot delete standard resource class ${name}.`);
        if (classInUse(db, name))
          throw conflict(
            `Error in delete resource class: Cannot delete resource class ${name}. Class is in use in inventory.`,
          );
        deleteCustomName(db, 'resource_class', name);
      }),
  }),
  endpoint({
    id: 'traits:list',
    min: mv('1.6'),
    method: 'GET',
    path: '/traits',
    policy: 'placement:traits:list',
    query: strict({ name: Type.Optional(Type.String()), associated: Type.Optional(Type.String()) }),
    response: strict({ traits: Type.Array(Type.String()) }),
    ok: 200,
    handler: ({ query, version }) => {
      const associated = query.associated?.toLowerCase();
      if (associated !== undefined && !/^(true|1|false|0)$/.test(associated))
        throw badRequest("The query parameter 'associated' only accepts 'true' or 'false'");
      const used = new Set(usedTraits(db));
      const wantsUsed = associated === 'true' || associated === '1';
      const named = nameFilter(query.name);
      const traits = [...STANDARD_TRAITS, ...customNames(db, 'trait')]
        .filter((name) => named(name) && (associated === undefined || used.has(name) === wantsUsed))
        .sort();
      return answer(version, { traits }, clock());
    },
  }),
  endpoint({
    id: 'traits:show',
    min: mv('1.6'),
    method: 'GET',
    path: '/traits/{name}',
    policy: 'placement:traits:show',
    ok: 204,
    handler: ({ params, version }) => {
      if (!isTrait(db, params.name)) throw notFound(`No such trait(s): ${params.name}.`);
      return answer(version, undefined, clock(), 204);
    },
  }),
  endpoint({
    id: 'traits:update',
    min: mv('1.6'),
    method: 'PUT',
    path: '/traits/{name}',
    policy: 'placement:traits:update',
    ok: 204,
    handler: ({ params: { name }, version, base }) => {
      requireCustom(name);
      const added = transaction(db, () => addCustomName(db, 'trait', name, clock()));
      const done = answer(version, undefined, clock(), added ? 201 : 204);
      return new Reply({
        status: added ? 201 : 204,
        headers: { ...done.headers, location: `${base}/traits/${name}` },
      });
    },
  }),
  endpoint({
    id: 'traits:delete',
    min: mv('1.6'),
    method: 'DELETE',
    path: '/traits/{name}',
    policy: 'placement:traits:delete',
    ok: 204,
    handler: ({ params: { name } }) =>
      transaction(db, () => {
        if (!isTrait(db, name)) throw notFound(`No such trait(s): ${name}.`);
        if (STANDARD_TRAITS.has(name)) throw badRequest(`Cannot delete standard trait ${name}.`);
        if (traitInUse(db, name)) throw conflict(`The trait ${name} is in use by a resource provider.`);
        deleteCustomName(db, 'trait', name);
      }),
  }),
];

/** `startswith:HW_` or `in:A,B`. */
function nameFilter(text: string | undefined): (name: string) => boolean {
  if (text === undefined) return () => true;
  if (text.startsWith('startswith:')) return (name) => name.startsWith(text.slice(11));
  if (!text.startsWith('in:'))
    throw badRequest(
      'Badly formatted name parameter. Expected name query string parameter in form: ?name=[in|startswith]:[name1,name2|prefix].',
    );
  const names = new Set(text.slice(3).split(','));
  return (name) => names.has(name);
}
