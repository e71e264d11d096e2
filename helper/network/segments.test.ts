import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
});
afterEach(() => world.close());

const { create, makeNetwork, makeSubnet, makePort, list, refused } = resourcesOf(() => world);
const addressOf = (port: Resource) => (port['fixed_ips'] as { ip_address: string }[])[0]?.ip_address;

describe('segments', () => {
  test('are there for every network, and more can be added and removed', async () => {
    const network = await makeNetwork('admin');
    const [first] = await list('admin', `/segments?network_id=${network.id}`);
    expect(first).toMatchObject({
      network_id: network.id,
      network_type: 'vxlan',
      segmentation_id: 1,
      physical_network: null,
      name: null,
      revision_number: 1,
    });
    const body = { network_id: network.id, network_type: 'vxlan', segmentation_id: 40, name: 'second' };
    const second = await create('admin', 'segment', body);
    expect((await list('admin', `/networks?id=${network.id}`))[0]).toMatchObject({
      segments: [
        { 'provider:network_type': 'vxlan', 'provider:segmentation_id': 1 },
        { 'provider:network_type': 'vxlan', 'provider:segmentation_id': 40 },
      ],
    });
    expect(await refused('admin', 'POST', '/segments', { segment: body })).toEqual([409, 'TunnelIdInUse']);
    const taken = { 'provider:network_type': 'vxlan', 'provider:segmentation_id': 40 };
    expect(await refused('admin', 'POST', '/networks', { network: taken })).toEqual([409, 'TunnelIdInUse']);
    const path = `/segments/${second.id}`;
    await world.ok('admin', 'PUT', path, { segment: { name: 'x', description: 'd' } });
    expect(await list('admin', '/segments?name=x')).toHaveLength(1);
    await world.ok('admin', 'DELETE', path);
    expect(await refused('admin', 'GET', path)).toEqual([404, 'SegmentNotFound']);
    await makeNetwork('admin', taken);
  });

  test('the first gives its place on the host to the next, and its number back', async () => {
    const network = await makeNetwork('admin', {
      'provider:segmentation_id': 60,
      'provider:network_type': 'vxlan',
    });
    const body = { network_id: network.id, network_type: 'vxlan', segmentation_id: 61 };
    const [first] = await list('admin', `/segments?network_id=${network.id}`);
    const second = await create('admin', 'segment', body);
    const subnet = await makeSubnet(network, {}, 'admin');
    // The DHCP server's.
    expect(await refused('admin', 'DELETE', `/segments/${first?.id}`)).toEqual([409, 'SegmentInUse']);
    await world.ok('admin', 'PUT', `/subnets/${subnet.id}`, { subnet: { enable_dhcp: false } });
    await world.settled();
    const vxlans = async () => (await world.host.inventory()).vxlans;
    expect(await vxlans()).toEqual(['vxlan-60']);
    await world.ok('admin', 'DELETE', `/segments/${first?.id}`);
    expect(await list('admin', `/segments?network_id=${network.id}`)).toMatchObject([{ id: second.id }]);
    expect(await refused('admin', 'GET', `/segments/${first?.id}`)).toEqual([404, 'SegmentNotFound']);
    const shown = async () => (await list('admin', `/networks?id=${network.id}`))[0];
    expect(await shown()).toMatchObject({ 'provider:segmentation_id': 61 });
    await world.settled();
    expect(await vxlans()).toEqual(['vxlan-61']);
    await makeNetwork('admin', { 'provider:segmentation_id': 60, 'provider:network_type': 'vxlan' });

    await world.ok('admin', 'DELETE', `/segments/${second.id}`);
    await world.settled();
    expect(await vxlans()).toEqual([]);
    expect(await shown()).toMatchObject({ 'provider:network_type': null, 'provider:segmentation_id': null });
    await create('admin', 'segment', { ...body, segmentation_id: 62 });
    await world.settled();
    expect(await vxlans()).toEqual(['vxlan-62']);
    expect(await shown()).toMatchObject({ 'provider:segmentation_id': 62 });
    await world.ok('admin', 'DELETE', `/networks/${network.id}`);
    await world.settled();
    expect(await vxlans()).toEqual([]);
  });

  test('are given with the network as well, and go with it', async () => {
    const segments = [
      { 'provider:network_type': 'local' },
      { 'provider:network_type': 'vxlan', 'provider:segmentation_id': 50 },
    ];
    const network = await makeNetwork('admin', { segments });
    expect(await list('admin', `/segments?network_id=${network.id}`)).toHaveLength(2);
    const both = { network: { segments, 'provider:network_type': 'local' } };
    expect(await refused('admin', 'POST', '/networks', both)).toEqual([
      400,
      'SegmentsSetInConjunctionWithProviders',
    ]);
    expect(await refused('a', 'POST', '/networks', { network: { segments } })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
    await world.ok('admin', 'DELETE', `/networks/${network.id}`);
    await makeNetwork('admin', segments[1]);
    for (const type of ['gre', 'geneve', 'token-ring']) {
      const answer = await world.call('admin', 'POST', '/segments', {
        segment: { network_id: (await makeNetwork('admin')).id, network_type: type },
      });
      expect([answer.status, answer.type]).toEqual([400, 'InvalidInput']);
    }
  });

  test('may be VLANs of a physical network, where the kernel has those', async () => {
    const type = { 'provider:network_type': 'vlan' };
    const tagged = { ...type, 'provider:physical_network': 'external', 'provider:segmentation_id': 2 };
    const network = await makeNetwork('admin', tagged);
    // The second takes the first free tag, and VXLAN ids are other numbers.
    expect(await makeNetwork('admin', type)).toMatchObject({
      'provider:physical_network': 'external',
      'provider:segmentation_id': 1,
    });
    await makeNetwork('admin', { 'provider:network_type': 'vxlan', 'provider:segmentation_id': 2 });
    for (const [body, answer] of [
      [tagged, [409, 'VlanIdInUse']],
      [{ ...tagged, 'provider:segmentation_id': 4095 }, [400, 'InvalidInput']],
      [{ ...tagged, 'provider:physical_network': 'mars' }, [400, 'InvalidInput']],
      [{ ...type, 'provider:segmentation_id': 9 }, [400, 'InvalidInput']],
    ] as const)
      expect(await refused('admin', 'POST', '/networks', { network: body })).toEqual(answer);
    const subnet = await makeSubnet(network, {}, 'admin');
    await world.settled();
    const [segment] = world.host.state.segments.values();
    expect(segment).toMatchObject({ networkId: network.id, vlan: { parent: 'br-ex', id: 2 } });
    expect([...world.host.state.externals.keys()]).toEqual(['br-ex']);
    await world.ok('admin', 'DELETE', `/subnets/${subnet.id}`);
    for (const { id } of await list('admin', '/networks?provider:network_type=vlan'))
      await world.ok('admin', 'DELETE', `/networks/${id}`);
    await world.settled();
    expect([...world.host.state.externals.keys()]).toEqual([]);
    expect([...world.host.state.segments.keys()]).toEqual([]);
    await makeNetwork('admin', tagged);
  });

  test('say what to do where the kernel has no VLANs', async () => {
    world.host.state.kernel.vlan = false;
    await world.network.start();
    const network = { 'provider:network_type': 'vlan' };
    const { status, body } = await world.call('admin', 'POST', '/networks', { network });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain("'modprobe 8021q'");
  });

  test('may have subnets: all of a network or none, and addresses of the one that the host carries', async () => {
    const network = await makeNetwork('admin');
    const [first] = await list('admin', `/segments?network_id=${network.id}`);
    const second = await create('admin', 'segment', { network_id: network.id, network_type: 'local' });
    const away = await makeSubnet(network, { cidr: '10.1.0.0/24', segment_id: second.id }, 'admin');
    expect(away).toMatchObject({ segment_id: second.id });
    expect(await refused('admin', 'POST', '/ports', { port: { network_id: network.id } })).toEqual([
      409,
      'IpAddressGenerationFailureNoMatchingSubnet',
    ]);
    await makeSubnet(network, { cidr: '10.2.0.0/24', segment_id: first?.id }, 'admin');
    expect(addressOf(await makePort(network, {}, 'admin'))).toMatch(/^10\.2\.0\./);
    const base = { network_id: network.id, ip_version: 4, cidr: '10.3.0.0/24' };
    for (const [subnet, answer] of [
      [base, [400, 'SubnetsNotAllAssociatedWithSegments']],
      [{ ...base, segment_id: network.id }, [404, 'SegmentNotFound']],
    ] as const)
      expect(await refused('admin', 'POST', '/subnets', { subnet })).toEqual(answer);
    expect(await refused('admin', 'DELETE', `/segments/${second.id}`)).toEqual([409, 'SegmentInUse']);
    const own = await makeNetwork('a');
    const subnet = { network_id: own.id, ip_version: 4, cidr: '10.3.0.0/24', segment_id: first?.id };
    expect(await refused('a', 'POST', '/subnets', { subnet })).toEqual([403, 'PolicyNotAuthorized']);
    expect(await refused('admin', 'POST', '/subnets', { subnet })).toEqual([400, 'NetworkIdsDontMatch']);
    const plain = await makeSubnet(own);
    expect(plain).not.toHaveProperty('segment_id');
    const [place] = await list('admin', `/segments?network_id=${own.id}`);
    await world.ok('admin', 'PUT', `/subnets/${plain.id}`, { subnet: { segment_id: place?.id } });
    expect(await refused('admin', 'PUT', `/subnets/${plain.id}`, { subnet: { segment_id: null } })).toEqual([
      400,
      'SubnetSegmentAssociationChangeNotAllowed',
    ]);
  });

  test('are the administrators’', async () => {
    const network = await makeNetwork('a');
    const [segment] = await list('admin', '/segments');
    const path = `/segments/${segment?.id}`;
    expect(await list('a', '/segments')).toEqual([]);
    for (const [method, at, body] of [
      ['POST', '/segments', { segment: { network_id: network.id, network_type: 'local' } }],
      ['GET', path, undefined],
      ['PUT', path, { segment: { name: 'x' } }],
      ['DELETE', path, undefined],
    ] as const) {
      expect([method, await refused('a', method, at, body)]).toEqual([method, [403, 'PolicyNotAuthorized']]);
      expect((await world.call('', method, at, body)).status).toBe(401);
    }
    expect((await world.call('', 'GET', '/segments')).status).toBe(401);
  });
});

test('service types choose the subnets that a port has addresses of', async () => {
  const network = await makeNetwork();
  await makeSubnet(network, { cidr: '10.1.0.0/24', service_types: ['compute:foo'] });
  expect(await refused('a', 'POST', '/ports', { port: { network_id: network.id } })).toEqual([
    409,
    'IpAddressGenerationFailureNoMatchingSubnet',
  ]);
  const plain = await makeSubnet(network, { cidr: '10.2.0.0/24' });
  expect(addressOf(await makePort(network))).toMatch(/^10\.2\.0\./);
  expect(addressOf(await makePort(network, { device_owner: 'compute:foo' }))).toMatch(/^10\.1\.0\./);
  const path = `/subnets/${plain.id}`;
  await world.ok('a', 'PUT', path, { subnet: { service_types: ['network:bar'] } });
  expect(addressOf(await makePort(network, { device_owner: 'compute:foo' }))).toMatch(/^10\.1\.0\./);
  expect(await refused('a', 'PUT', path, { subnet: { service_types: ['foo'] } })).toEqual([
    400,
    'InvalidSubnetServiceType',
  ]);
});
