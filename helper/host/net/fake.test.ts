import { expect, it } from 'vitest';
import { hostNetworkContract } from './contract.ts';
import { createFakeHostNetwork } from './fake.ts';

hostNetworkContract('the fake', () => ({ host: createFakeHostNetwork(), end: () => Promise.resolve() }));

it('tells those who watch of leases that a test sets', () => {
  const host = createFakeHostNetwork();
  const seen: string[] = [];
  const end = host.dhcp.watchLeases('n', (leases) => seen.push(...leases.map((lease) => lease.ip)));
  const lease = {
    expires: 0,
    macAddress: 'fa:16:3e:00:00:01',
    ip: '10.0.0.1',
    hostName: null,
    clientId: null,
  };
  host.setLeases('n', [lease]);
  end();
  host.setLeases('n', []);
  expect(seen).toEqual(['10.0.0.1']);
});
