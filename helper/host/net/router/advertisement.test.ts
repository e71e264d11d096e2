import { describe, expect, it } from 'vitest';
import { advertises, radvdText } from './advertisement.ts';
import type { Advertisement, RouterSpec } from './interface.ts';

const inner = { macAddress: 'fa:16:3e:00:00:01', bridge: 'brqaaaaaaaa-bb', mtu: 1450, addresses: [] };
const nothing: Advertisement = { managed: false, otherConfig: false, prefixes: [], nameServers: [] };
const spec = (...all: (Advertisement | undefined)[]): RouterSpec => ({
  routerId: '11111111-2222-3333-4444-555555555555',
  forwarding: true,
  interfaces: all.map((advertise, index) => ({
    ...inner,
    portId: `${index}aaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee`,
    ...(advertise === undefined ? {} : { advertise }),
  })),
  floatingIps: [],
  routes: [],
});

describe("a router's advertisements", () => {
  it('are this text', async () => {
    const text = radvdText(
      spec(
        {
          ...nothing,
          prefixes: [
            { cidr: 'fd00::7/64', autonomous: true },
            { cidr: 'fd01::/64', autonomous: true },
          ],
          nameServers: ['2001:DB8::53', '2001:db8::54', '2001:db8::55', '2001:db8::56'],
        },
        undefined,
        { ...nothing, managed: true, prefixes: [{ cidr: 'fd02::/64', autonomous: false }] },
        { ...nothing, otherConfig: true, prefixes: [{ cidr: 'fd03::/64', autonomous: true }] },
        nothing,
      ),
    );
    await expect(text).toMatchFileSnapshot('golden/radvd.conf');
  });

  it('are made where there is IPv6 and the router forwards', () => {
    expect(advertises(spec(undefined))).toBe(false);
    expect(advertises(spec(undefined, nothing))).toBe(true);
    expect(advertises({ ...spec(nothing), forwarding: false })).toBe(false);
  });

  it.each<Partial<Advertisement>>([
    { prefixes: [{ cidr: '10.0.0.0/24', autonomous: true }] },
    { prefixes: [{ cidr: 'fd00::/64 { }; };', autonomous: true }] },
    { nameServers: ['::1 { }; '] },
  ])('refuse %j', (bad) => {
    expect(() => radvdText(spec({ ...nothing, ...bad }))).toThrow(TypeError);
  });
});
