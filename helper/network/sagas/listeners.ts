import type { Server } from 'node:net';
import type { DhcpLease } from '../../host/net/dhcp/interface.ts';
import type { HostNetwork } from '../../host/net/interface.ts';
import { dhcpNamespace } from '../../host/net/names.ts';
import type { DnsRelay } from '../../host/net/sockets/interface.ts';
import type { MetadataListener } from '../face.ts';

interface Open {
  readonly server: Server;
  readonly relay: DnsRelay;
  readonly unwatch: () => void;
}

/** Where guests ask for their metadata (a link-local address that clouds agree on). */
const METADATA = { host: '169.254.169.254', port: 80 };

/**
 * What this process has open in the DHCP namespaces: metadata, DNS relay, the view of the leases. It dies with the
 * process and is opened again at the next start; dnsmasq does not.
 */
export class Listeners {
  readonly #host: HostNetwork;
  readonly #metadata: MetadataListener;
  readonly #onLease: (networkId: string, lease: DhcpLease) => void;
  readonly #open = new Map<string, Open>();

  constructor(
    host: HostNetwork,
    metadata: MetadataListener,
    onLease: (networkId: string, lease: DhcpLease) => void,
  ) {
    this.#host = host;
    this.#metadata = metadata;
    this.#onLease = onLease;
  }

  /** @param fresh the namespace may be a new one: what was open in the old one is closed. */
  async ensure(networkId: string, dnsRelayPort: number, fresh: boolean): Promise<void> {
    if (fresh) await this.close(networkId);
    if (this.#open.has(networkId)) return;
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
    let known = new Set((await this.#host.dhcp.leases(networkId)).map(key));
    return this.#host.dhcp.watchLeases(networkId, (leases) => {
      for (const lease of leases) if (!known.has(key(lease))) this.#onLease(networkId, lease);
      known = new Set(leases.map(key));
    });
  }

  async close(networkId: string): Promise<void> {
    const open = this.#open.get(networkId);
    if (open === undefined) return;
    this.#open.delete(networkId);
    open.unwatch();
    open.server.close();
    await open.relay.close();
  }

  async closeAll(): Promise<void> {
    for (const networkId of this.#open.keys()) await this.close(networkId);
  }
}
