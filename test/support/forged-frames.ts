import { arp, BROADCAST, frame, icmp6, ipv4, ipv6, udp } from '../../helper/host/net/testing/frames.ts';
import { linkLocal } from '../../helper/host/net/values.ts';

interface Station {
  readonly ip: string;
  readonly mac: string;
}

/** A MAC address that nobody has. */
export const STRANGER = 'fa:16:3e:99:99:99';

/** Frames by which one guest could harm another on its network, by what they pretend, in hexadecimal. */
export function forgedFrames(attacker: Station, victim: Station, gateway: string): Record<string, string> {
  const own = linkLocal(attacker.mac).address;
  const all6 = (payload: string): string => frame('33:33:00:00:00:01', attacker.mac, 0x86dd, payload);
  const claim = (goal: string, senderMac: string, senderIp: string, operation: 1 | 2): string =>
    frame(goal, attacker.mac, 0x0806, arp({ operation, senderMac, senderIp, targetIp: victim.ip }));
  const ping = (source: string): string => ipv4(source, victim.ip, 1, '0800f7ff00000000');
  return {
    "the gateway's address in an ARP answer": claim(victim.mac, attacker.mac, gateway, 2),
    "the gateway's address in an ARP answer to all": claim(BROADCAST, attacker.mac, gateway, 2),
    "the gateway's address in an ARP question": claim(BROADCAST, attacker.mac, gateway, 1),
    "the victim's own address": frame(
      BROADCAST,
      attacker.mac,
      0x0806,
      arp({ operation: 2, senderMac: attacker.mac, senderIp: victim.ip, targetIp: victim.ip }),
    ),
    "another MAC for the attacker's address": claim(BROADCAST, STRANGER, attacker.ip, 2),
    'a frame of a stranger': frame(victim.mac, STRANGER, 0x0800, ping(attacker.ip)),
    "a frame of the victim's own": frame(BROADCAST, victim.mac, 0x0800, ping(victim.ip)),
    'a packet of the gateway': frame(victim.mac, attacker.mac, 0x0800, ping(gateway)),
    'an answer to DHCP': frame(
      BROADCAST,
      attacker.mac,
      0x0800,
      ipv4(attacker.ip, '255.255.255.255', 17, udp(67, 68, '0201060012345678')),
    ),
    'a router advertisement': all6(
      ipv6(own, 'ff02::1', 58, icmp6(own, 'ff02::1', 134, '40c007080badbeef00000000')),
    ),
  };
}
