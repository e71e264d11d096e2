/** Which connections die. All fields given must match. */
export interface FlushRequest {
  /** A network's zone on the host. Exactly one of zone and namespace. */
  readonly zone?: number;
  /** A router's namespace (there every entry has zone 0). */
  readonly namespace?: string;
  /** Connections with one of these addresses on either side, before or after translation; all when absent. */
  readonly addresses?: readonly string[];
  /** IP protocol name, to cut only that ('tcp', 'udp', 'icmp'). */
  readonly protocol?: string;
  /** Destination port of the connection's first packet; needs protocol. */
  readonly port?: number;
}

export interface ConntrackHost {
  /** Forgets the connections; answers when they are gone. No match is no error. */
  flush(request: FlushRequest): Promise<void>;
}
