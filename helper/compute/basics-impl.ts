import type { Db } from '../db/index.ts';
import type { DiskHost } from '../host/disk/interface.ts';
import type { DomainHost } from '../host/domain/interface.ts';
import type { Endpoint, PolicyRules } from '../http/index.ts';
import { AggregateApp } from './app/aggregate.ts';
import { FlavorApp } from './app/flavor.ts';
import { ComputeHosts } from './app/host.ts';
import { HostApp } from './app/os-hosts.ts';
import { HypervisorApp } from './app/hypervisor.ts';
import { KeyPairApp } from './app/keypair.ts';
import { QuotaApp } from './app/quota.ts';
import { ServerGroupApp } from './app/server-group.ts';
import { ServiceApp } from './app/service.ts';
import { ZoneApp } from './app/zone.ts';
import { basicsRules } from './basics-policy.ts';
import type { HostProviders } from '../placement/index.ts';
import type { Basics } from './basics.ts';
import type { ComputeConfig } from './deps.ts';
import { aggregateEndpoints } from './endpoints/aggregate.ts';
import { flavorExtraSpecEndpoints } from './endpoints/flavor-extra-specs.ts';
import { flavorEndpoints } from './endpoints/flavor.ts';
import { hypervisorEndpoints, serviceEndpoints } from './endpoints/host.ts';
import { oldHostEndpoints } from './endpoints/os-hosts.ts';
import { keyPairEndpoints } from './endpoints/keypair.ts';
import { quotaEndpoints } from './endpoints/quota.ts';
import { serverGroupEndpoints } from './endpoints/server-group.ts';
import type { Allocation } from './scheduler/host-state.ts';
import { FilterScheduler } from './scheduler/scheduler.ts';
import { DEFAULT_MULTIPLIERS, type Multipliers } from './scheduler/weighers.ts';

/** The ratios of the years of the source documents (vCPU 16, memory 1.5), which suit a desktop; 512 MiB are the host's own. */
const DEFAULT_ALLOCATION: Allocation = { cpuRatio: 16, ramRatio: 1.5, diskRatio: 1, reservedMemoryMib: 512 };

export interface BasicsDeps {
  readonly db: Db;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly domains: DomainHost;
  readonly disks: Pick<DiskHost, 'freeBytes'>;
  /** The placement service, which is told what hosts have and what servers take. */
  readonly providers?: HostProviders;
  /** Asked before a quota is set or a flavor shared; identity knows. */
  readonly projectExists?: (id: string) => boolean;
  readonly config: Pick<ComputeConfig, 'hostName' | 'stateDirectory' | 'zone'> & {
    readonly allocation?: Partial<Allocation>;
    readonly multipliers?: Partial<Multipliers>;
  };
}

export interface BasicsService extends Basics {
  readonly endpoints: readonly Endpoint[];
  readonly rules: PolicyRules;
  /** Registers this machine as a compute host; a hypervisor that does not answer makes it 'down'. */
  start(): Promise<void>;
  stop(): void;
}

/** Flavors, key pairs, quotas, scheduler, claims, zones, services, hypervisors, aggregates. */
export function createBasics(deps: BasicsDeps): BasicsService {
  const { db, clock, config } = deps;
  const { hostName, stateDirectory, zone } = config;
  const allocation = { ...DEFAULT_ALLOCATION, ...config.allocation };
  const scheduling = {
    zone,
    allocation,
    multipliers: { ...DEFAULT_MULTIPLIERS, ...config.multipliers },
    ...(deps.providers === undefined ? {} : { providers: deps.providers }),
  };
  const flavors = new FlavorApp({ db, clock });
  const quotas = new QuotaApp(deps);
  const keyPairs = new KeyPairApp({ db, clock, quotas });
  const hosts = new ComputeHosts({ ...deps, hostName, stateDirectory, scheduling });
  return {
    flavors,
    keyPairs,
    quotas,
    scheduler: new FilterScheduler(scheduling),
    claims: hosts,
    zones: hosts,
    services: hosts,
    rules: basicsRules,
    endpoints: [
      ...flavorEndpoints(flavors),
      ...flavorExtraSpecEndpoints(flavors),
      ...keyPairEndpoints(keyPairs),
      ...quotaEndpoints(quotas),
      ...serverGroupEndpoints(new ServerGroupApp({ db, clock, quotas })),
      ...serviceEndpoints(
        new ServiceApp({
          db,
          clock,
          zone,
          hostRemoved: (inDb, uuid) => deps.providers?.remove(inDb, uuid),
          hostChanged: (inDb, host) => hosts.publish(inDb, host),
        }),
        new ZoneApp({ db, zone }),
      ),
      ...hypervisorEndpoints(new HypervisorApp({ db, allocation, zone, hostName }), hosts),
      ...oldHostEndpoints(new HostApp({ db, clock, zone, allocation })),
      ...aggregateEndpoints(
        new AggregateApp({
          db,
          clock,
          ...(deps.providers === undefined ? {} : { providers: deps.providers }),
        }),
      ),
    ],
    start: () => hosts.start(),
    stop: () => hosts.stop(),
  };
}
