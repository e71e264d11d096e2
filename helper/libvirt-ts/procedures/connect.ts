/** The connection, the host, and lists of what it has. */
import {
  array,
  bigU64,
  bool,
  chars,
  constant,
  i32,
  none,
  nullable,
  only,
  string,
  struct,
  u32,
  u64,
  withDefault,
} from '../codec.ts';
import { domain, LIST_MAX, secretRef, typedParameters } from '../types.ts';
import { countedRpc, nparams, rpc } from './rpc.ts';

const flags = withDefault(u32, 0);
const optionalText = withDefault(nullable(string), null);
const needResults = constant(i32, 1);

const nodeInfo = struct({
  model: chars(32),
  /** KiB. */
  memory: u64,
  cpus: i32,
  mhz: i32,
  nodes: i32,
  sockets: i32,
  cores: i32,
  threads: i32,
});

/** What the client itself calls to open a connection and to register for events; no methods of a connection. */
export const sessionProcedures = {
  /** The authentications that the daemon demands, any one of them: see AuthType. */
  authList: rpc(66, {}, array(i32, 20)),
  authPolkit: rpc(70, {}, bool),
  connectOpen: rpc(1, { uri: nullable(string), flags }, none),
  connectDomainEventCallbackRegisterAny: rpc(
    316,
    { eventId: i32, dom: withDefault(nullable(domain), null) },
    i32,
  ),
  connectDomainEventCallbackDeregisterAny: rpc(317, { callbackId: i32 }, none),
};

export const connectProcedures = {
  connectGetType: rpc(3, {}, string),
  /** Of the hypervisor: major * 1,000,000 + minor * 1,000 + release. */
  connectGetVersion: rpc(4, {}, u64),
  /** Of the daemon: major * 1,000,000 + minor * 1,000 + release. */
  connectGetLibVersion: rpc(157, {}, u64),
  connectGetHostname: rpc(59, {}, string),
  connectGetUri: rpc(110, {}, string),
  connectGetCapabilities: rpc(7, {}, string),
  connectGetDomainCapabilities: rpc(
    342,
    { emulator: optionalText, arch: optionalText, machine: optionalText, virtType: optionalText, flags },
    string,
  ),
  connectGetMaxVcpus: rpc(5, { type: optionalText }, i32),
  connectListAllDomains: rpc(
    273,
    { needResults, flags },
    only('domains', { domains: array(domain, LIST_MAX), ret: u32 }),
  ),
  /** Without domains: of all. `stats` 0 means every group. */
  connectGetAllDomainStats: rpc(
    344,
    { doms: withDefault(array(domain, LIST_MAX), []), stats: withDefault(u32, 0), flags },
    array(struct({ dom: domain, params: typedParameters(262_144) }), LIST_MAX),
  ),
  connectListAllSecrets: rpc(
    287,
    { needResults, flags },
    only('secrets', { secrets: array(secretRef, LIST_MAX), ret: u32 }),
  ),
  nodeGetInfo: rpc(6, {}, nodeInfo),
  /** Bytes. */
  nodeGetFreeMemory: rpc(102, {}, u64),
  /** KiB; `cell` -1 means the whole host. */
  nodeGetMemoryStats: countedRpc(
    228,
    { nparams, cell: withDefault(i32, -1), flags },
    array(struct({ field: string, value: u64 }), 16),
  ),
  /** Nanoseconds; `cpu` -1 means the whole host. */
  nodeGetCpuStats: countedRpc(
    227,
    { cpu: withDefault(i32, -1), nparams, flags },
    array(struct({ field: string, value: bigU64 }), 16),
  ),
};
