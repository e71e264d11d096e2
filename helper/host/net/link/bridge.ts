import { existsSync, writeFileSync } from 'node:fs';
import { deviceAttribute, ownDevice, type NetContext } from '../context.ts';
import { bridgeAddress } from '../names.ts';
import { integerWord } from '../values.ts';

/** What makes a bridge of ours as it has to be; nothing when it is so already. */
export function bridgeLines(net: NetContext, bridge: string, mtu: number): string[] {
  const attribute = (name: string): string | undefined => deviceAttribute(bridge, name);
  const lines: string[] = [];
  if (!ownDevice(net, bridge)) {
    lines.push(`link add name ${bridge} address ${bridgeAddress(bridge)} type bridge`);
  } else if (
    attribute('ifalias') === net.alias &&
    attribute('mtu') === String(mtu) &&
    attribute('bridge/nf_call_iptables') === '1' &&
    attribute('bridge/nf_call_ip6tables') === '1' &&
    (Number(attribute('flags')) & 1) === 1
  ) {
    return lines;
  }
  lines.push(
    // Bridged packets meet the filter on this bridge whatever the global sysctl says of other people's bridges.
    `link set dev ${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0 nf_call_iptables 1 nf_call_ip6tables 1`,
    `link set dev ${bridge} alias ${net.alias} mtu ${integerWord(mtu, 68, 65535, 'MTU')} addrgenmode none up`,
  );
  return lines;
}

/**
 * Without br_netfilter bridged packets never meet a rule. Where the module has to be loaded, its global switches,
 * which it turns on, are turned off again: they would send the packets of other people's bridges through iptables.
 */
export async function ensureBridgeNetfilter(net: NetContext): Promise<void> {
  const directory = '/proc/sys/net/bridge';
  if (existsSync(directory)) return;
  await net.commands.run(['modprobe', 'br_netfilter']);
  if (!existsSync(directory)) {
    throw new Error(
      'the kernel has no br_netfilter: security groups cannot be enforced on bridges without it',
    );
  }
  for (const name of ['iptables', 'ip6tables', 'arptables']) {
    writeFileSync(`${directory}/bridge-nf-call-${name}`, '0');
  }
}
