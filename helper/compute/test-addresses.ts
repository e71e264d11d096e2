import { badRequest, conflict, notFound } from '../errors/error.ts';
import type { ComputeAddresses, ProxyFloatingIp } from '../network/face.ts';

/** Floating IPs and networks in memory; for tests. */
export function standInAddresses(): ComputeAddresses {
  const floating = new Map<string, ProxyFloatingIp>();
  const networks = [{ id: '22222222-2222-4222-8222-222222222222', name: 'private' }];
  const find = (address: string): ProxyFloatingIp => {
    const found = [...floating.values()].find((one) => one.address === address);
    if (found === undefined) throw notFound('floating IP not found');
    return found;
  };
  const addresses: ComputeAddresses = {
    listNetworks: () => networks,
    showNetwork: (_caller, id) => {
      const found = networks.find((one) => one.id === id);
      if (found === undefined) throw notFound('Network not found');
      return found;
    },
    pools: () => [{ id: 'ext', name: 'public' }],
    listFloatingIps: () => [...floating.values()],
    showFloatingIp: (_caller, id) => {
      const found = floating.get(id);
      if (found === undefined) throw notFound(`Floating IP not found for ID ${id}`);
      return found;
    },
    createFloatingIp: (_caller, pool = 'public') => {
      if (pool !== 'public') throw notFound('Floating IP pool not found.');
      const id = `88888888-8888-4888-8888-${String(floating.size).padStart(12, '0')}`;
      const made = { id, address: `203.0.113.${floating.size}`, pool, fixedAddress: null, serverId: null };
      floating.set(id, made);
      return made;
    },
    deleteFloatingIp: (caller, id) => {
      addresses.showFloatingIp(caller, id);
      floating.delete(id);
    },
    associate: (_caller, serverId, address, fixedAddress = '10.0.0.5') => {
      const found = find(address);
      floating.set(found.id, { ...found, serverId, fixedAddress });
    },
    disassociate: (_caller, serverId, address) => {
      const found = find(address);
      if (found.serverId !== serverId) throw conflict(`Floating IP ${address} is not associated.`);
      floating.set(found.id, { ...found, serverId: null, fixedAddress: null });
    },
    addFixedIp: (_serverId, networkId) => {
      addresses.showNetwork({} as never, networkId);
    },
    removeFixedIp: (serverId, address) => {
      throw badRequest(`Instance ${serverId} does not have fixed IP '${address}'.`);
    },
  };
  return addresses;
}
