import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { simulatedGuest } from '../main/demo/simulated-guest.ts';
import { ensureTinyGuest, TINY_GUEST_USER } from '../resources/guest/build.ts';
import { openstack, run } from './support/cli.ts';
import { NOTHING, TestInstance } from './support/instance.ts';
import { OpenStackShell } from './support/openstack-client.ts';
import { complaints, makeKey, writeClouds } from './support/person.ts';

type Row = Record<string, unknown>;

/** A helper, its user's files, and the client. */
function cloud(name: string, host: 'linux' | 'simulated') {
  const instance = new TestInstance(name, host);
  const held: { shell?: OpenStackShell } = {};
  beforeAll(async () => {
    await instance.start();
    await writeClouds(instance);
    held.shell = await OpenStackShell.start(instance);
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${complaints(instance)}\n`);
  });
  afterAll(async () => {
    await held.shell?.end();
    expect(await instance.remove()).toEqual(NOTHING);
  });
  const shell = (): OpenStackShell => {
    if (held.shell === undefined) throw new Error('the client was not started');
    return held.shell;
  };
  /** The network outside, as the helper's plan has it. */
  const externalNetwork = async (): Promise<void> => {
    const plan = await instance.client.external();
    await shell().ok(
      `network create public --external --provider-network-type flat --provider-physical-network ${plan.physicalNetwork}`,
    );
    await shell().ok(
      `subnet create public-subnet --network public --subnet-range ${plan.cidr} --gateway ${plan.gateway} --no-dhcp --allocation-pool start=${plan.allocationStart},end=${plan.allocationEnd}`,
    );
  };
  return {
    instance,
    externalNetwork,
    ok: (line: string) => shell().ok(line),
    json: (line: string) => shell().json(line),
    list: (line: string) => shell().json<Row[]>(line),
    run: (line: string) => shell().run(line),
  };
}

describe('openstack on a simulated host', () => {
  const { instance, externalNetwork, ok, json, list, run: openstackRun } = cloud('cli-sim', 'simulated');
  /** The column of a list. */
  const column = async (name: string, line: string): Promise<unknown[]> =>
    (await list(line)).map((row) => row[name]);

  beforeAll(async () => {
    const guest = await simulatedGuest(instance.directory);
    await json(
      `image create guest --public --disk-format qcow2 --container-format bare --min-disk 1 --min-ram 64 --file ${guest.path}`,
    );
    await json('flavor create small --vcpus 1 --ram 128 --disk 1');
    await json('network create net');
    await json('subnet create subnet --network net --subnet-range 10.1.0.0/24');
    await externalNetwork();
  });

  test('token issue, catalog list, as Debian starts it', async () => {
    const token = await openstack(instance, 'token', 'issue', '-f', 'json');
    expect(token).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(token.stdout)).toMatchObject({ id: expect.any(String) as string });
    const types = await column('Type', 'catalog list');
    for (const type of ['identity', 'compute', 'image', 'network']) expect(types).toContain(type);
  });

  test('versions, extensions, limits, quotas, zones, hypervisors', async () => {
    expect((await list('versions show')).length).toBeGreaterThan(3);
    expect(await column('Alias', 'extension list --network')).toContain('security-group');
    expect((await list('limits show --absolute')).length).toBeGreaterThan(5);
    expect(JSON.stringify(await list('quota show'))).toContain('instances');
    expect(await column('Zone Name', 'availability zone list --compute')).toContain('nova');
    expect(await list('hypervisor list')).toHaveLength(1);
    expect(await column('Binary', 'compute service list')).toContain('nova-compute');
  });

  test('image create, list, show, set, save, delete', async () => {
    const guest = await simulatedGuest(instance.directory);
    const made = await json(
      `image create picture --disk-format qcow2 --file ${guest.path} --property os_distro=debian --tag one`,
    );
    expect(made).toMatchObject({ name: 'picture', tags: ['one'] });
    expect(await column('Name', 'image list')).toEqual(expect.arrayContaining(['picture', 'guest']));
    await ok('image set picture --name painting --min-ram 64 --property os_version=12');
    const shown = await json('image show painting');
    expect(shown).toMatchObject({
      id: made['id'],
      status: 'active',
      min_ram: 64,
      properties: expect.objectContaining({ os_distro: 'debian', os_version: '12' }) as object,
    });
    await ok('image unset painting --property os_version --tag one');
    expect((await json('image show painting'))['tags']).toEqual([]);
    const copy = join(instance.directory, 'copy.qcow2');
    await ok(`image save painting --file ${copy}`);
    expect((await readFile(copy)).equals(await readFile(guest.path))).toBe(true);
    await ok('image delete painting');
    expect((await openstackRun('image show painting')).code).toBe(1);
  });

  test('flavor create, list, show, set, unset, delete', async () => {
    await json('flavor create odd --vcpus 3 --ram 300 --disk 3 --property a:b=c');
    expect(await column('Name', 'flavor list')).toContain('odd');
    await ok('flavor set odd --property hw:d=e --description strange');
    expect(await json('flavor show odd')).toMatchObject({
      vcpus: 3,
      ram: 300,
      disk: 3,
      description: 'strange',
      properties: { 'a:b': 'c', 'hw:d': 'e' },
    });
    await ok('flavor unset odd --property a:b');
    expect((await json('flavor show odd'))['properties']).toEqual({ 'hw:d': 'e' });
    await ok('flavor delete odd');
    expect(await column('Name', 'flavor list')).not.toContain('odd');
  });

  test('network and subnet create, list, show, set, unset, delete', async () => {
    const network = await json('network create n1 --description first --mtu 1400 --tag x');
    expect(network).toMatchObject({ name: 'n1', mtu: 1400, status: 'ACTIVE' });
    const subnet = await json(
      'subnet create s1 --network n1 --subnet-range 10.2.0.0/24 --gateway 10.2.0.254 --dns-nameserver 192.0.2.1 --host-route destination=192.0.2.0/24,gateway=10.2.0.9',
    );
    expect(subnet).toMatchObject({ gateway_ip: '10.2.0.254', dns_nameservers: ['192.0.2.1'] });
    expect(await column('Name', 'network list')).toContain('n1');
    expect(await column('Name', 'subnet list --network n1')).toEqual(['s1']);
    await ok('network set n1 --name n2 --disable');
    await ok('subnet set s1 --name s2 --no-dns-nameservers --no-dhcp');
    expect(await json('network show n2')).toMatchObject({ admin_state_up: false, tags: ['x'] });
    expect(await json('subnet show s2')).toMatchObject({ enable_dhcp: false, dns_nameservers: [] });
    await ok('network unset n2 --tag x');
    await ok('subnet unset s2 --host-route destination=192.0.2.0/24,gateway=10.2.0.9');
    expect((await json('subnet show s2'))['host_routes']).toEqual([]);
    await ok('subnet delete s2');
    await ok('network delete n2');
    expect(await column('Name', 'network list')).not.toContain('n2');
  });

  test('port create, list, show, set, unset, delete', async () => {
    await json('port create p1 --network net --fixed-ip subnet=subnet,ip-address=10.1.0.77');
    expect(await column('Name', 'port list --network net')).toContain('p1');
    await ok('port set p1 --name p2 --no-security-group --disable-port-security');
    expect(await json('port show p2')).toMatchObject({
      port_security_enabled: false,
      security_group_ids: [],
      fixed_ips: [expect.objectContaining({ ip_address: '10.1.0.77' })],
    });
    await ok('port unset p2 --fixed-ip subnet=subnet,ip-address=10.1.0.77');
    expect((await json('port show p2'))['fixed_ips']).toEqual([]);
    await ok('port delete p2');
    expect(await column('Name', 'port list')).not.toContain('p2');
  });

  test('router create, list, show, set, add and remove subnet, unset, delete', async () => {
    await json('router create r1 --description exit');
    expect(await column('Name', 'router list')).toContain('r1');
    await ok('router set r1 --name r2 --external-gateway public');
    await ok('router add subnet r2 subnet');
    const shown = await json('router show r2');
    expect(JSON.stringify(shown['interfaces_info'])).toContain('10.1.0.1');
    expect(JSON.stringify(shown['external_gateway_info'])).toContain(`198.18.${instance.subnet}.`);
    await ok('router set r2 --route destination=192.0.2.0/24,gateway=10.1.0.9');
    await ok('router unset r2 --route destination=192.0.2.0/24,gateway=10.1.0.9');
    await ok('router remove subnet r2 subnet');
    await ok('router unset r2 --external-gateway');
    await ok('router delete r2');
    expect(await column('Name', 'router list')).not.toContain('r2');
  });

  test('security group and rule create, list, show, set, delete', async () => {
    await json('security group create g1 --description web');
    const rule = await json(
      'security group rule create g1 --protocol tcp --dst-port 80:81 --remote-ip 192.0.2.0/24 --description http',
    );
    await json('security group rule create g1 --protocol icmp --remote-group g1');
    await ok('security group set g1 --name g2 --description sites');
    expect(await column('Name', 'security group list')).toEqual(expect.arrayContaining(['default', 'g2']));
    expect(await json('security group show g2')).toMatchObject({ description: 'sites' });
    expect(await list('security group rule list g2')).toHaveLength(4);
    expect(await json(`security group rule show ${String(rule['id'])}`)).toMatchObject({
      port_range_min: 80,
      port_range_max: 81,
    });
    await ok(`security group rule delete ${String(rule['id'])}`);
    expect(await list('security group rule list g2')).toHaveLength(3);
    await ok('security group delete g2');
    expect(await column('Name', 'security group list')).not.toContain('g2');
  });

  test('keypair create (imported, and generated), list, show, delete', async () => {
    const path = await makeKey(instance);
    await json(`keypair create mine --public-key ${path}.pub`);
    const privatePath = join(instance.directory, 'user', 'generated');
    await ok(`keypair create made --private-key ${privatePath}`);
    // This version of the client leaves the file as open as the umask says, which ssh-keygen refuses.
    await chmod(privatePath, 0o600);
    // What the client stored is a key that ssh-keygen takes, of the public key that is shown.
    const derived = await run(['ssh-keygen', '-y', '-f', privatePath]);
    expect(derived.code).toBe(0);
    const shown = await ok('keypair show made --public-key');
    expect(shown.trim().split(' ').slice(0, 2)).toEqual(derived.stdout.trim().split(' ').slice(0, 2));
    expect(await column('Name', 'keypair list')).toEqual(expect.arrayContaining(['mine', 'made']));
    expect(await json('keypair show mine')).toMatchObject({ name: 'mine', type: 'ssh' });
    await ok('keypair delete mine made');
    expect(await list('keypair list')).toEqual([]);
  });

  test('server create --wait, list, show, set, and its whole life', async () => {
    await json('router create way --external-gateway public');
    await ok('router add subnet way subnet');
    const made = await json(
      'server create s1 --image guest --flavor small --network net --wait --property role=web',
    );
    expect(made).toMatchObject({ name: 's1', status: 'ACTIVE' });
    expect(await list('server list')).toEqual([
      expect.objectContaining({ Name: 's1', Status: 'ACTIVE', Image: 'guest', Flavor: 'small' }),
    ]);
    expect((await list('server list --long'))[0]).toMatchObject({
      'Power State': 1,
      'Task State': null,
    });
    await ok('server set s1 --name s2 --property role=db');
    await ok('server unset s2 --property role');
    expect((await json('server show s2'))['properties']).toEqual({});

    const floating = await json('floating ip create public');
    const address = String(floating['floating_ip_address']);
    await ok(`server add floating ip s2 ${address}`);
    expect(JSON.stringify((await json('server show s2'))['addresses'])).toContain(address);
    await ok(`server remove floating ip s2 ${address}`);

    await ok('server stop s2');
    // A call of the client alone takes seconds on a busy machine.
    await expect
      .poll(async () => (await json('server show s2'))['status'], { timeout: 120_000 })
      .toBe('SHUTOFF');
    await ok('server start s2');
    await expect
      .poll(async () => (await json('server show s2'))['status'], { timeout: 120_000 })
      .toBe('ACTIVE');
    await ok('server reboot --wait s2');
    await ok('server reboot --hard --wait s2');

    expect(await ok('console log show s2')).toContain('simulated');
    for (const [option, protocol] of [
      ['--novnc', /^http:.*\/console\/vnc/],
      ['--serial', /^ws:/],
    ] as const)
      expect((await json(`console url show ${option} s2`))['url']).toMatch(protocol);

    const actions = await column('Action', 'server event list s2');
    expect(actions).toEqual(expect.arrayContaining(['create', 'stop', 'start', 'reboot']));
    const create = (await list('server event list s2')).find((row) => row['Action'] === 'create');
    expect(await json(`server event show s2 ${String(create?.['Request ID'])}`)).toMatchObject({
      action: 'create',
    });
    await ok('server delete --wait s2');
    expect(await list('server list')).toEqual([]);
    await ok(`floating ip delete ${address}`);
    await ok('router remove subnet way subnet');
    await ok('router delete way');
  });

  test('floating ip create, list, show, set, unset, delete', async () => {
    await json('router create gate --external-gateway public');
    await ok('router add subnet gate subnet');
    const port = await json('port create inside --network net');
    const made = await json('floating ip create public --description door');
    const id = String(made['id']);
    expect(await column('ID', 'floating ip list')).toContain(id);
    await ok(`floating ip set ${id} --port inside`);
    expect(await json(`floating ip show ${id}`)).toMatchObject({
      port_id: port['id'],
      description: 'door',
    });
    await ok(`floating ip unset ${id} --port`);
    expect((await json(`floating ip show ${id}`))['port_id']).toBeNull();
    await ok(`floating ip delete ${id}`);
    expect(await list('floating ip list')).toEqual([]);
    await ok('port delete inside');
    await ok('router remove subnet gate subnet');
    await ok('router delete gate');
  });

  test('says what is wrong as the services say it', async () => {
    for (const [line, message] of [
      ['server show none', /No server with a name or ID of 'none' exists/i],
      ['server create x --image none --flavor small --network net', /none/],
      ['network delete none', /none/],
      ['subnet create x --network net --subnet-range 10.1.0.0/24', /overlap/],
      ['floating ip create net', /not.*external|external.*not/i],
    ] as const) {
      const { code, stdout, stderr } = await openstackRun(line);
      expect([line, code]).toEqual([line, 1]);
      expect(stdout + stderr).toMatch(message);
    }
  });

  test('openstacksdk agrees on versions and makes and deletes a server', async () => {
    const script = join(import.meta.dirname, 'support', 'sdk-negotiation.py');
    const { code, stdout, stderr } = await run(['/usr/bin/python3', script, 'guest', 'small'], {
      env: {
        OS_CLIENT_CONFIG_FILE: join(instance.directory, 'user', 'clouds.yaml'),
        PATH: '/usr/bin:/bin',
        PYTHONWARNINGS: 'ignore',
      },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'ACTIVE',
      listed: true,
      flavor: 'small',
      highest: [2, 93],
      addresses: ['sdk-net'],
      url: expect.stringContaining('/console/vnc') as string,
      left: [],
    });
  });
});

describe('openstack with a real guest', () => {
  const { instance, externalNetwork, ok, json } = cloud('cli-real', 'linux');

  test('makes a cloud, boots a guest and works with it', async () => {
    const guest = await ensureTinyGuest();
    const key = await makeKey(instance);
    await json(
      `image create tiny --disk-format qcow2 --container-format bare --file ${guest.path} --min-disk ${guest.minDiskGiB} --min-ram ${guest.minRamMiB}`,
    );
    await json('flavor create nano --vcpus 1 --ram 128 --disk 1');
    await externalNetwork();
    await json('network create net');
    await json('subnet create subnet --network net --subnet-range 10.1.0.0/24');
    await json('router create router --external-gateway public');
    await ok('router add subnet router subnet');
    await json('security group create ssh');
    await json('security group rule create ssh --protocol tcp --dst-port 22');
    await json(`keypair create key --public-key ${key}.pub`);
    const server = await json(
      'server create guest --image tiny --flavor nano --network net --security-group ssh --key-name key --wait',
    );
    expect(server['status']).toBe('ACTIVE');
    const { floating_ip_address: address } = await json('floating ip create public');
    await ok(`server add floating ip guest ${String(address)}`);
    await expect
      .poll(() => ok('console log show guest'), { timeout: 120_000, interval: 1000 })
      .toContain('deskcloud-guest: boot complete');

    const options = `-l ${TINY_GUEST_USER} -i ${key} -o StrictHostKeyChecking=no -o BatchMode=yes -o ConnectTimeout=10 -o UserKnownHostsFile=${join(instance.directory, 'user', 'known_hosts')}`;
    const ssh = (command: string) =>
      openstack(instance, ...`server ssh --public guest -- ${options}`.split(' '), command);
    const who = await ssh('hostname');
    expect([who.stdout.trim(), who.stderr]).toEqual(['guest', expect.any(String)]);

    const lines = (await ok('console log show guest --lines 3')).trim().split('\n');
    expect(lines.length).toBeLessThanOrEqual(3);

    await ok('server reboot --hard --wait guest');
    await ok('server stop guest');
    await expect
      .poll(async () => (await json('server show guest'))['status'], { timeout: 180_000, interval: 500 })
      .toBe('SHUTOFF');
    await ok('server start guest');
    await expect
      .poll(async () => (await ssh('cat /proc/sys/kernel/ostype')).stdout.trim(), {
        timeout: 120_000,
        interval: 1000,
      })
      .toBe('Linux');
    await ok(`server remove floating ip guest ${String(address)}`);
    await ok('server delete --wait guest');
    expect((await instance.inventory()).domains).toEqual([]);
  });
});
