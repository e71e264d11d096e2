import type { NetworkConfig } from '../config.ts';
import { uuidOf } from './uuid.ts';

const KINDS = [
  { type: 'Linux bridge agent', binary: 'neutron-linuxbridge-agent', topic: 'N/A', zoned: false },
  { type: 'DHCP agent', binary: 'neutron-dhcp-agent', topic: 'dhcp_agent', zoned: true },
  { type: 'L3 agent', binary: 'neutron-l3-agent', topic: 'l3_agent', zoned: true },
  { type: 'Metadata agent', binary: 'neutron-metadata-agent', topic: 'N/A', zoned: false },
] as const;

/** '2026-01-31 12:00:00', as agents write times. */
const agentTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

/** This host's work as neutron's clients know it: four agents, alive as long as this process is. */
export function agents(config: NetworkConfig, startedAt: number, now: number) {
  return KINDS.map((kind) => ({
    id: uuidOf('agent', config.hostName, kind.binary),
    agent_type: kind.type,
    binary: kind.binary,
    topic: kind.topic,
    host: config.hostName,
    admin_state_up: true,
    alive: true,
    availability_zone: kind.zoned ? config.availabilityZone : null,
    description: null,
    configurations:
      kind.binary === 'neutron-linuxbridge-agent'
        ? {
            bridge_mappings: config.physicalNetworks,
            tunnel_types: ['vxlan'],
            tunneling_ip: config.tunnelAddress,
          }
        : {},
    resources_synced: null,
    created_at: agentTime(startedAt),
    started_at: agentTime(startedAt),
    heartbeat_timestamp: agentTime(now),
  }));
}
