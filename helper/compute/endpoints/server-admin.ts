import { Type } from 'typebox';
import { badRequest, conflict } from '../../errors/error.ts';
import { Reply, endpoint, mv, pageOf, type Endpoint } from '../../http/index.ts';
import { freshServer } from '../app/begin-action.ts';
import type { ServerActions } from '../app/server-action.ts';
import { requireLegal } from '../app/server-state.ts';
import { plainTime } from '../app/server-view.ts';
import type { ServerApp, ServerTarget } from '../app/server.ts';
import type { ServerAction } from '../../contract/server-actions.ts';
import type { Caller } from '../app/server-request.ts';
import type { ComputeDeps } from '../deps.ts';
import { Links, Uuid, byVersion, strict } from '../schemas/common.ts';
import { listMigrations, type MigrationRow } from '../store/migration.ts';
import { callerOf } from './caller.ts';

const ACTION = { method: 'POST', path: '/servers/{server_id}/action', ok: 202 } as const;
const Anything = Type.Unknown();

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

const Query = Type.Object(
  Object.fromEntries(
    [
      'host',
      'status',
      'instance_uuid',
      'migration_type',
      'user_id',
      'project_id',
      'changes-since',
      'changes-before',
      'source_compute',
      'hidden',
      'limit',
      'marker',
    ].map((name) => [name, Type.Optional(Type.String())]),
  ),
  { additionalProperties: true },
);

/** Internal numbers of flavors upstream; here an old flavor may be gone, so that there are none to tell. */
const NO_NUMBER = 0;

const migrationBody = (version: number, row: MigrationRow) => ({
  id: row.id,
  instance_uuid: row.server_id,
  source_compute: row.host,
  dest_compute: row.host,
  source_node: row.node,
  dest_node: row.node,
  dest_host: null,
  status: row.status,
  old_instance_type_id: NO_NUMBER,
  new_instance_type_id: NO_NUMBER,
  created_at: plainTime(row.created_at),
  updated_at: plainTime(row.updated_at),
  ...(version >= mv('2.23') ? { migration_type: row.type } : {}),
  ...(version >= mv('2.59') ? { uuid: row.uuid } : {}),
  ...(version >= mv('2.80') ? { user_id: row.user_id, project_id: row.project_id } : {}),
});

/** Moves of servers, which a single host has no place for, and what is told of resizes. */
export const serverAdminEndpoints = (
  deps: ComputeDeps,
  servers: ServerApp,
  actions: ServerActions,
): readonly Endpoint[] => {
  /** As upstream, the state is looked at before a host is looked for. */
  const nowhere = (caller: Caller, target: ServerTarget, action: ServerAction): never => {
    requireLegal(action, freshServer(deps, target.row.id), caller.auth);
    throw badRequest(
      'No valid host was found. There are not enough hosts available: this cloud has a single one.',
    );
  };
  return [
    endpoint({
      ...ACTION,
      id: 'os-migrate-server:migrate',
      action: 'migrate',
      policy: 'os_compute_api:os-migrate-server:migrate',
      body: strict({ migrate: Anything }),
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => nowhere(callerOf(context), context.target, 'migrate'),
    }),
    endpoint({
      ...ACTION,
      id: 'os-migrate-server:migrate_live',
      action: 'os-migrateLive',
      policy: 'os_compute_api:os-migrate-server:migrate_live',
      body: strict({ 'os-migrateLive': Type.Object({}) }),
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => nowhere(callerOf(context), context.target, 'os-migrateLive'),
    }),
    endpoint({
      ...ACTION,
      id: 'os-evacuate',
      action: 'evacuate',
      policy: 'os_compute_api:os-evacuate',
      body: strict({ evacuate: Type.Object({}) }),
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => {
        const { target } = context;
        requireLegal('evacuate', freshServer(deps, target.row.id), context.auth);
        throw badRequest(`Compute service of ${target.row.host ?? ''} is still in use.`);
      },
    }),
    endpoint({
      ...ACTION,
      id: 'os-deferred-delete:force',
      action: 'forceDelete',
      policy: 'os_compute_api:os-deferred-delete:force',
      body: strict({ forceDelete: Anything }),
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => {
        actions.delete(callerOf(context), context.target);
      },
    }),
    endpoint({
      ...ACTION,
      id: 'os-deferred-delete:restore',
      action: 'restore',
      policy: 'os_compute_api:os-deferred-delete:restore',
      body: strict({ restore: Anything }),
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => {
        requireLegal('restore', freshServer(deps, context.target.row.id), context.auth);
      },
    }),
    endpoint({
      ...ACTION,
      id: 'servers:trigger_crash_dump',
      min: mv('2.17'),
      action: 'trigger_crash_dump',
      policy: 'os_compute_api:servers:trigger_crash_dump',
      body: strict({ trigger_crash_dump: Type.Null() }),
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: async (context) => {
        const { target } = context;
        requireLegal('trigger_crash_dump', freshServer(deps, target.row.id), context.auth);
        const status = await deps.domains.status(target.row.id);
        if (status?.powerState !== 'running' && status?.powerState !== 'paused')
          throw conflict(`Instance ${target.row.id} is not running.`);
        await deps.domains.injectNmi(target.row.id);
      },
    }),
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
        const page = version >= mv('2.59') ? pageOf(query, { max: 1000 }) : { limit: 1000 };
        const time = (text: string | undefined): number | undefined => {
          if (text === undefined) return undefined;
          const at = Date.parse(text);
          if (Number.isNaN(at)) throw badRequest(`Invalid input: ${text} is not a time.`);
          return at;
        };
        const rows = listMigrations(
          deps.db,
          {
            host: asked['host'] ?? asked['source_compute'],
            status: asked['status'],
            serverId: asked['instance_uuid'],
            type: asked['migration_type'],
            userId: version >= mv('2.80') ? asked['user_id'] : undefined,
            projectId: version >= mv('2.80') ? asked['project_id'] : undefined,
            changesSince: version >= mv('2.59') ? time(asked['changes-since']) : undefined,
            changesBefore: version >= mv('2.66') ? time(asked['changes-before']) : undefined,
          },
          page,
        );
        if (rows === undefined) throw badRequest(`Marker ${asked['marker']} could not be found.`);
        const last = rows.length === page.limit ? rows.at(-1) : undefined;
        return new Reply({
          body: {
            migrations: rows.map((row) => migrationBody(version, row)),
            ...(last === undefined || version < mv('2.59')
              ? {}
              : {
                  migrations_links: [
                    { rel: 'next', href: `${base}/os-migrations?marker=${last.uuid}&limit=${page.limit}` },
                  ],
                }),
          },
        });
      },
    }),
    endpoint({
      id: 'servers:migrations:index',
      min: mv('2.23'),
      method: 'GET',
      path: '/servers/{server_id}/migrations',
      policy: 'os_compute_api:servers:migrations:index',
      response: strict({ migrations: Type.Array(Type.Unknown(), { maxItems: 0 }) }),
      ok: 200,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      // Only live migrations under way are listed here, and there are none.
      handler: () => ({ migrations: [] }),
    }),
  ];
};
