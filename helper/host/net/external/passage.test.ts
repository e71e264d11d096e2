import { describe, expect, it } from 'vitest';
import { readTable } from './passage.ts';
import { externalRuleset } from './ruleset.ts';

const OURS = '-A DOCKER-USER -i br-ex -m comment --comment "deskcloud:x" -j ACCEPT';

describe("other programs' rules", () => {
  it('are let alone where they let everything pass', () => {
    expect(readTable('-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n', 'deskcloud:x')).toEqual({
      needed: false,
      chain: 'FORWARD',
      ours: [],
    });
  });

  it('of Docker have a chain for others, those of ufw have none', () => {
    const docker = `-P FORWARD DROP\n-N DOCKER-USER\n-A FORWARD -j DOCKER-USER\n${OURS}\n`;
    expect(readTable(docker, 'deskcloud:x')).toEqual({
      needed: true,
      chain: 'DOCKER-USER',
      ours: [['DOCKER-USER', '-i', 'br-ex', '-m', 'comment', '--comment', 'deskcloud:x', '-j', 'ACCEPT']],
    });
    expect(readTable(docker, 'deskcloud:y').ours).toEqual([]);
    expect(readTable('-P FORWARD DROP\n-A FORWARD -j ufw-before-forward\n', 'deskcloud:x')).toMatchObject({
      needed: true,
      chain: 'FORWARD',
    });
  });

  it('get this table beside them', async () => {
    const external = {
      bridge: 'br-ex',
      addresses: ['172.24.4.1/24', '2001:db8::1/64'],
      mtu: 1500,
      masquerade: true,
    };
    await expect(externalRuleset('deskcloud', [external])).toMatchFileSnapshot('golden/external.nft');
  });
});
