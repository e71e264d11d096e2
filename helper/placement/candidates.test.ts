import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PlacementWorld } from './test-world.ts';

let world: PlacementWorld;
beforeEach(async () => {
  world = await PlacementWorld.create();
});
afterEach(() => world.dispose());

const call: PlacementWorld['call'] = (...request) => world.call(...request);

describe('candidates', () => {
  const find = async (query: string, version?: string) => {
    const { status, body } = await call('GET', `/allocation_candidates?${query}`, undefined, version);
    return { status, requests: (body['allocation_requests'] ?? []) as Record<string, unknown>[], body };
  };
  const count = async (query: string, version?: string) => {
    const { status, requests } = await find(query, version);
    return status === 200 ? requests.length : -status;
  };

  test('of single providers', async () => {
    const one = await world.provider('one', { VCPU: { total: 4 }, MEMORY_MB: { total: 1024 } });
    const two = await world.provider('two', { VCPU: { total: 8 }, MEMORY_MB: { total: 512 } });
    const group = randomUUID();
    await world.traits(one, 'HW_CPU_X86_AVX');
    await world.join(one, group);
    expect((await find('resources=VCPU:1,MEMORY_MB:600')).body).toEqual({
      allocation_requests: [
        { allocations: { [one]: { resources: { VCPU: 1, MEMORY_MB: 600 } } }, mappings: { '': [one] } },
      ],
      provider_summaries: {
        [one]: {
          resources: { VCPU: { capacity: 4, used: 0 }, MEMORY_MB: { capacity: 1024, used: 0 } },
          traits: ['HW_CPU_X86_AVX'],
          parent_provider_uuid: null,
          root_provider_uuid: one,
        },
      },
    });
    expect((await find('resources=VCPU:6', '1.10')).requests).toEqual([
      { allocations: [{ resource_provider: { uuid: two }, resources: { VCPU: 6 } }] },
    ]);
    expect(await count('resources=VCPU:1')).toBe(2);
    expect(await count('resources=VCPU:1&limit=1')).toBe(1);
    expect(await count('resources=VCPU:1&limit=0')).toBe(-400);
    expect(await count('resources=VCPU:1&limit=1', '1.15')).toBe(-400);
    expect(await count('resources=VCPU:1&required=HW_CPU_X86_AVX')).toBe(1);
    expect(await count('resources=VCPU:1&required=!HW_CPU_X86_AVX')).toBe(1);
    expect(await count(`resources=VCPU:1&member_of=${group}`)).toBe(1);
    expect(await count(`resources=VCPU:1&in_tree=${two}`)).toBe(1);
    expect(await count('resources=VCPU:1&root_required=HW_CPU_X86_AVX')).toBe(1);
    expect(await count('resources=VCPU:100')).toBe(0);
    expect(await count('required=HW_CPU_X86_AVX')).toBe(-400);
    expect(await count('')).toBe(-400);
  });

  test('of trees, with groups of their own', async () => {
    const host = await world.provider('host', { VCPU: { total: 8 } });
    const left = await world.provider('left', { VGPU: { total: 2 } }, host);
    const right = await world.provider('right', { VGPU: { total: 2 } }, host);
    await world.traits(left, 'CUSTOM_LEFT');
    expect(await count('resources=VCPU:1,VGPU:1')).toBe(2);
    expect(await count('resources=VCPU:1,VGPU:1', '1.28')).toBe(0);
    expect(await count('resources=VCPU:1&resources1=VGPU:1&required1=CUSTOM_LEFT')).toBe(1);
    const both = 'resources1=VGPU:1&resources2=VGPU:1';
    expect(await count(both)).toBe(-400);
    expect(await count(`${both}&group_policy=none`)).toBe(4);
    expect(await count(`${both}&group_policy=isolate`)).toBe(2);
    expect(await count('resources_A=VGPU:2&resources_B=VGPU:1&group_policy=none')).toBe(2);
    expect(await count('resources_A=VGPU:1', '1.32')).toBe(-400);
    const together = 'resources_A=VGPU:1&resources_B=VGPU:1&group_policy=none&same_subtree=_A,_B';
    expect(await count(together)).toBe(2);
    const { requests } = await find('resources_A=VGPU:1&required_A=CUSTOM_LEFT');
    expect(requests).toEqual([
      { allocations: { [left]: { resources: { VGPU: 1 } } }, mappings: { _A: [left] } },
    ]);
    expect(right).not.toBe(left);
  });

  test('with what is shared by aggregates', async () => {
    const host = await world.provider('host', { VCPU: { total: 8 } });
    const share = await world.provider('share', { DISK_GB: { total: 100 } });
    const group = randomUUID();
    expect(await count('resources=VCPU:1,DISK_GB:1')).toBe(0);
    await world.traits(share, 'MISC_SHARES_VIA_AGGREGATE');
    await world.join(share, group);
    await world.join(host, group);
    const { requests } = await find('resources=VCPU:1,DISK_GB:1');
    expect(requests).toMatchObject([
      { allocations: { [host]: { resources: { VCPU: 1 } }, [share]: { resources: { DISK_GB: 1 } } } },
    ]);
  });
});
