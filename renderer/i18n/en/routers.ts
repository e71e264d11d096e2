/** Routers. */
export const routers = {
  title: 'Routers',
  search: 'Search by name, ID, network, address',
  empty: 'No routers yet',
  emptyText: 'A router joins networks, and leads servers to the outside through its gateway.',
  create: 'Create router',
  createFailed: 'The router was not created',
  created: (name: string) => `${name} is being made`,
  deleteTitle: (count: number, name: string) =>
    count === 1 ? `Delete ${name}?` : `Delete ${count} routers?`,
  deleteText: (interfaces: number, floating: number) =>
    [
      interfaces === 0
        ? 'Its way to the outside.'
        : `Its ${interfaces === 1 ? 'interface' : `${interfaces} interfaces`}: those networks lose their way to each other and outside.`,
      floating > 0
        ? `It will be refused: ${floating === 1 ? 'a floating IP leads' : `${floating} floating IPs lead`} through it.`
        : '',
    ]
      .filter((part) => part !== '')
      .join(' '),
  deleted: (count: number, name: string) =>
    count === 1 ? `${name} is being deleted` : `${count} routers are being deleted`,
  joins: 'Joins',
  gateway: 'External gateway',
  gatewayOf: (name: string) => `External gateway of ${name}`,
  gatewayHint: 'The router takes an address there, and what is for the outside goes that way.',
  noGateway: 'no gateway',
  noGatewayHint: 'Without a gateway the router joins its networks to each other, and nothing leads outside.',
  setGateway: 'Set gateway',
  clearGateway: 'Clear',
  clearTitle: (name: string) => `Clear the gateway of ${name}?`,
  clearText: (floating: number) =>
    floating > 0
      ? `It will be refused: ${floating === 1 ? 'a floating IP leads' : `${floating} floating IPs lead`} through it. Disassociate first.`
      : 'The way to the outside for all its networks; connections break off.',
  cleared: 'The gateway is cleared',
  externalNetwork: 'External network',
  addressHint: 'Empty: a free one of the external network.',
  snat: 'Source NAT',
  snatHint: 'Servers without a floating IP reach the outside under the router’s address.',
  snatText: 'What leaves has the router’s address; answers find their way back by it.',
  noSnatText:
    'Only servers with a floating IP reach the outside; others would need routes back to them there.',
  interfaces: 'Interfaces',
  noInterfaces: 'No interfaces',
  noInterfacesText: 'Give the router an address in a subnet, and servers there use it as their gateway.',
  addInterface: 'Add interface',
  addInterfaceTo: (name: string) => `Add interface to ${name}`,
  removeInterface: (name: string) => `Remove the interface on ${name}`,
  removeText:
    'The way from this network to others and to the outside. Floating IPs of its servers stand against it.',
  removed: 'The interface is removed',
  join: 'Join networks',
  joinHint: 'The router gets an address in it, the gateway’s if that is free.',
  joined: (cidr: string) => `The router is in ${cidr} now`,
  joinFailed: 'The interface was refused',
  nothingToJoin: 'No subnet is left to join: create a network first.',
  network: 'Network',
  addressHere: 'Router’s address',
  addressNeeded: 'The gateway’s address is taken or missing: name another one.',
  gatewayAddressHint: (address: string) => `Empty: the gateway’s, ${address}.`,
  device: 'Device',
  routes: 'Extra routes',
  noRoutes: 'None. Needed only where a server passes packets on to further networks.',
  addRoute: 'Add route',
  routeAdded: 'The route is added',
  destination: 'Destination',
  nexthop: 'Next hop',
  nexthopHint: 'An address in one of the router’s own networks.',
  floating: 'Floating IPs',
  noFloating: 'None leads through this router.',
  forwards: (count: number) => (count === 1 ? '1 forwarded port' : `${count} forwarded ports`),
  facts: 'Router',
  gone: 'This router is gone',
  goneText: 'It was deleted, or belongs to another project.',
};
