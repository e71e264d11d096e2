import type { Db } from '../../db/index.ts';
import { transaction } from '../../db/index.ts';
import { notFound } from '../../errors/error.ts';
import type { NetworkConfig } from '../config.ts';
import { agentRows, setAgent } from '../store/agent.ts';
import { uuidOf } from './uuid.ts';

const KINDS = [
  { type: 'Linux bridge agent', binary: 'neutron-linuxbridge-agent', topic: 'N/A', zoned: false },
  { type: 'DHCP agent', binary: 'neutron-dhcp-agent', topic: 'dhcp_agent', zoned: true },
  { type: 'L3 agent', binary: 'neutron-l3-agent', topic: 'l3_agent', zoned: true },
  { type: 'Metadata agent', binary: 'neutron-metadata-agent', topic: 'N/A', zoned: false },
] as const;

export type AgentBinary = (typeof KINDS)[number]['binary'];
export const DHCP_AGENT = 'neutron-dhcp-agent';
export const L3_AGENT = 'neutron-l3-agent';

/** '2026-01-31 12:00:00', as agents write times. */
const agentTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

const idOf = (config: NetworkConfig, binary: AgentBinary): string => uuidOf('agent', config.hostName, binary);

/** This host's work as neutron's clients know it: four agents, alive as long as this process is. */
export function agents(db: Db, config: NetworkConfig, startedAt: number, now: number) {
  const changed = new Map(
    agentRows
      .byIds(
        db,
        KINDS.map((kind) => idOf(config, kind.binary)),
      )
      .map((row) => [row.id, row]),
  );
  return KINDS.map((kind) => {
    const id = idOf(config, kind.binary);
    const row = changed.get(id);
    return {
      id,
      agent_type: kind.type,
      binary: kind.binary,
      topic: kind.topic,
      host: config.hostName,
      admin_state_up: row === undefined || row.admin_state_up === 1,
      alive: true,
      availability_zone: kind.zoned ? config.availabilityZone : null,
      description: row?.description ?? null,
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
    };
  });
}

export type Agent = ReturnType<typeof agents>[number];

export const agentNotFound = (id: string): Error =>
  notFound(`Agent ${id} could not be found.`, { type: 'AgentNotFound' });

/** False while an administrator has taken the agent out of service: it gets nothing new to do. */
export const agentTakesWork = (db: Db, config: NetworkConfig, binary: AgentBinary): boolean =>
  agentRows.byId(db, idOf(config, binary))?.admin_state_up !== 0;

/** Writes what an administrator changed. */
export function changeAgent(
  db: Db,
  agent: Agent,
  change: { readonly admin_state_up?: boolean; readonly description?: string | null },
): void {
  transaction(db, () => {
    const isUp = change.admin_state_up ?? agent.admin_state_up;
    const description = change.description === undefined ? agent.description : change.description;
    // As it is without a row.
    if (isUp && description === null) agentRows.delete(db, agent.id);
    else setAgent(db, { id: agent.id, admin_state_up: Number(isUp), description });
  });
}
