import type { Db } from '../../db/index.ts';
import { zoneOfHost } from '../scheduler/host-state.ts';
import { aggregatesWithHosts } from '../store/aggregate.ts';
import { listServices, type ServiceRow } from '../store/host.ts';
import { INTERNAL_ZONE, isUp } from './service.ts';
import { plainTime } from './server-view.ts';

/** GET /os-availability-zone: zones with a host that takes servers; in detail, who is in them. */
export class ZoneApp {
  readonly #db: Db;
  readonly #zone: string;

  constructor({ db, zone }: { readonly db: Db; readonly zone: string }) {
    this.#db = db;
    this.#zone = zone;
  }

  list(): object {
    const zones = [...this.#byZone()].filter(([name]) => name !== INTERNAL_ZONE);
    return {
      availabilityZoneInfo: zones.map(([zoneName, services]) => ({
        zoneName,
        zoneState: { available: services.some(({ disabled }) => disabled === 0) },
        hosts: null,
      })),
    };
  }

  detail(): object {
    return {
      availabilityZoneInfo: [...this.#byZone()].map(([zoneName, services]) => ({
        zoneName,
        zoneState: { available: services.some(({ disabled }) => disabled === 0) },
        hosts: Object.fromEntries(
          [...Map.groupBy(services, ({ host }) => host)].map(([host, list]) => [
            host,
            Object.fromEntries(list.map((service) => [service.binary, healthOf(service)])),
          ]),
        ),
      })),
    };
  }

  #byZone(): ReadonlyMap<string, readonly ServiceRow[]> {
    const aggregates = aggregatesWithHosts(this.#db);
    return Map.groupBy(listServices(this.#db), ({ binary, host }) =>
      binary === 'nova-compute' ? zoneOfHost(aggregates, host, this.#zone) : INTERNAL_ZONE,
    );
  }
}

const healthOf = (service: ServiceRow): object => ({
  active: service.disabled === 0,
  available: isUp(service),
  updated_at: plainTime(service.updated_at),
});
