import { Type } from 'typebox';
import { CloudError, conflict } from '../../errors/error.ts';
import { callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import { DomainHostError, type DomainStatistics } from '../../host/domain/interface.ts';
import { Secret } from '../../secret.ts';
import { freshServer, whoOf } from '../app/begin-action.ts';
import { requireLegal } from '../app/server-state.ts';
import type { ServerApp, ServerTarget } from '../app/server.ts';
import type { ComputeDeps } from '../deps.ts';
import { nullable, strict } from '../schemas/common.ts';
import { insertServerAction } from '../store/server-action.ts';
import { imagePropertiesOfRow } from '../store/server-row.ts';

const number = nullable(Type.Number());
const numbers = (...names: readonly string[]) =>
  strict(Object.fromEntries(names.map((name) => [name, number])));

const Diagnostics = [
  { from: mv('2.1'), schema: Type.Record(Type.String(), Type.Number()) },
  {
    from: mv('2.48'),
    schema: strict({
      state: Type.String(),
      driver: Type.String(),
      hypervisor: Type.String(),
      hypervisor_os: Type.String(),
      uptime: number,
      config_drive: Type.Boolean(),
      num_cpus: Type.Integer(),
      num_nics: Type.Integer(),
      num_disks: Type.Integer(),
      cpu_details: Type.Array(numbers('id', 'time', 'utilisation')),
      nic_details: Type.Array(
        strict({
          mac_address: Type.String(),
          ...Object.fromEntries(
            ['rx', 'tx'].flatMap((way) =>
              ['octets', 'errors', 'drop', 'packets', 'rate'].map((what) => [`${way}_${what}`, number]),
            ),
          ),
        }),
      ),
      disk_details: Type.Array(
        numbers('read_bytes', 'read_requests', 'write_bytes', 'write_requests', 'errors_count'),
      ),
      memory_details: numbers('maximum', 'used'),
    }),
  },
];

/** Before 2.48: a flat list of numbers, as libvirt's driver upstream names them. */
function plainDiagnostics(found: DomainStatistics): Record<string, number> {
  const body: Record<string, number> = { memory: found.memoryMib * 1024 };
  for (const [index, time] of found.cpuTimes.entries()) body[`cpu${index}_time`] = time;
  for (const [index, disk] of found.disks.entries()) {
    const name = `vd${String.fromCharCode(97 + index)}`;
    body[`${name}_read`] = disk.readBytes;
    body[`${name}_read_req`] = disk.readRequests;
    body[`${name}_write`] = disk.writeBytes;
    body[`${name}_write_req`] = disk.writeRequests;
  }
  for (const nic of found.nics) {
    body[`${nic.name}_rx`] = nic.receivedBytes;
    body[`${nic.name}_rx_packets`] = nic.receivedPackets;
    body[`${nic.name}_rx_errors`] = nic.receivedErrors;
    body[`${nic.name}_rx_drop`] = nic.receivedDropped;
    body[`${nic.name}_tx`] = nic.sentBytes;
    body[`${nic.name}_tx_packets`] = nic.sentPackets;
    body[`${nic.name}_tx_errors`] = nic.sentErrors;
    body[`${nic.name}_tx_drop`] = nic.sentDropped;
  }
  return body;
}

const detailedDiagnostics = (
  { row }: ServerTarget,
  found: DomainStatistics,
  macOf: (tap: string) => string,
  accelerator: string,
  now: number,
) => ({
  state: 'running',
  driver: 'libvirt',
  hypervisor: accelerator,
  hypervisor_os: 'linux',
  uptime: row.launched_at === null ? null : Math.floor((now - row.launched_at) / 1000),
  config_drive: row.config_drive === 1,
  num_cpus: found.cpuTimes.length,
  num_nics: found.nics.length,
  num_disks: found.disks.length,
  cpu_details: found.cpuTimes.map((time, id) => ({ id, time, utilisation: null })),
  nic_details: found.nics.map((nic) => ({
    mac_address: macOf(nic.name),
    rx_octets: nic.receivedBytes,
    rx_errors: nic.receivedErrors,
    rx_drop: nic.receivedDropped,
    rx_packets: nic.receivedPackets,
    rx_rate: null,
    tx_octets: nic.sentBytes,
    tx_errors: nic.sentErrors,
    tx_drop: nic.sentDropped,
    tx_packets: nic.sentPackets,
    tx_rate: null,
  })),
  disk_details: found.disks.map((disk) => ({
    read_bytes: disk.readBytes,
    read_requests: disk.readRequests,
    write_bytes: disk.writeBytes,
    write_requests: disk.writeRequests,
    errors_count: null,
  })),
  memory_details: { maximum: found.memoryMib, used: found.usedMemoryMib },
});

/** @throws 409 of a guest that is gone or off by now, and where the hypervisor does not answer; with cause and remedy. */
async function statistics({ domains }: ComputeDeps, id: string): Promise<DomainStatistics> {
  try {
    return await domains.statistics(id);
  } catch (error) {
    if (error instanceof DomainHostError) throw conflict(error.message, { cause: error });
    throw error;
  }
}

/** What is asked of a running guest itself: its administrator's password and what it has done. */
export const serverGuestEndpoints = (deps: ComputeDeps, servers: ServerApp): readonly Endpoint[] => [
  endpoint({
    method: 'POST',
    path: '/servers/{server_id}/action',
    id: 'os-admin-password',
    action: 'changePassword',
    policy: 'os_compute_api:os-admin-password',
    response: 'none',
    ok: 202,
    body: strict({
      changePassword: strict({ adminPass: Type.String({ maxLength: 255, format: 'text' }) }),
    }),
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: async (context) => {
      const row = freshServer(deps, context.target.row.id);
      requireLegal('changePassword', row, context.auth);
      const properties = imagePropertiesOfRow(row);
      if (!/^(true|yes|on|1)$/i.test(properties['hw_qemu_guest_agent'] ?? ''))
        throw conflict(
          `QEMU guest agent is not enabled in instance ${row.id}: its image needs hw_qemu_guest_agent=yes, and the guest a running agent.`,
        );
      const user =
        properties['os_admin_user'] ?? (properties['os_type'] === 'windows' ? 'Administrator' : 'root');
      const { adminPass } = context.body.changePassword;
      try {
        await deps.domains.setUserPassword(row.id, user, new Secret(adminPass));
      } catch (error) {
        if (error instanceof CloudError || !(error instanceof Error)) throw error;
        throw conflict(
          `Failed to set admin password on ${row.id}: the guest's agent does not answer. Is qemu-guest-agent running in it?`,
          {
            cause: error,
          },
        );
      }
      const at = deps.clock();
      const who = whoOf(callerOf(context), row);
      insertServerAction(deps.db, {
        serverId: row.id,
        action: 'changePassword',
        ...who,
        operationId: null,
        at,
      });
    },
  }),
  endpoint({
    id: 'os-server-diagnostics',
    method: 'GET',
    path: '/servers/{server_id}/diagnostics',
    policy: 'os_compute_api:os-server-diagnostics',
    response: Diagnostics,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: async ({ target, auth, version }) => {
      requireLegal('get_diagnostics', target.row, auth);
      const found = await statistics(deps, target.row.id);
      if (version < mv('2.48')) return plainDiagnostics(found);
      const nics = servers.nics(target);
      const macOf = (tap: string): string => nics.find(({ tapName }) => tapName === tap)?.macAddress ?? '';
      const { accelerator } = await deps.domains.hypervisor();
      return detailedDiagnostics(target, found, macOf, accelerator, deps.clock());
    },
  }),
];
