import { Type } from 'typebox';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { type Caller, callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import { freshServer } from '../app/begin-action.ts';
import type { ServerActions } from '../app/server-action.ts';
import { requireLegal } from '../app/server-state.ts';
import type { ServerApp, ServerTarget } from '../app/server.ts';
import type { ServerAction } from '../../contract/server-actions.ts';
import type { ComputeDeps } from '../deps.ts';
import { Bool, Fqdn, byVersion, isTrue, nullable, strict } from '../schemas/common.ts';
import { findHost } from '../store/host.ts';

const ACTION = {
  method: 'POST',
  path: '/servers/{server_id}/action',
  response: 'none',
  ok: 202,
} as const;
const Anything = Type.Unknown();

const Host = nullable(Fqdn);
const Migrate = [
  { from: mv('2.1'), schema: strict({ migrate: Type.Unknown() }) },
  {
    from: mv('2.56'),
    schema: strict({
      migrate: Type.Union([
        Type.Null(),
        Type.Object({ host: Type.Optional(Host) }, { additionalProperties: false }),
      ]),
    }),
  },
] as const;
const MigrateLive = byVersion(['2.1', '2.25', '2.30', '2.68'], (version) =>
  strict({
    'os-migrateLive': Type.Object(
      {
        block_migration: version >= mv('2.25') ? Type.Union([Bool, Type.Literal('auto')]) : Bool,
        host: Host,
        ...(version < mv('2.25') ? { disk_over_commit: Bool } : {}),
        ...(version >= mv('2.30') && version < mv('2.68') ? { force: Type.Optional(Bool) } : {}),
      },
      { additionalProperties: false },
    ),
  }),
);
const Evacuate = byVersion(['2.1', '2.14', '2.29', '2.68'], (version) =>
  strict({
    evacuate: Type.Object(
      {
        host: Type.Optional(Fqdn),
        adminPass: Type.Optional(Type.String({ maxLength: 255, format: 'text' })),
        ...(version < mv('2.14') ? { onSharedStorage: Bool } : {}),
        ...(version >= mv('2.29') && version < mv('2.68') ? { force: Type.Optional(Bool) } : {}),
      },
      { additionalProperties: false },
    ),
  }),
);
const FORCE_NOWHERE = "Can't force to a non-provided destination";

/** Moves of servers, which a single host has no place for, and other actions of administrators. */
export const serverAdminEndpoints = (
  deps: ComputeDeps,
  servers: ServerApp,
  actions: ServerActions,
): readonly Endpoint[] => {
  const { db } = deps;
  /** As upstream, the state is looked at before a host is looked for. */
  const nowhere = (
    caller: Caller,
    target: ServerTarget,
    action: ServerAction,
    host: string | null | undefined,
  ): never => {
    const row = freshServer(deps, target.row.id);
    requireLegal(action, row, caller.auth);
    if (host !== undefined && host !== null) {
      if (findHost(db, host) === undefined) throw badRequest(`Compute host ${host} could not be found.`);
      if (host === row.host)
        throw badRequest(`Unable to migrate instance (${row.id}) to current host (${host}).`);
    }
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
      body: Migrate,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => {
        const { migrate } = context.body as { readonly migrate?: { readonly host?: string | null } | null };
        const host = context.version >= mv('2.56') ? migrate?.host : undefined;
        nowhere(callerOf(context), context.target, 'migrate', host);
      },
    }),
    endpoint({
      ...ACTION,
      id: 'os-migrate-server:migrate_live',
      action: 'os-migrateLive',
      policy: 'os_compute_api:os-migrate-server:migrate_live',
      body: MigrateLive,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => {
        const { 'os-migrateLive': asked } = context.body as {
          readonly 'os-migrateLive': { readonly host: string | null; readonly force?: boolean | string };
        };
        if (isTrue(asked.force) && asked.host === null) throw badRequest(FORCE_NOWHERE);
        nowhere(callerOf(context), context.target, 'os-migrateLive', asked.host);
      },
    }),
    endpoint({
      ...ACTION,
      id: 'os-evacuate',
      action: 'evacuate',
      policy: 'os_compute_api:os-evacuate',
      body: Evacuate,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => {
        const { evacuate } = context.body as {
          readonly evacuate: {
            readonly host?: string;
            readonly force?: boolean | string;
            readonly adminPass?: string;
            readonly onSharedStorage?: boolean | string;
          };
        };
        const { host } = evacuate;
        if (isTrue(evacuate.force) && host === undefined) throw badRequest(FORCE_NOWHERE);
        if (isTrue(evacuate.onSharedStorage) && evacuate.adminPass !== undefined)
          throw badRequest("admin password can't be changed on existing disk");
        if (host !== undefined && findHost(db, host) === undefined)
          throw notFound(`Compute host ${host} not found.`);
        const row = freshServer(deps, context.target.row.id);
        if (host !== undefined && host === row.host)
          throw badRequest("The target host can't be the same one.");
        requireLegal('evacuate', row, context.auth);
        if (deps.basics.services.hostStatus(db, row.host ?? '') !== 'DOWN')
          throw badRequest(`Compute service of ${row.host ?? ''} is still in use.`);
        throw badRequest(
          'No valid host was found. This cloud has a single host, so there is none to evacuate to: start the server again when the host is back.',
        );
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
  ];
};
