import { computeDialect } from '../errors/dialects.ts';
import type { Endpoint, Service } from '../http/index.ts';
import { computeAbsent } from './absent.ts';
import { computeFace } from './app/face.ts';
import { InstanceActionApp } from './app/instance-action.ts';
import { ServerActions } from './app/server-action.ts';
import { ServerRescues } from './app/server-rescue.ts';
import { ServerShelves } from './app/server-shelve.ts';
import { ServerInterfaces } from './app/server-interface.ts';
import { ServerVolumes } from './app/server-volume.ts';
import { ServerChanges } from './app/server-change.ts';
import { ServerCreator } from './app/server-create.ts';
import { ServerApp } from './app/server.ts';
import { UsageApp } from './app/usage.ts';
import { volumeSide } from './app/volume-side.ts';
import type { ComputeSide } from '../volume/face.ts';
import type { ComputeDeps } from './deps.ts';
import { MICROVERSIONS, discovery } from './discovery.ts';
import { instanceActionEndpoints } from './endpoints/instance-action.ts';
import { remoteConsoleEndpoints } from './endpoints/remote-console.ts';
import { serverActionEndpoints } from './endpoints/server-action.ts';
import { serverAdminEndpoints } from './endpoints/server-admin.ts';
import { imageProxyEndpoints } from './endpoints/image-proxy.ts';
import { securityGroupEndpoints } from './endpoints/security-groups.ts';
import { aggregateImageEndpoints } from './endpoints/aggregate-images.ts';
import { externalEventEndpoints } from './endpoints/external-events.ts';
import { extensionEndpoints } from './endpoints/extensions.ts';
import { goneEndpoints } from './endpoints/gone.ts';
import { migrationEndpoints } from './endpoints/migrations.ts';
import { volumeProxyEndpoints } from './endpoints/volume-proxy.ts';
import { networkProxyEndpoints } from './endpoints/network-proxy.ts';
import { serverFactEndpoints } from './endpoints/server-facts.ts';
import { usageEndpoints } from './endpoints/usage.ts';
import { serverChangeEndpoints } from './endpoints/server-change.ts';
import { serverGuestEndpoints } from './endpoints/server-guest.ts';
import { serverInterfaceEndpoints } from './endpoints/server-interface.ts';
import { serverMetadataEndpoints } from './endpoints/server-metadata.ts';
import { serverNetworkEndpoints } from './endpoints/server-network.ts';
import { serverRescueEndpoints } from './endpoints/server-rescue.ts';
import { serverVolumeEndpoints } from './endpoints/server-volume.ts';
import { serverTagEndpoints } from './endpoints/server-tags.ts';
import { serverEndpoints } from './endpoints/server.ts';
import type { ComputeFace } from './face.ts';
import { restRules } from './policy-rest.ts';
import { serverRules } from './policy.ts';
import { registerServerSagas } from './sagas/index.ts';
import { reconcileSecrets } from './sagas/volume-secrets.ts';

export type * from './basics.ts';
export { NoValidHost } from './basics.ts';
export type * from './deps.ts';
export type * from './face.ts';
export { MICROVERSIONS } from './discovery.ts';
export { serverPower, type PowerChange, type ServerPower } from './power.ts';

export interface Compute {
  readonly service: Service;
  readonly face: ComputeFace;
  /** The network service deletes a port of a server. Joins the caller's transaction. */
  portDeleted: ServerInterfaces['portDeleted'];
  /** For block storage. */
  readonly volumes: ComputeSide;
  /** Begins what happens by the clock: shelved servers leave their hosts. After the engine has started. */
  start(): void;
  /** Gives the hypervisor's store the secrets of servers' disks, and takes out what is of none. */
  reconcileSecrets(): Promise<void>;
  stop(): void;
}

/** /os-volumes_boot is another name of /servers, from before servers could be booted from volumes there. */
const bootAlias = (endpoint: Endpoint): Endpoint => ({
  ...endpoint,
  id: `os-volumes_boot:${endpoint.id}`,
  path: endpoint.path.replace('/servers', '/os-volumes_boot'),
});

/**
 * The compute service. Registers its sagas: call it before the engine starts. The loop that follows power states is
 * helper/reconcile/power-state.ts.
 */
export function createCompute(deps: ComputeDeps): Compute {
  registerServerSagas(deps);
  const servers = new ServerApp(deps);
  const actions = new ServerActions(deps);
  const changes = new ServerChanges(deps);
  const shelves = new ServerShelves(deps, changes);
  const interfaces = new ServerInterfaces(deps);
  const service: Service = {
    name: 'compute',
    prefix: '/compute',
    root: '/v2.1',
    legacyRoot: '/v2',
    dialect: computeDialect,
    absent: computeAbsent,
    rules: { ...serverRules, ...restRules, ...deps.basicsRules },
    microversions: MICROVERSIONS,
    requestIdHeaders: ['x-compute-request-id'],
    discovery,
    endpoints: [
      ...serverEndpoints(servers, new ServerCreator(deps), actions).flatMap((one) => [one, bootAlias(one)]),
      ...serverActionEndpoints(servers, actions),
      ...serverChangeEndpoints(servers, changes),
      ...serverRescueEndpoints(servers, new ServerRescues(deps), shelves),
      ...imageProxyEndpoints(deps),
      ...serverGuestEndpoints(deps, servers),
      ...serverAdminEndpoints(deps, servers, actions),
      ...securityGroupEndpoints(servers, deps.network.compute),
      ...remoteConsoleEndpoints(servers, actions),
      ...serverMetadataEndpoints(servers),
      ...serverTagEndpoints(servers),
      ...serverNetworkEndpoints(servers),
      ...serverVolumeEndpoints(servers, new ServerVolumes(deps)),
      ...serverInterfaceEndpoints(servers, interfaces),
      ...volumeProxyEndpoints(deps.volume.proxy),
      ...networkProxyEndpoints(servers, deps.network.computeAddresses),
      ...externalEventEndpoints(deps),
      ...serverFactEndpoints(deps, servers),
      ...usageEndpoints(new UsageApp(deps)),
      ...aggregateImageEndpoints(deps),
      ...migrationEndpoints(deps, servers),
      ...extensionEndpoints(),
      ...goneEndpoints(),
      ...instanceActionEndpoints(new InstanceActionApp(deps)),
      ...(deps.basicsEndpoints ?? []),
    ],
  };
  return {
    service,
    face: computeFace(deps.config),
    portDeleted: (serverId, nic, who) => interfaces.portDeleted(serverId, nic, who),
    volumes: volumeSide(deps),
    start: () => shelves.start(),
    reconcileSecrets: () => reconcileSecrets(deps),
    stop: () => shelves.stop(),
  };
}
