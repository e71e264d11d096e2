import type { Port } from '../../cloud/types.ts';
import { roleOf } from '../networks/ports.ts';

/** Who has a security group: servers by id, and how many ports of nothing. */
export interface GroupUse {
  readonly servers: readonly string[];
  readonly others: number;
}

/** The use of every group that some port has. */
export function groupUses(ports: readonly Port[]): ReadonlyMap<string, GroupUse> {
  const uses = new Map<string, { servers: Set<string>; others: number }>();
  for (const port of ports)
    for (const id of port.security_groups) {
      const use = uses.get(id) ?? { servers: new Set<string>(), others: 0 };
      uses.set(id, use);
      if (roleOf(port) === 'server') use.servers.add(port.device_id);
      else use.others += 1;
    }
  return new Map([...uses].map(([id, { servers, others }]) => [id, { servers: [...servers], others }]));
}
