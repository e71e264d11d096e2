import type { Server } from 'node:net';
import type { DhcpLease } from '../../host/net/dhcp/interface.ts';
import type { HostNetwork } from '../../host/net/interface.ts';
import { dhcpNamespace } from '../../host/net/names.ts';
import type { DnsRelay } from '../../host/net/sockets/interface.ts';
import type { MetadataListener } from '../face.ts';

interface Open {
  readonly server: Server;
  /** On the link-local address of IPv6, where the network has IPv6. */
  server6?: Server | undefined;
  readonly relay: DnsRelay;
  readonly unwatch: () => void;
}

/** Where guests ask for their metadata (a link-local address that clouds agree on). */
const METADATA = { host: '169.254.169.254', port: 80 };
const METADATA6 = 'fe80::a9fe:a9fe';

/**
 * What this process has open in the DHCP namespaces: metadata, DNS relay, the view of the leases. It dies with the
 * process and is opened again at the next start; dnsmasq does not.
 */
export class Listeners {
  readonly #host: HostNetwork;
  readonly #metadata: MetadataListener;
  readonly #onLease: (networkId: string, lease: DhcpLease, renewed: boolean) => void;
  readonly #open = new Map<string, Open>();

  constructor(
    host: HostNetwork,
    metadata: MetadataListener,
    onLease: (networkId: string, lease: DhcpLease, renewed: boolean) => void,
  ) {
    this.#host = host;
    this.#metadata = metadata;
    this.#onLease = onLease;
  }

  /** Those with something open: networks that have DHCP. */
  networks(): readonly string[] {
    return [...this.#open.keys()];
  }

  /**
   * @param fresh the namespace may be a new one: what was open in the old one is closed.
   * @param device6 where the link-local address of IPv6 is in the namespace, if it is.
   */
  async ensure(
    networkId: string,
    options: {
      readonly dnsRelayPort: number;
      readonly fresh: boolean;
      readonly device6: string | undefined;
    },
  ): Promise<void> {
    if (options.fresh) await this.close(networkId);
    if (!this.#open.has(networkId)) await this.#openAll(networkId, options.dnsRelayPort);
    await this.#ensure6(networkId, options.device6);
  }

  async #ensure6(networkId: string, device: string | undefined): Promise<void> {
    const open = this.#open.get(networkId);
    if (open === undefined || (open.server6 === undefined) === (device === undefined)) return;
    if (device === undefined) {
      open.server6?.close();
      open.server6 = undefined;
      return;
    }
    const place = { host: `${METADATA6}%${device}`, port: METADATA.port };
    open.server6 = await this.#host.sockets.listenTcp(dhcpNamespace(networkId), place);
    this.#metadata.serve(open.server6, { networkId });
  }

  async #openAll(networkId: string, dnsRelayPort: number): Promise<void> {
    const namespace = dhcpNamespace(networkId);
    const server = await this.#host.sockets.listenTcp(namespace, METADATA);
    // At once: a guest that connects before would be accepted and never answered.
    this.#metadata.serve(server, { networkId });
    try {
      const relay = await this.#host.sockets.startDnsRelay(namespace, dnsRelayPort);
      const unwatch = await this.#watch(networkId);
      this.#open.set(networkId, { server, relay, unwatch });
    } catch (error) {
      server.close();
      throw error;
    }
  }

  async #watch(networkId: string): Promise<() => void> {
    const key = (lease: DhcpLease): string => `${lease.macAddress} ${lease.ip}`;
    const byKey = (leases: readonly DhcpLease[]): Map<string, number> =>
      new Map(leases.map((lease) => [key(lease), lease.expires]));
    let known = byKey(await this.#host.dhcp.leases(networkId));
    return this.#host.dhcp.watchLeases(networkId, (leases) => {
      for (const lease of leases) {
        const before = known.get(key(lease));
        if (before !== lease.expires) this.#onLease(networkId, lease, before !== undefined);
      }
      known = byKey(leases);
    });
  }

  async close(networkId: string): Promise<void> {
    const open = this.#open.get(networkId);
    if (open === undefined) return;
    this.#open.delete(networkId);
    open.unwatch();
    open.server.close();
    open.server6?.close();
    await open.relay.close();
  }

  async closeAll(): Promise<void> {
    for (const networkId of this.#open.keys()) await this.close(networkId);
  }
}
