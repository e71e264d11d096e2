import { type Caller, mv } from '../../http/index.ts';
import { CloudError, badRequest, conflict, notFound } from '../../errors/error.ts';
import type { ServerNic } from '../../network/face.ts';
import type { EnqueueOptions } from '../../saga/index.ts';
import type { ComputeDeps } from '../deps.ts';
import { domainNic } from '../sagas/domain-spec.ts';
import {
  isOn,
  serverAttachInterface,
  serverDetachInterface,
  serverPortDeleted,
} from '../sagas/server-interface.ts';
import { imagePropertiesOfRow } from '../store/server-row.ts';
import { findServer } from '../store/server.ts';
import { beginAction, freshServer } from './begin-action.ts';
import { requireLegal } from './server-state.ts';
import type { ServerTarget } from './server.ts';

export interface InterfaceRequest {
  readonly net_id?: string;
  readonly port_id?: string | null;
  readonly fixed_ips?: readonly [{ readonly ip_address: string }];
  /** From 2.49. */
  readonly tag?: string;
}

/** Interfaces of servers that are there: os-interface. */
export class ServerInterfaces {
  readonly #deps: ComputeDeps;

  constructor(deps: ComputeDeps) {
    this.#deps = deps;
  }

  /**
   * Attaches a port, given or made, and resolves when the guest has its card.
   * @returns the port's id.
   * @throws {CloudError} as nova; internal when the host could not do it, and then nothing is left of it.
   */
  async attach(caller: Caller, target: ServerTarget, request: InterfaceRequest): Promise<string> {
    const { db, network, sagas } = this.#deps;
    const asked = checked(request, caller);
    requireLegal('attach_interface', freshServer(this.#deps, target.row.id), caller.auth);
    let portId = '';
    let operation = '';
    beginAction(this.#deps, caller, target.row.id, {
      action: 'attach_interface',
      task: null,
      saga: serverAttachInterface,
      input: (row) => {
        const plan = asAttachment(() => network.planInterface(db, caller.auth, row.project_id, asked));
        portId = plan.nic.portId;
        return { serverId: row.id, ...plan, running: isOn(row) };
      },
      queued: (_row, operationId) => {
        operation = operationId;
      },
    });
    const { state, error } = await sagas.wait(operation);
    if (state === 'succeeded') return portId;
    // No address left, or somebody else was faster with the port: what the caller can cure is said.
    if (error?.code === 'CloudError') throw badRequest(error.message);
    throw new CloudError('internal', `Failed to attach network adapter device to ${target.row.id}`);
  }

  /** The network service deletes a port of a server: the card goes too. In the caller's transaction. */
  portDeleted(serverId: string, nic: ServerNic, who: EnqueueOptions): void {
    const row = findServer(this.#deps.db, serverId);
    if (row === undefined) return;
    const card = domainNic(nic, imagePropertiesOfRow(row));
    this.#deps.sagas.enqueue(serverPortDeleted, { serverId, card }, { projectId: row.project_id, ...who });
  }

  /** @throws {CloudError} notFound, conflict. */
  detach(caller: Caller, target: ServerTarget, portId: string): void {
    const { db, network } = this.#deps;
    const nic = network.nicsOf(db, target.row.id).find((one) => one.portId === portId);
    requireLegal('detach_interface', freshServer(this.#deps, target.row.id), caller.auth);
    if (nic === undefined)
      throw notFound(`Instance ${target.row.id} does not have a port with id ${portId.slice(0, 64)}`);
    beginAction(this.#deps, caller, target.row.id, {
      action: 'detach_interface',
      task: null,
      saga: serverDetachInterface,
      input: (row) => ({
        serverId: row.id,
        card: domainNic(nic, imagePropertiesOfRow(row)),
        networkId: nic.networkId,
        running: isOn(row),
      }),
    });
  }
}

function checked({ net_id, port_id, fixed_ips, tag }: InterfaceRequest, caller: Caller) {
  const portId = port_id ?? undefined;
  const fixedIp = fixed_ips?.[0].ip_address;
  if (net_id !== undefined && portId !== undefined)
    throw badRequest('Must not input both network_id and port_id');
  if (fixedIp !== undefined && net_id === undefined)
    throw badRequest('Must input network_id when request IP address');
  return {
    ...(net_id === undefined ? {} : { networkId: net_id }),
    ...(portId === undefined ? {} : { portId }),
    ...(fixedIp === undefined ? {} : { fixedIp }),
    ...(tag === undefined || caller.version < mv('2.49') ? {} : { tag }),
  };
}

/** That there are several networks to choose from is the request's fault here. */
function asAttachment<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CloudError) || error.kind !== 'conflict') throw error;
    if (error.message.startsWith('Multiple possible networks')) throw badRequest(error.message);
    throw conflict(error.message, { cause: error });
  }
}
