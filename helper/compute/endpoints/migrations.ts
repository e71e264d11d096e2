import { Type } from 'typebox';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import {
  type AuthContext,
  endpoint,
  type Endpoint,
  isAdmin,
  mv,
  nextLink,
  pageOf,
} from '../../http/index.ts';
import { freshServer } from '../app/begin-action.ts';
import { timeOf } from '../app/server-filter.ts';
import { plainTime } from '../app/server-view.ts';
import type { ServerApp, ServerTarget } from '../app/server.ts';
import type { ComputeDeps } from '../deps.ts';
import { Links, Uuid, byVersion, strict } from '../schemas/common.ts';
import { findMigration, listMigrations, type MigrationRow } from '../store/migration.ts';

const Migration = (version: number) =>
  Type.Object(
    {
      id: Type.Integer(),
      instance_uuid: Uuid,
      source_compute: Type.String(),
      dest_compute: Type.String(),
      source_node: Type.String(),
      dest_node: Type.String(),
      dest_host: Type.Null(),
      status: Type.String(),
      old_instance_type_id: Type.Integer(),
      new_instance_type_id: Type.Integer(),
      created_at: Type.String(),
      updated_at: Type.String(),
      ...(version >= mv('2.23') ? { links: Type.Optional(Links), migration_type: Type.String() } : {}),
      ...(version >= mv('2.59') ? { uuid: Uuid } : {}),
      ...(version >= mv('2.80') ? { user_id: Type.String(), project_id: Type.String() } : {}),
    },
    { additionalProperties: false },
  );

const Migrations = byVersion(['2.1', '2.23', '2.59', '2.80'], (version) =>
  Type.Object(
    { migrations: Type.Array(Migration(version)), migrations_links: Type.Optional(Links) },
    { additionalProperties: false },
  ),
);

const texts = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, Type.Optional(Type.String())]));
const FILTERS = ['hidden', 'host', 'instance_uuid', 'source_compute', 'status', 'migration_type'];
const PAGING = texts('limit', 'marker');
const Moment = Type.Optional(Type.String({ format: 'date-time' }));
const SINCE = { ...texts(...FILTERS), ...PAGING, 'changes-since': Moment };
const BEFORE = { ...SINCE, 'changes-before': Moment };

/** Unknown parameters are ignored up to 2.58. */
const Query = [
  { from: mv('2.1'), schema: Type.Object(texts(...FILTERS), { additionalProperties: true }) },
  { from: mv('2.59'), schema: strict(SINCE) },
  { from: mv('2.66'), schema: strict(BEFORE) },
  { from: mv('2.80'), schema: strict({ ...BEFORE, ...texts('user_id', 'project_id') }) },
] as const;

const migrationBody = (version: number, row: MigrationRow) => ({
  id: row.id,
  instance_uuid: row.server_id,
  source_compute: row.host,
  dest_compute: row.host,
  source_node: row.node,
  dest_node: row.node,
  dest_host: null,
  status: row.status,
  old_instance_type_id: row.old_flavor_number,
  new_instance_type_id: row.new_flavor_number,
  created_at: plainTime(row.created_at),
  updated_at: plainTime(row.updated_at),
  ...(version >= mv('2.23') ? { migration_type: row.type } : {}),
  ...(version >= mv('2.59') ? { uuid: row.uuid } : {}),
  ...(version >= mv('2.80') ? { user_id: row.user_id, project_id: row.project_id } : {}),
});

const ONE = '/servers/{server_id}/migrations/{migration_id}';

/**
 * /os-migrations (resizes are told as such) and the live migrations of a server (api-ref, "Migrations", "Server
 * migrations"), of which a single host never has one under way.
 */
export const migrationEndpoints = (deps: ComputeDeps, servers: ServerApp): readonly Endpoint[] => {
  /** Upstream refuses by the task: nothing is being migrated. */
  const notMigrating = (
    auth: AuthContext,
    target: ServerTarget,
    action: 'abort live migration' | 'force_complete',
  ): never => {
    const row = freshServer(deps, target.row.id);
    if (row.locked_by !== null && !isAdmin(auth)) throw conflict(`Instance ${row.id} is locked`);
    throw conflict(
      `Cannot '${action}' instance ${row.id} while it is in task_state ${row.task_state ?? 'None'}`,
    );
  };
  return [
    endpoint({
      id: 'os-migrations:index',
      method: 'GET',
      path: '/os-migrations',
      policy: 'os_compute_api:os-migrations:index',
      query: Query,
      response: Migrations,
      ok: 200,
      handler: ({ query, version, base }) => {
        const asked = query as Readonly<Record<string, string | undefined>>;
        const paged = version >= mv('2.59');
        const page = paged ? pageOf(asked, { max: 1000, zeroIsEmpty: true }) : { limit: 1000 };
        const changesSince = paged ? timeOf(asked['changes-since']) : undefined;
        const changesBefore = version >= mv('2.66') ? timeOf(asked['changes-before']) : undefined;
        if (changesSince !== undefined && changesBefore !== undefined && changesBefore < changesSince)
          throw badRequest('The value of changes-since must be less than or equal to changes-before.');
        const rows = listMigrations(
          deps.db,
          {
            host: asked['host'] ?? asked['source_compute'],
            status: asked['status'],
            serverId: asked['instance_uuid'],
            type: asked['migration_type'],
            userId: version >= mv('2.80') ? asked['user_id'] : undefined,
            projectId: version >= mv('2.80') ? asked['project_id'] : undefined,
            changesSince,
            changesBefore,
          },
          page,
        );
        if (rows === undefined) throw badRequest(`Marker ${asked['marker']} could not be found.`);
        const last = paged && rows.length === page.limit ? rows.at(-1) : undefined;
        return {
          migrations: rows.map((row) => migrationBody(version, row)),
          ...(last === undefined
            ? {}
            : {
                migrations_links: [{ rel: 'next', href: nextLink(base, '/os-migrations', asked, last.uuid) }],
              }),
        };
      },
    }),
    endpoint({
      id: 'servers:migrations:index',
      min: mv('2.23'),
      method: 'GET',
      path: '/servers/{server_id}/migrations',
      policy: 'os_compute_api:servers:migrations:index',
      response: strict({ migrations: Type.Array(Type.Never(), { maxItems: 0 }) }),
      ok: 200,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      // Only live migrations under way are listed here.
      handler: () => ({ migrations: [] }),
    }),
    endpoint({
      id: 'servers:migrations:show',
      min: mv('2.23'),
      method: 'GET',
      path: ONE,
      policy: 'os_compute_api:servers:migrations:show',
      response: 'failure',
      ok: 404,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: ({ target, params }) => {
        const id = params.migration_id;
        const known = findMigration(deps.db, target.row.id, id) !== undefined;
        throw notFound(
          known
            ? `Migration ${id} for server ${target.row.id} is not live-migration.`
            : `In-progress live migration ${id} is not found for server ${target.row.id}.`,
        );
      },
    }),
    endpoint({
      id: 'servers:migrations:delete',
      min: mv('2.24'),
      method: 'DELETE',
      path: ONE,
      policy: 'os_compute_api:servers:migrations:delete',
      response: 'none',
      ok: 202,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: ({ auth, target }) => notMigrating(auth, target, 'abort live migration'),
    }),
    endpoint({
      id: 'servers:migrations:force_complete',
      min: mv('2.22'),
      method: 'POST',
      path: '/servers/{server_id}/migrations/{migration_id}/action',
      action: 'force_complete',
      policy: 'os_compute_api:servers:migrations:force_complete',
      body: strict({ force_complete: Type.Null() }),
      response: 'none',
      ok: 202,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: ({ auth, target }) => notMigrating(auth, target, 'force_complete'),
    }),
  ];
};
