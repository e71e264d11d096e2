import { transaction } from '../../db/index.ts';
import { CloudError, badRequest, notFound } from '../../errors/error.ts';
import type { ComputeNetworks, ProxyGroup, ProxyRule } from '../face.ts';
import { groupsOfPorts, portsOfDevice } from '../store/port.ts';
import type { PortRow, SecurityGroupRow, SecurityGroupRuleRow } from '../store/row.ts';
import { groups, groupsNamed, groupsOfProject, rulesOfGroups } from '../store/security-group.ts';
import type { Caller, NetworkContext } from './context.ts';
import type { PortCore } from './port-core.ts';
import type { SecurityGroupApp } from './security-group.ts';
import type { SecurityGroupRuleApp } from './security-group-rule.ts';
import { ensureDefaultGroup } from './security-group-core.ts';
import { isOpenTo } from './sharing.ts';

/** Compute's policy was asked already. */
const as = (caller: Pick<Caller, 'auth' | 'requestId'>): Caller => ({ ...caller, may: () => true });

/** Conflicts here are bad requests there, as nova translates them. */
function inNovasWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CloudError) || error.kind !== 'conflict') throw error;
    throw badRequest(error.message, { cause: error });
  }
}

/** What compute's API says of security groups: its old proxy, and groups of servers. */
export class ComputeProxy implements ComputeNetworks {
  readonly #context: NetworkContext;
  readonly #groups: SecurityGroupApp;
  readonly #rules: SecurityGroupRuleApp;
  readonly #ports: PortCore;

  constructor(parts: {
    readonly context: NetworkContext;
    readonly groups: SecurityGroupApp;
    readonly rules: SecurityGroupRuleApp;
    readonly ports: PortCore;
  }) {
    this.#context = parts.context;
    this.#groups = parts.groups;
    this.#rules = parts.rules;
    this.#ports = parts.ports;
  }

  listGroups: ComputeNetworks['listGroups'] = ({ auth }, everybodys) => {
    const { db } = this.#context;
    const { projectId } = auth;
    if (projectId !== undefined) transaction(db, () => ensureDefaultGroup(this.#context, projectId));
    return this.#views(groupsOfProject(db, everybodys ? null : (projectId ?? '')));
  };

  showGroup: ComputeNetworks['showGroup'] = (caller, id) => this.#view(this.#groups.load(caller, id));

  createGroup: ComputeNetworks['createGroup'] = (caller, { name, description }) => {
    const [row] = inNovasWords(() => this.#groups.create(as(caller), [{ name, description }]));
    return this.#view(row as SecurityGroupRow);
  };

  updateGroup: ComputeNetworks['updateGroup'] = (caller, id, change) =>
    this.#view(inNovasWords(() => this.#groups.update(this.#groups.load(caller, id), change)));

  deleteGroup: ComputeNetworks['deleteGroup'] = (caller, id) => {
    inNovasWords(() => {
      const row = this.#groups.load(caller, id);
      if (row.is_default === 1) throw badRequest('Insufficient rights for removing default security group.');
      this.#groups.delete(as(caller), row);
    });
  };

  createRule: ComputeNetworks['createRule'] = (caller, rule) => {
    this.#groups.load(caller, rule.groupId);
    const [row] = inNovasWords(() =>
      this.#rules.create(as(caller), [
        {
          security_group_id: rule.groupId,
          direction: 'ingress',
          ethertype: rule.cidr?.includes(':') === true ? 'IPv6' : 'IPv4',
          protocol: rule.protocol,
          // nova's -1 is 'all'.
          port_range_min: rule.fromPort === -1 ? null : rule.fromPort,
          port_range_max: rule.toPort === -1 ? null : rule.toPort,
          remote_ip_prefix: rule.remoteGroupId === undefined ? (rule.cidr ?? '0.0.0.0/0') : null,
          remote_group_id: rule.remoteGroupId ?? null,
        },
      ]),
    );
    return this.#rule(row as SecurityGroupRuleRow);
  };

  deleteRule: ComputeNetworks['deleteRule'] = (caller, id) => {
    this.#rules.delete(this.#rules.load(caller, id));
  };

  groupsOfServer: ComputeNetworks['groupsOfServer'] = (serverId) => {
    const { db } = this.#context;
    const ids = new Set([...this.#groupIds(portsOfDevice(db, serverId)).values()].flat());
    return this.#views([...ids].map((id) => groups.byId(db, id)).filter((row) => row !== undefined));
  };

  addToServer: ComputeNetworks['addToServer'] = (serverId, projectId, nameOrId) => {
    const { db } = this.#context;
    transaction(db, () => {
      const group = this.#named(projectId, nameOrId);
      const ports = portsOfDevice(db, serverId).filter(hasFilter);
      const had = this.#groupIds(ports);
      for (const port of ports) {
        const before = had.get(port.id) ?? [];
        if (!before.includes(group.id))
          this.#ports.update(port, {}, { securityGroupIds: [...before, group.id] });
      }
    });
  };

  removeFromServer: ComputeNetworks['removeFromServer'] = (serverId, projectId, nameOrId) => {
    const { db } = this.#context;
    transaction(db, () => {
      const group = this.#named(projectId, nameOrId);
      const ports = portsOfDevice(db, serverId);
      const had = this.#groupIds(ports);
      const members = ports.filter(({ id }) => had.get(id)?.includes(group.id) === true);
      if (members.length === 0)
        throw notFound(`Security group ${nameOrId} not associated with the instance ${serverId}`);
      for (const port of members) {
        const rest = (had.get(port.id) ?? []).filter((id) => id !== group.id);
        this.#ports.update(port, {}, { securityGroupIds: rest });
      }
    });
  };

  #groupIds(ports: readonly PortRow[]): ReadonlyMap<string, readonly string[]> {
    const found = groupsOfPorts(
      this.#context.db,
      ports.map(({ id }) => id),
    );
    const map = new Map<string, string[]>();
    for (const { port_id, security_group_id } of found) {
      const list = map.get(port_id) ?? [];
      map.set(port_id, list);
      list.push(security_group_id);
    }
    return map;
  }

  #named(projectId: string, nameOrId: string): SecurityGroupRow {
    const { db } = this.#context;
    const byId = groups.byId(db, nameOrId);
    if (byId !== undefined && (byId.project_id === projectId || isOpenTo(db, { projectId }, byId.id)))
      return byId;
    const [first, second] = groupsNamed(db, projectId, nameOrId);
    if (second !== undefined)
      throw badRequest(
        `Multiple security groups found matching '${nameOrId}'. Use an ID to be more specific.`,
      );
    if (first === undefined) throw notFound(`Security group ${nameOrId} not found for project ${projectId}.`);
    return first;
  }

  #view(row: SecurityGroupRow): ProxyGroup {
    return this.#views([row])[0] as ProxyGroup;
  }

  #views(rows: readonly SecurityGroupRow[]): readonly ProxyGroup[] {
    const { db } = this.#context;
    const all = rulesOfGroups(
      db,
      rows.map(({ id }) => id),
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      description: row.description,
      projectId: row.project_id,
      rules: all
        .filter(({ security_group_id, direction }) => security_group_id === row.id && direction === 'ingress')
        .map((rule) => this.#rule(rule)),
    }));
  }

  #rule(row: SecurityGroupRuleRow): ProxyRule {
    const { db } = this.#context;
    const remote = row.remote_group_id === null ? undefined : groups.byId(db, row.remote_group_id);
    return {
      id: row.id,
      groupId: row.security_group_id,
      protocol: row.protocol,
      // nova has no empty ports where there is a protocol.
      fromPort: row.protocol === null ? null : (row.port_range_min ?? -1),
      toPort: row.protocol === null ? null : (row.port_range_max ?? -1),
      cidr: remote === undefined ? (row.remote_ip_prefix ?? anywhere(row.ethertype)) : undefined,
      group: remote === undefined ? undefined : { name: remote.name, projectId: remote.project_id },
    };
  }
}

const anywhere = (ethertype: string): string => (ethertype === 'IPv6' ? '::/0' : '0.0.0.0/0');

/** Groups mean something only to ports of servers with port security. */
const hasFilter = (port: PortRow): boolean => port.port_security_enabled === 1;
