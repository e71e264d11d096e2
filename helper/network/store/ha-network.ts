import { table } from './table.ts';

/** The network that the highly available routers of a project watch each other over. */
export interface HaNetworkRow {
  readonly project_id: string;
  readonly network_id: string;
}

export const haNetworks = table<HaNetworkRow>('ha_network', 'project_id');
