import { badRequest } from '../../errors/error.ts';
import { type Caller, requirePolicy } from '../../http/index.ts';
import type { ComputeDeps } from '../deps.ts';
import type { ServerCreateRequest } from '../schemas/server-create.ts';

/** Where a server was asked to be. */
export interface Placement {
  readonly zone: string | null;
  readonly host: string | null;
  readonly node: string | null;
  /** The named host must pass the filters too. */
  readonly filtered: boolean;
}

/**
 * Reads `availability_zone` ('zone', 'zone:host', 'zone:host:node', 'zone::node') and, from 2.74, `host` and
 * `hypervisor_hostname`.
 * @throws {CloudError} badRequest, or forbidden for who may not choose hosts.
 */
export function placementOf(
  deps: Pick<ComputeDeps, 'db' | 'basics'>,
  caller: Caller,
  request: ServerCreateRequest,
): Placement {
  const parts = (request.availability_zone ?? '').split(':');
  if (parts.length > 3) throw badRequest('Unable to parse availability_zone');
  const [zone, host, node] = [parts[0] || null, parts[1] || null, parts[2] || null];
  const forced = host !== null || node !== null;
  if (forced) requirePolicy(caller, 'os_compute_api:servers:create:forced_host');
  if (zone !== null && !deps.basics.zones.exists(deps.db, zone))
    throw badRequest('The requested availability zone is not available');
  const wanted = { host: request.host ?? null, node: request.hypervisor_hostname ?? null };
  if (wanted.host === null && wanted.node === null) return { zone, host, node, filtered: false };
  requirePolicy(caller, 'compute:servers:create:requested_destination');
  if (forced)
    throw badRequest(
      'Parameters "host" or "hypervisor_hostname" cannot be used together with a host in "availability_zone".',
    );
  return { zone, ...wanted, filtered: true };
}
