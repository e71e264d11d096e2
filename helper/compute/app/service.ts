import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import { isTrue } from '../schemas/common.ts';
import {
  deleteService,
  findHost,
  findService,
  listServices,
  serversOnHosts,
  updateService,
  type ServiceRow,
} from '../store/host.ts';
import { aggregatesWithHosts } from '../store/aggregate.ts';
import { zoneOfHost } from '../scheduler/host-state.ts';
import { plainTime } from './server-view.ts';

/** Where services live that are no compute hosts, as in nova. */
export const INTERNAL_ZONE = 'internal';

export interface ServiceDeps {
  readonly db: Db;
  readonly clock: () => number;
  readonly zone: string;
  /** The host's resource provider goes with it, in the caller's transaction. */
  readonly hostRemoved: (db: Db, uuid: string) => void;
  /** A host's service was switched on or off, in the caller's transaction. */
  readonly hostChanged: (db: Db, host: string) => void;
}

interface ServiceChange {
  readonly status?: string;
  readonly disabled_reason?: string;
  readonly forced_down?: boolean | string;
}

export const isUp = (service: Pick<ServiceRow, 'up' | 'forced_down'>): boolean =>
  service.up === 1 && service.forced_down === 0;

/** /os-services: what an administrator sees and switches. */
export class ServiceApp {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  list(caller: Caller, filter: { readonly host?: string; readonly binary?: string }): object {
    const view = this.#view(caller);
    const services = listServices(this.#deps.db).filter(
      ({ host, binary }) =>
        (filter.host === undefined || filter.host === host) &&
        (filter.binary === undefined || filter.binary === binary),
    );
    return { services: services.map(view) };
  }

  /** Before 2.53: 'enable', 'disable', 'disable-log-reason', and from 2.11 'force-down'. */
  act(caller: Caller, action: string, request: { host: string; binary: string } & ServiceChange): object {
    const { host, binary } = request;
    const change = changeOf(caller, action, request);
    onlyCompute(binary);
    transaction(this.#deps.db, () => {
      const service = findService(this.#deps.db, host, binary);
      if (service === undefined) throw notFound(`Could not find binary ${binary} on host ${host}.`);
      updateService(this.#deps.db, service.id, change, this.#deps.clock());
      this.#deps.hostChanged(this.#deps.db, host);
    });
    if (change.forcedDown !== undefined) return { service: { host, binary, forced_down: change.forcedDown } };
    const status = change.disabled ? 'disabled' : 'enabled';
    const reason = change.disabledReason;
    return { service: { host, binary, status, ...(reason ? { disabled_reason: reason } : {}) } };
  }

  update(caller: Caller, id: string, request: ServiceChange): object {
    checkUuid(id);
    const { status, disabled_reason: reason, forced_down: forcedDown } = request;
    if (reason !== undefined && status !== 'disabled') {
      throw badRequest('Specifying disabled_reason requires that status is set to "disabled".');
    }
    return transaction(this.#deps.db, () => {
      const service = this.#find(id);
      onlyCompute(service.binary);
      updateService(
        this.#deps.db,
        service.id,
        {
          disabled: status === undefined ? undefined : status === 'disabled',
          disabledReason: status === undefined ? undefined : (reason ?? null),
          forcedDown: forcedDown === undefined ? undefined : isTrue(forcedDown),
        },
        this.#deps.clock(),
      );
      this.#deps.hostChanged(this.#deps.db, service.host);
      return { service: this.#view(caller)(this.#find(id)) };
    });
  }

  remove(caller: Caller, id: string): void {
    const { db } = this.#deps;
    const byUuid = caller.version >= mv('2.53');
    if (byUuid) checkUuid(id);
    else if (!/^\d{1,15}$/.test(id)) throw badRequest(`id must be an integer, not '${id.slice(0, 80)}'`);
    transaction(db, () => {
      const service = this.#find(id, byUuid);
      if (service.binary === 'nova-compute') {
        const host = findHost(db, service.host);
        if ((host?.claims ?? 0) > 0 || serversOnHosts(db, [service.host]).length > 0)
          throw conflict(
            'Unable to delete compute service that is hosting instances. Migrate or delete the instances first.',
          );
        if (host !== undefined) this.#deps.hostRemoved(db, host.uuid);
      }
      deleteService(db, service);
    });
  }

  #find(id: string, byUuid = true): ServiceRow {
    const service = listServices(this.#deps.db).find((one) => (byUuid ? one.uuid : String(one.id)) === id);
    if (service === undefined) throw notFound(`Service ${id} not found.`);
    return service;
  }

  #view(caller: Caller): (service: ServiceRow) => object {
    const aggregates = aggregatesWithHosts(this.#deps.db);
    return (service) => ({
      id: caller.version >= mv('2.53') ? service.uuid : service.id,
      binary: service.binary,
      host: service.host,
      zone:
        service.binary === 'nova-compute'
          ? zoneOfHost(aggregates, service.host, this.#deps.zone)
          : INTERNAL_ZONE,
      status: service.disabled === 1 ? 'disabled' : 'enabled',
      state: isUp(service) ? 'up' : 'down',
      updated_at: plainTime(service.updated_at),
      disabled_reason: service.disabled_reason,
      ...(caller.version >= mv('2.11') ? { forced_down: service.forced_down === 1 } : {}),
    });
  }
}

/** @throws {CloudError} badRequest */
function checkUuid(id: string): void {
  if (!/^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(id))
    throw badRequest(`Invalid uuid ${id.slice(0, 80)}`);
}

function onlyCompute(binary: string): void {
  if (binary === 'nova-compute') return;
  throw badRequest(
    `Updating a ${binary} service is not supported. Only nova-compute services can be updated.`,
  );
}

function changeOf(caller: Caller, action: string, request: ServiceChange) {
  switch (action) {
    case 'enable':
      return { disabled: false, disabledReason: null };
    case 'disable':
      return { disabled: true, disabledReason: null };
    case 'disable-log-reason':
      if (request.disabled_reason === undefined) throw badRequest('Missing disabled reason field');
      return { disabled: true, disabledReason: request.disabled_reason };
    case 'force-down':
      if (caller.version < mv('2.11')) throw notFound('Unknown action');
      if (request.forced_down === undefined) throw badRequest('Missing forced_down field');
      return { forcedDown: isTrue(request.forced_down) };
    default:
      throw notFound('Unknown action');
  }
}
