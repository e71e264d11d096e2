/** Devices of a domain: attach, detach, change; disks and their jobs; interfaces. */
import { i32, i64, none, nullable, string, struct, u32, u64, withDefault } from '../codec.ts';
import { domain, typedParameters } from '../types.ts';
import { asideRpc, countedRpc, nparams, rpc } from './rpc.ts';

const flags = withDefault(u32, 0);
const dom = domain;
/** MiB/s, or bytes/s with the procedure's BANDWIDTH_BYTES flag; 0 means no limit. */
const bandwidth = withDefault(u64, 0);
const optionalText = withDefault(nullable(string), null);

/** -1 where the hypervisor does not count. */
const blockStats = struct({ rdReq: i64, rdBytes: i64, wrReq: i64, wrBytes: i64, errs: i64 });

/** -1 where the hypervisor does not count. */
const interfaceStats = struct({
  rxBytes: i64,
  rxPackets: i64,
  rxErrs: i64,
  rxDrop: i64,
  txBytes: i64,
  txPackets: i64,
  txErrs: i64,
  txDrop: i64,
});

/** `found` 0: there is no job. `type` is one of BlockJobType. */
const blockJobInfo = struct({ found: i32, type: i32, bandwidth: u64, cur: u64, end: u64 });

export const deviceProcedures = {
  domainAttachDeviceFlags: asideRpc(160, { dom, xml: string, flags }, none),
  domainDetachDeviceFlags: asideRpc(161, { dom, xml: string, flags }, none),
  domainUpdateDeviceFlags: asideRpc(174, { dom, xml: string, flags }, none),
  domainDetachDeviceAlias: asideRpc(392, { dom, alias: string, flags }, none),

  /** `disk` is a target ('vda') or a source path. KiB; with BlockResizeFlag.BYTES bytes. */
  domainBlockResize: rpc(251, { dom, disk: string, size: u64, flags }, none),
  domainBlockCopy: rpc(
    345,
    { dom, disk: string, destXml: string, params: withDefault(typedParameters(16), []), flags },
    none,
  ),
  domainBlockCommit: rpc(
    290,
    { dom, disk: string, base: optionalText, top: optionalText, bandwidth, flags },
    none,
  ),
  domainBlockRebase: rpc(266, { dom, disk: string, base: optionalText, bandwidth, flags }, none),
  domainBlockPull: rpc(240, { dom, disk: string, bandwidth, flags }, none),
  domainGetBlockJobInfo: rpc(238, { dom, disk: string, flags }, blockJobInfo),
  domainBlockJobAbort: rpc(237, { dom, disk: string, flags }, none),
  /** Begins one job for several disks, all as they are now; it ends by itself. */
  domainBackupBegin: rpc(421, { dom, backupXml: string, checkpointXml: optionalText, flags }, none),
  domainBlockJobSetSpeed: rpc(239, { dom, disk: string, bandwidth, flags }, none),
  domainBlockStats: rpc(64, { dom, disk: string }, blockStats),
  domainBlockStatsFlags: countedRpc(243, { dom, disk: string, nparams, flags }, typedParameters(16)),
  /** Bytes. */
  domainGetBlockInfo: rpc(
    194,
    { dom, disk: string, flags },
    struct({ allocation: u64, capacity: u64, physical: u64 }),
  ),
  domainSetBlockIoTune: rpc(252, { dom, disk: string, params: typedParameters(32), flags }, none),
  domainGetBlockIoTune: countedRpc(253, { dom, disk: nullable(string), nparams, flags }, typedParameters(32)),

  /** `device` is the host's interface name or the guest's MAC address. */
  domainInterfaceStats: rpc(65, { dom, device: string }, interfaceStats),
  domainSetInterfaceParameters: rpc(256, { dom, device: string, params: typedParameters(16), flags }, none),
  domainGetInterfaceParameters: countedRpc(257, { dom, device: string, nparams, flags }, typedParameters(16)),
};
