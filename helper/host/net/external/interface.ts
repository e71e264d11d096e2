/** The external network's bridge. */
export interface ExternalBridge {
  /** 'br-ex'. */
  readonly bridge: string;
  /** The host's own addresses on it (the gateway of the external subnets), '172.24.4.1/24', '2001:db8::1/64'. */
  readonly addresses: readonly string[];
  /** Bytes. */
  readonly mtu: number;
  /** Translate what leaves the host from these subnets to the address of whichever interface it leaves by. */
  readonly masquerade: boolean;
}

/**
 * The external bridge, forwarding between it and the host's uplink, and passage for our bridges through the rules
 * of Docker, ufw and firewalld. Their rules are not changed; one accept rule per bridge with the comment
 * `deskcloud:<owner>` is put in (DOCKER-USER when there is one, else FORWARD) where they would drop.
 *
 * From the bridge the host itself answers ICMP only: no service of the host, also none published by Docker, can be
 * reached by guests (S32). net.ipv4.ip_forward is set to 1 when it was 0, and put back by the last remove unless
 * somebody else has come to need it; the same for IPv6 with the first address of IPv6, where devices that take their
 * routes from advertisements go on doing so.
 */
export interface ExternalHost {
  /** @throws when another device of the host is in one of these subnets. */
  ensure(external: ExternalBridge): Promise<void>;
  /** Undoes all that ensure did. */
  remove(bridge: string): Promise<void>;
  /** Lets traffic on these bridges past other programs' rules; called for each bridge by the methods that make one. */
  letPass(bridges: readonly string[]): Promise<void>;
  /** True for a bridge that ensure made (also in an earlier run of the helper). */
  isExternal(bridge: string): boolean;
  /** Takes such rules of bridges that are gone away. */
  stopPassing(bridges: readonly string[]): Promise<void>;
}
