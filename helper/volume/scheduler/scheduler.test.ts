import { expect, test } from 'vitest';
import { unmetSpecs } from './extra-specs.ts';
import type { PoolState } from './pool-state.ts';
import { DEFAULT_WEIGHTS, schedule } from './scheduler.ts';

const pool = (backend: string, more: Partial<PoolState> = {}): PoolState => ({
  name: `here@${backend}#${backend}`,
  backend,
  zone: 'nova',
  up: true,
  enabled: true,
  frozen: false,
  totalGib: 100,
  freeGib: 50,
  allocatedGib: 0,
  volumes: 0,
  reservedPercentage: 0,
  maxOverSubscription: 2,
  goodness: 0,
  capabilities: { volume_backend_name: backend, multiattach: true, speed: '10' },
  measuredAt: 1,
  ...more,
});
const demand = { sizeGib: 10, zone: null, extraSpecs: {} };

test.each([
  ['ServiceFilter', { up: false }, {}],
  ['ServiceFilter', { enabled: false }, {}],
  ['ServiceFilter', { frozen: true }, {}],
  ['AvailabilityZoneFilter', {}, { zone: 'mars' }],
  ['CapacityFilter', { freeGib: 4 }, {}],
  ['CapacityFilter', { reservedPercentage: 50 }, {}],
  ['CapacityFilter', { allocatedGib: 195 }, {}],
  ['CapabilitiesFilter', {}, { extraSpecs: { volume_backend_name: 'other' } }],
  ['SameBackendFilter', {}, { sameBackends: ['other'] }],
  ['DifferentBackendFilter', {}, { differentBackends: ['a'] }],
])('%s refuses %j for %j', (filter, state, wanted) => {
  const { chosen, verdicts } = schedule([pool('a', state)], { ...demand, ...wanted }, DEFAULT_WEIGHTS);
  expect(chosen).toBeUndefined();
  expect(verdicts).toMatchObject([{ refusedBy: filter }]);
});

test('weighs by free room, and by what else is configured', () => {
  const pools = [pool('a', { goodness: 90, volumes: 5 }), pool('b', { freeGib: 60, allocatedGib: 20 })];
  const chosen = (weights: Partial<typeof DEFAULT_WEIGHTS>): string | undefined =>
    schedule(pools, demand, { ...DEFAULT_WEIGHTS, ...weights }).chosen?.backend;
  expect(chosen({})).toBe('b');
  expect(chosen({ goodness: 2 })).toBe('a');
  expect(chosen({ capacity: 0, allocatedCapacity: -1 })).toBe('a');
  expect(chosen({ capacity: 0, volumeNumber: -1 })).toBe('b');
});

test.each([
  ['<is> True', []],
  ['<is> False', ['multiattach']],
])('multiattach %s', (value, unmet) => {
  expect(unmetSpecs({ multiattach: value }, pool('a').capabilities).map((one) => one.split('=')[0])).toEqual(
    unmet,
  );
});

test.each([
  ['>= 9', true],
  ['= 11', false],
  ['<or> 9 <or> 10', true],
  ['s== 10', true],
  ['<in> 1', true],
])('speed %s is met: %s', (value, met) => {
  const unmet = unmetSpecs({ 'capabilities:speed': value, 'qos:speed': 'x' }, pool('a').capabilities);
  expect(unmet.length === 0).toBe(met);
});
