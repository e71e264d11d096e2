/** A domain's definition, life and resources. */
import {
  array,
  bigU64,
  bool,
  constant,
  i32,
  none,
  nullable,
  opaque,
  string,
  struct,
  u16,
  u32,
  u64,
  u8,
  uuid,
  withDefault,
} from '../codec.ts';
import { domain, typedParameters } from '../types.ts';
import { asideRpc, longRpc, rpc } from './rpc.ts';

const flags = withDefault(u32, 0);
const dom = domain;
const optionalText = withDefault(nullable(string), null);

const domainInfo = struct({
  /** One of DomainState. */
  state: u8,
  /** KiB. */
  maxMem: u64,
  /** KiB. */
  memory: u64,
  nrVirtCpu: u16,
  /** Nanoseconds. */
  cpuTime: bigU64,
});

const vcpuInfo = struct({ number: u32, state: i32, cpuTime: bigU64, cpu: i32 });

export const domainProcedures = {
  domainLookupByUuid: rpc(24, { uuid }, domain),
  domainLookupByName: rpc(23, { name: string }, domain),
  domainLookupById: rpc(22, { id: i32 }, domain),
  domainDefineXmlFlags: rpc(350, { xml: string, flags }, domain),
  /** Defines and starts a transient domain: gone when it stops. */
  domainCreateXml: asideRpc(10, { xml: string, flags }, domain),
  /** Starts a defined domain. */
  domainCreateWithFlags: asideRpc(196, { dom, flags }, domain),
  domainDestroyFlags: asideRpc(234, { dom, flags }, none),
  domainShutdownFlags: rpc(258, { dom, flags }, none),
  domainReboot: rpc(27, { dom, flags }, none),
  domainReset: rpc(245, { dom, flags }, none),
  domainSuspend: rpc(34, { dom }, none),
  domainResume: rpc(28, { dom }, none),
  domainUndefineFlags: rpc(231, { dom, flags }, none),
  domainRename: rpc(358, { dom, newName: nullable(string), flags }, i32),
  domainGetXmlDesc: rpc(14, { dom, flags }, string),
  /** `state` is one of DomainState, `reason` one of RunningReason, PausedReason, ShutoffReason ... */
  domainGetState: rpc(212, { dom, flags }, struct({ state: i32, reason: i32 })),
  domainGetInfo: rpc(16, { dom }, domainInfo),
  domainIsActive: rpc(150, { dom }, bool),
  domainIsPersistent: rpc(151, { dom }, bool),
  domainGetAutostart: rpc(15, { dom }, bool),
  domainSetAutostart: rpc(29, { dom, autostart: bool }, none),
  /** `type` is one of MetadataType; null removes it. */
  domainSetMetadata: rpc(
    264,
    { dom, type: i32, metadata: nullable(string), key: optionalText, uri: optionalText, flags },
    none,
  ),
  domainGetMetadata: rpc(265, { dom, type: i32, uri: optionalText, flags }, string),
  domainSetVcpusFlags: rpc(199, { dom, nvcpus: u32, flags }, none),
  domainGetVcpusFlags: rpc(200, { dom, flags }, i32),
  /** `cpumaps` has `maplen` bytes for each of the vcpus in `info`. */
  domainGetVcpus: rpc(
    20,
    { dom, maxinfo: i32, maplen: withDefault(i32, 0) },
    struct({ info: array(vcpuInfo, 16_384), cpumaps: opaque(8_388_608) }),
  ),
  domainPinVcpuFlags: rpc(225, { dom, vcpu: u32, cpumap: opaque(2048), flags }, none),
  /** KiB. */
  domainSetMemoryFlags: rpc(204, { dom, memory: u64, flags }, none),
  /** `tag` is one of MemoryStat; sizes are KiB. */
  domainMemoryStats: rpc(
    159,
    { dom, maxStats: constant(u32, 64), flags },
    array(struct({ tag: i32, value: bigU64 }), 1024),
  ),
  domainSaveFlags: longRpc(232, { dom, to: string, xml: optionalText, flags }, none),
  domainRestoreFlags: longRpc(233, { from: string, xml: optionalText, flags }, none),
  domainManagedSave: longRpc(182, { dom, flags }, none),
  domainManagedSaveRemove: rpc(184, { dom, flags }, none),
  domainHasManagedSaveImage: rpc(183, { dom, flags }, bool),
  /** `dumpFormat` is one of CoreDumpFormat. */
  domainCoreDumpWithFormat: longRpc(334, { dom, to: string, dumpFormat: withDefault(u32, 0), flags }, none),
  domainAbortJob: rpc(164, { dom }, none),
  /** `type` is one of JobType; 'operation' of the parameters one of JobOperation. */
  domainGetJobStats: rpc(298, { dom, flags }, struct({ type: i32, params: typedParameters(64) })),
};
