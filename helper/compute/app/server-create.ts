import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { CloudError, badRequest, forbidden } from '../../errors/error.ts';
import { type Caller, mv, requirePolicy } from '../../http/index.ts';
import { currentOrigin } from '../../origin.ts';
import { Secret } from '../../secret.ts';
import type { Flavor, KeyPair, RequestSpec } from '../basics.ts';
import type { ComputeDeps } from '../deps.ts';
import { serverCreate } from '../sagas/server-create.ts';
import { isTrue } from '../schemas/common.ts';
import type { ServerCreateBody, ServerCreateRequest } from '../schemas/server-create.ts';
import { insertServerAction } from '../store/server-action.ts';
import { resourcesOfFlavor } from '../store/server-row.ts';
import { insertServer } from '../store/server.ts';
import type { ServerGroupRow } from '../store/server-group.ts';
import { DevicePlanner, devicesOf, reserveVolumes, type DevicePlan } from './block-device-plan.ts';
import { checkFlavor, checkFlavorOfVolume, checkImage } from './image-check.ts';
import { checkInjectedFiles } from './injected-files.ts';
import { placementOf, type Placement } from './placement.ts';
import { checkMembers, hintedGroup } from './server-group.ts';
import { serverLinks } from './server-view.ts';

/** A request for servers, checked. */
interface Plan {
  readonly caller: Caller;
  readonly projectId: string;
  readonly request: ServerCreateRequest;
  readonly flavor: Flavor;
  readonly disks: DevicePlan;
  readonly keyPair: KeyPair | undefined;
  readonly placement: Placement;
  readonly hints: Readonly<Record<string, unknown>>;
  readonly group: ServerGroupRow | null;
  readonly adminPassword: string;
  readonly reservationId: string;
  readonly securityGroups: readonly string[] | undefined;
}

const PASSWORD_CHARACTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** For administrators of guests; without characters that look alike. */
export const generatePassword = (): string =>
  Array.from({ length: 12 }, () => PASSWORD_CHARACTERS[randomInt(PASSWORD_CHARACTERS.length)]).join('');

/**
 * A name as a host name (RFC 1123): lower case, '-' for what cannot be in one, at most 63 characters; 'server-<id>'
 * when nothing is left.
 */
export function hostnameOf(name: string, serverId: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[ _.]/g, '-')
    .replaceAll(/[^a-z0-9-]/g, '')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return plain === '' ? `server-${serverId}` : plain;
}

/** POST /servers. */
export class ServerCreator {
  readonly #deps: ComputeDeps;
  readonly #devices: DevicePlanner;

  constructor(deps: ComputeDeps) {
    this.#deps = deps;
    this.#devices = new DevicePlanner(deps);
  }

  /**
   * Checks the request, then writes the servers and queues their operations in one transaction.
   * @returns the body of the answer and the first server's id.
   * @throws {CloudError} badRequest, forbidden, overQuota, conflict in nova's words.
   */
  create(caller: Caller, body: ServerCreateBody): { readonly body: object; readonly serverId: string } {
    const request = body.server;
    const min = Number(request.min_count ?? 1);
    const max = Number(request.max_count ?? min);
    if (min > max) throw badRequest('min_count must be <= max_count');
    const { db } = this.#deps;
    const plan = this.#plan(caller, body, max > 1);
    if (max > 1) requireSharable(request);
    const ids = transaction(db, () => {
      const count = this.#affordable(plan, min, max);
      if (plan.group !== null)
        checkMembers(db, this.#deps.basics.quotas, plan.group, caller.auth.userId, count);
      return Array.from({ length: count }, (_, index) => this.#insert(plan, index, count));
    });
    const serverId = ids[0] ?? '';
    if (isTrue(request.return_reservation_id))
      return { body: { reservation_id: plan.reservationId }, serverId };
    return {
      serverId,
      body: {
        server: {
          id: serverId,
          links: serverLinks(caller, serverId),
          'OS-DCF:diskConfig': request['OS-DCF:diskConfig'] ?? 'MANUAL',
          security_groups: (plan.securityGroups ?? ['default']).map((name) => ({ name })),
          adminPass: plan.adminPassword,
        },
      },
    };
  }

  #plan(caller: Caller, body: ServerCreateBody, several: boolean): Plan {
    const { db, basics } = this.#deps;
    const { auth } = caller;
    const request = body.server;
    if (auth.projectId === undefined)
      throw forbidden('A server belongs to a project: the token must have project scope.');
    const placement = placementOf(this.#deps, caller, request);
    if ((request.trusted_image_certificates ?? []).length > 0)
      requirePolicy(caller, 'os_compute_api:servers:create:trusted_certs');
    if (request.networks !== undefined && request.networks.length > 0)
      requirePolicy(caller, 'os_compute_api:servers:create:attach_network');
    const hints = body['os:scheduler_hints'] ?? body['OS-SCH-HNT:scheduler_hints'] ?? {};
    const group = hintedGroup(db, auth.projectId, hints['group']);
    this.#checkLimits(auth.projectId, request);
    const flavor = asBadRequest(() => basics.flavors.getFlavor(db, auth, String(request.flavorRef)));
    const disks = this.#devices.plan(caller, request, flavor, several);
    if (disks.rootImage === null) checkFlavorOfVolume(flavor, disks.image, disks.rootVolume?.sizeGib ?? null);
    else {
      checkImage(disks.rootImage);
      checkFlavor(flavor, disks.rootImage, caller);
    }
    const keyName = request.key_name;
    const keyPair =
      keyName === undefined
        ? undefined
        : asBadRequest(() => basics.keyPairs.get(db, auth.userId, keyName), 'Invalid key_name provided.');
    return {
      caller,
      projectId: auth.projectId,
      request,
      flavor,
      disks,
      keyPair,
      placement,
      hints,
      group,
      adminPassword: request.adminPass ?? generatePassword(),
      reservationId: `r-${randomBytes(4).toString('hex')}`,
      securityGroups: namesOf(request.security_groups),
    };
  }

  #checkLimits(projectId: string, request: ServerCreateRequest): void {
    const { db, basics } = this.#deps;
    const items = basics.quotas.limit(db, projectId, 'metadata_items');
    if (items >= 0 && Object.keys(request.metadata ?? {}).length > items)
      throw forbidden(`Maximum number of metadata items exceeds ${items}`);
    checkInjectedFiles(db, basics.quotas, projectId, request.personality ?? []);
  }

  /** How many of `max` the quota allows; fewer than `min` is refused. */
  #affordable(plan: Plan, min: number, max: number): number {
    const { db, basics } = this.#deps;
    const { vcpus, ramMib } = plan.flavor;
    for (let count = max; ; count -= 1) {
      try {
        const demand = { instances: count, cores: count * vcpus, ramMib: count * ramMib };
        basics.quotas.checkServers(db, plan.projectId, demand, plan.caller.auth.userId);
        return count;
      } catch (error) {
        if (count <= min || !(error instanceof CloudError && error.kind === 'overQuota')) throw error;
      }
    }
  }

  #insert(plan: Plan, index: number, count: number): string {
    const { db, network, sagas, clock } = this.#deps;
    const { caller, request, flavor, disks, keyPair, placement } = plan;
    const { image } = disks;
    const { auth, version } = caller;
    const id = randomUUID();
    const at = clock();
    const name = count > 1 ? `${request.name}-${index + 1}` : request.name;
    const devices = devicesOf(disks, flavor, { id, at, caller });
    const networks = typeof request.networks === 'object' ? listOf(request.networks) : request.networks;
    const { nics, securityGroupIds } = asBadRequest(() =>
      network.planNics(db, auth, networks, plan.securityGroups),
    );
    insertServer(db, {
      id,
      projectId: plan.projectId,
      userId: auth.userId,
      name,
      hostname: request.hostname ?? hostnameOf(name, id),
      // Before 2.19 the description was the name.
      description: version < mv('2.19') ? name : (request.description ?? null),
      requestedZone: placement.zone,
      imageId: disks.rootImage?.id ?? image.id,
      imageProperties: JSON.stringify(image.properties),
      flavorId: flavor.id,
      flavorName: flavor.name,
      vcpus: flavor.vcpus,
      ramMib: flavor.ramMib,
      diskGib: flavor.diskGib,
      ephemeralGib: flavor.ephemeralGib,
      swapMib: flavor.swapMib,
      extraSpecs: JSON.stringify(flavor.extraSpecs),
      keyName: keyPair?.name ?? null,
      keyType: keyPair?.type ?? null,
      keyData: keyPair?.publicKey ?? null,
      userData: request.user_data === undefined ? null : new Secret(request.user_data),
      // Only a config drive brings files to the guest.
      configDrive:
        isTrue(request.config_drive) ||
        image.properties['img_config_drive'] === 'mandatory' ||
        (request.personality ?? []).length > 0,
      personality: JSON.stringify(request.personality ?? []),
      adminPassword: new Secret(plan.adminPassword),
      diskConfig: request['OS-DCF:diskConfig'] ?? 'MANUAL',
      accessIpV4: request.accessIPv4 ?? null,
      accessIpV6: request.accessIPv6 ?? null,
      metadata: JSON.stringify(request.metadata ?? {}),
      tags: JSON.stringify([...new Set(request.tags)]),
      groupId: plan.group?.id ?? null,
      trustedCerts: jsonOrNull(request.trusted_image_certificates),
      launchIndex: index,
      reservationId: plan.reservationId,
      rootDeviceName: devices.rootDeviceName,
      blockDevices: JSON.stringify(devices.blockDevices),
      volumeBacked: disks.rootVolume !== null,
      requestSpec: JSON.stringify(requestSpec(plan, id)),
      nics: JSON.stringify(nics),
      securityGroupIds: JSON.stringify(securityGroupIds),
      at,
    });
    reserveVolumes(this.#deps, caller, devices.existing);
    const { requestId } = caller;
    const who = { requestId, projectId: plan.projectId, userId: auth.userId };
    const input = { serverId: id, imageId: disks.rootImage?.id ?? null };
    const operationId = sagas.enqueue(serverCreate, input, who);
    insertServerAction(db, { serverId: id, action: 'create', ...who, operationId, at });
    this.#tellBeginning(plan, operationId, id, name);
    return id;
  }

  /** Steps 1 to 7 happened before the operation; they are part of its story. */
  #tellBeginning(plan: Plan, operationId: string, serverId: string, name: string): void {
    const { auth, requestId } = plan.caller;
    const tell = (number: number, name: string, service: string, text: string): void =>
      this.#deps.sagas.appendEvent(operationId, { name, number, service, text });
    const roles = [...auth.roles].sort().join(', ');
    tell(1, 'token', 'identity', `the caller brought the token with audit id ${auth.auditId}`);
    tell(2, 'request', 'compute', `POST /servers (${requestId}): '${name}'`);
    tell(3, 'rate limit', 'compute', currentOrigin()?.rateLimit ?? 'no limit is set');
    tell(
      4,
      'token validated',
      'identity',
      `user ${auth.userName}, project ${plan.projectId}, roles ${roles}`,
    );
    tell(5, 'policy', 'compute', 'os_compute_api:servers:create allows it');
    const { vcpus, ramMib } = plan.flavor;
    tell(6, 'quota', 'compute', `1 instance, ${vcpus} cores, ${ramMib} MiB of RAM are within the quota`);
    tell(7, 'instance row', 'compute', `server ${serverId} in BUILD, written in the same transaction`);
  }
}

function requestSpec(plan: Plan, serverId: string): RequestSpec {
  const { flavor, disks, placement } = plan;
  const { image, rootImage, rootVolume } = disks;
  const { diskGib } = resourcesOfFlavor(flavor, rootVolume !== null);
  return {
    serverId,
    projectId: plan.projectId,
    flavor: {
      id: flavor.id,
      name: flavor.name,
      vcpus: flavor.vcpus,
      ramMib: flavor.ramMib,
      diskGib,
      extraSpecs: flavor.extraSpecs,
    },
    image: {
      id: rootImage?.id ?? image.id ?? '',
      minDiskGib: rootImage === null ? 0 : image.minDisk,
      minRamMib: image.minRam,
      properties: image.properties,
    },
    availabilityZone: placement.zone,
    forceHost: placement.host,
    forceNode: placement.node,
    forceHostFiltered: placement.filtered,
    hints: plan.hints,
  };
}

const jsonOrNull = (value: readonly string[] | null | undefined): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);

function namesOf(groups: ServerCreateRequest['security_groups']): readonly string[] | undefined {
  if (groups === undefined) return undefined;
  const names = groups.map(({ name }) => name).filter((name) => name !== undefined);
  return names.length === 0 ? undefined : [...new Set(names)];
}

/** The list without the nulls that upstream takes for `port`; an empty one asks for nothing. */
function listOf(networks: Exclude<ServerCreateRequest['networks'], string | undefined>) {
  if (networks.length === 0) return undefined;
  return networks.map(({ uuid, port, fixed_ip, tag }) => ({
    ...(uuid === undefined ? {} : { uuid }),
    ...(port === undefined || port === null ? {} : { port }),
    ...(fixed_ip === undefined ? {} : { fixed_ip }),
    ...(tag === undefined ? {} : { tag }),
  }));
}

/** One port or address cannot be had by several servers. */
function requireSharable(request: ServerCreateRequest): void {
  if (request.hostname !== undefined)
    throw badRequest('Unable to allocate a single hostname to multiple instances');
  const networks = typeof request.networks === 'object' ? request.networks : [];
  if (networks.some(({ port }) => port !== undefined && port !== null))
    throw badRequest('Unable to launch multiple instances with a single configured port ID.');
  if (networks.some(({ fixed_ip }) => fixed_ip !== undefined))
    throw badRequest('max_count cannot be greater than 1 if an fixed_ip is specified.');
}

/** What a body names and there is not is a bad request, not a missing resource. */
export function asBadRequest<T>(work: () => T, message?: string): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CloudError) || error.kind !== 'notFound') throw error;
    throw badRequest(message ?? error.message, { cause: error });
  }
}
