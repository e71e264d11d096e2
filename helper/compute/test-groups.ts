import { notFound } from '../errors/error.ts';
import type { ComputeNetworks, ProxyGroup } from '../network/face.ts';

/** Security groups in memory; for tests. */
export function standInGroups(): ComputeNetworks {
  const groups = new Map<string, ProxyGroup>();
  const serverGroups = new Map<string, string[]>();
  const compute: ComputeNetworks = {
    listGroups: () => [...groups.values()],
    showGroup: (_caller, id) => {
      const group = groups.get(id);
      if (group === undefined) throw notFound(`Security group ${id} not found.`);
      return group;
    },
    createGroup: ({ auth }, { name, description }) => {
      const id = `99999999-9999-4999-8999-${String(groups.size).padStart(12, '0')}`;
      const group = { id, name, description, projectId: auth.projectId ?? '', rules: [] };
      groups.set(id, group);
      return group;
    },
    updateGroup: (caller, id, change) => {
      const group = { ...compute.showGroup(caller, id), ...change };
      groups.set(id, group);
      return group;
    },
    deleteGroup: (caller, id) => {
      compute.showGroup(caller, id);
      groups.delete(id);
    },
    createRule: (_caller, { groupId, protocol, fromPort, toPort, cidr }) => ({
      id: groupId,
      groupId,
      protocol,
      fromPort,
      toPort,
      cidr,
      group: undefined,
    }),
    deleteRule: () => undefined,
    groupsOfServer: (serverId) =>
      (serverGroups.get(serverId) ?? ['default']).map((name) => ({
        id: name,
        name,
        description: '',
        projectId: 'p1',
        rules: [],
      })),
    addToServer: (serverId, _projectId, name) => {
      if (name === 'missing') throw notFound(`Security group ${name} not found for project p1.`);
      serverGroups.set(serverId, [...(serverGroups.get(serverId) ?? []), name]);
    },
    removeFromServer: (serverId, _projectId, name) => {
      const had = serverGroups.get(serverId) ?? [];
      serverGroups.set(
        serverId,
        had.filter((one) => one !== name),
      );
    },
  };
  return compute;
}
