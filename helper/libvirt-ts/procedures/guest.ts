/** What reaches into a guest: keys, agent, monitor, and the procedures that open a stream. */
import { array, i32, none, nullable, secret, shownAs, string, struct, u32, withDefault } from '../codec.ts';
import { domain } from '../types.ts';
import { asideRpc, qemuRpc, rpc } from './rpc.ts';

const flags = withDefault(u32, 0);
const dom = domain;
const mountpoints = withDefault(array(string, 256), []);

/** An agent command's arguments can hold a password or a file; only its name is shown. */
const agentCommand = shownAs(string, (cmd) => /"execute"\s*:\s*"[\w-]*"/.exec(cmd)?.[0] ?? '***');

const address = struct({ type: i32, addr: string, prefix: u32 });

export const guestProcedures = {
  domainInjectNmi: rpc(210, { dom, flags }, none),
  /** `codeset` is one of KeycodeSet; `holdtime` in ms. */
  domainSendKey: rpc(
    226,
    { dom, codeset: withDefault(u32, 0), holdtime: withDefault(u32, 0), keycodes: array(u32, 16), flags },
    none,
  ),
  domainSetUserPassword: asideRpc(
    357,
    { dom, user: nullable(string), password: secret(nullable(string)), flags },
    none,
  ),
  /** How many filesystems were frozen; no mount points means all. */
  domainFsFreeze: asideRpc(335, { dom, mountpoints, flags }, i32),
  domainFsThaw: asideRpc(336, { dom, mountpoints, flags }, i32),
  domainGetHostname: rpc(277, { dom, flags }, string),
  /** `source` is one of InterfaceAddressSource. */
  domainInterfaceAddresses: rpc(
    353,
    { dom, source: withDefault(u32, 0), flags },
    array(struct({ name: string, hwaddr: nullable(string), addrs: array(address, 2048) }), 2048),
  ),
  /** A QMP command as JSON, or a line for the human monitor with MonitorCommandFlag.HMP. */
  qemuDomainMonitorCommand: qemuRpc(1, { dom, cmd: string, flags }, string),
  /** `timeout` in seconds; -1 means libvirt's default, -2 blocks, 0 does not wait. */
  qemuDomainAgentCommand: qemuRpc(
    3,
    { dom, cmd: agentCommand, timeout: withDefault(i32, -1), flags },
    nullable(string),
  ),
};

/** Procedures whose reply is followed by a stream of bytes. */
export const streamProcedures = {
  /** Answers the image's MIME type. */
  domainScreenshot: rpc(211, { dom, screen: withDefault(u32, 0), flags }, nullable(string)),
  /** `devName` is a console's alias ('serial0'); null means the first console. */
  domainOpenConsole: rpc(201, { dom, devName: withDefault(nullable(string), null), flags }, none),
};
