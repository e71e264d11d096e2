import { expect, test } from 'vitest';
import { goodnessOf, refusalOf } from './driver-functions.ts';
import { ExpressionError, readExpression, type Scopes } from './expression.ts';
import type { PoolState } from './pool-state.ts';
import { DEFAULT_WEIGHTS, schedule } from './scheduler.ts';

const scopes: Scopes = {
  stats: { total_capacity_gb: 100, free_capacity_gb: 25.5, host: 'here' },
  capabilities: { QoS_support: true, speed: '10', name: 'fast' },
  volume: { size: 4, display_name: null },
  extra: {},
  qos: { maxIOPS: '500' },
};

test.each<[string, number | string | boolean]>([
  ['1 + 2 * 3 - 4 / 2', 5],
  ['2 ^ 3 ^ 2', 512],
  ['-2 ^ 2', -4],
  ['(1 + 2) * 3', 9],
  ['10 - 3 - 2', 5],
  ['volume.size < 5 and stats.free_capacity_gb >= 25.5', true],
  ['volume.size > 5 or capabilities.speed == 10', true],
  ['1 < volume.size <= 4 < 5', true],
  ['1 < 3 < 2', false],
  ["capabilities.name == 'fast'", true],
  ['capabilities.name <> "slow"', true],
  ['capabilities.QoS_support == 1', true],
  ['qos.maxIOPS > 100 ? 80 : 20', 80],
  ['volume.size > 9 ? 1 : volume.size > 3 ? 2 : 3', 2],
  ['not volume.size == 4', false],
  ['! (1 > 2) && !0', true],
  ['max(1, volume.size, 3) + min(2, 1) + abs(-3)', 8],
  // As cinder binds them: 0 and (1 ? 2 : 3).
  ['0 and 1 ? 2 : 3', 0],
  ['NOT 1 OR 1 AND 0', 0],
])('%s is %j', (text, value) => {
  expect(readExpression(text).evaluate(scopes)).toBe(value);
});

test.each([
  ['', 'ends'],
  ['1 +', 'ends'],
  ['(1', "')' is missing at the end"],
  ['1 2', "'2' is not expected, at 3"],
  ['volume.size $ 1', "'$ 1' cannot be read"],
  ['fast == 1', "no value 'fast'"],
  ['volume.size.x', 'no value'],
  ['process.exit', 'no value'],
  ['sqrt(4)', 'no function'],
  ['constructor(4)', 'no function'],
  ['abs(1, 2)', 'one value'],
  ['1 ? 2', "':' is missing"],
  [`${'('.repeat(60)}1`, 'nested'],
  ['1+'.repeat(600), 'characters'],
])('does not read %j: %s', (text, why) => {
  expect(() => readExpression(text)).toThrow(ExpressionError);
  expect(() => readExpression(text)).toThrow(why);
});

test.each([
  ['1 / (volume.size - 4)', 'division by zero'],
  ['volume.display_name == 1', 'has no value'],
  ['extra.none', 'has no value'],
  ['volume.constructor', 'has no value'],
  ["'a' + 1", 'needs numbers'],
  ["'a' < 1", 'no two numbers'],
])('cannot work out %s: %s', (text, why) => {
  expect(() => readExpression(text).evaluate(scopes)).toThrow(why);
});

const pool = (backend: string, more: Partial<PoolState>): PoolState => ({
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
  goodness: 7,
  capabilities: { volume_backend_name: backend },
  measuredAt: 1,
  ...more,
});
const demand = { sizeGib: 10, zone: null, extraSpecs: {} };

test('a back end takes what its filter function lets pass, and what is best by its goodness function', () => {
  const small = pool('small', { filterFunction: readExpression('volume.size < 10') });
  expect(refusalOf(small, demand)).toBe('its filter function says no: volume.size < 10');
  expect(refusalOf(small, { ...demand, sizeGib: 9 })).toBeUndefined();
  expect(refusalOf(pool('a', { filterFunction: readExpression('extra.x') }), demand)).toContain('no value');
  const good = (text: string) => goodnessOf(pool('a', { goodnessFunction: readExpression(text) }), demand);
  expect([
    good('volume.size * 5'),
    good('1 < 2'),
    good('101'),
    good('extra.x'),
    goodnessOf(pool('a', {}), demand),
  ]).toEqual([50, 100, 0, 0, 7]);
  const pools = [
    small,
    pool('poor', {}),
    pool('rich', { goodnessFunction: readExpression('stats.free_capacity_gb') }),
  ];
  const { chosen, verdicts } = schedule(pools, demand, { ...DEFAULT_WEIGHTS, goodness: 1 });
  expect(chosen?.backend).toBe('rich');
  expect(verdicts).toMatchObject([
    { pool: 'here@rich#rich', goodness: 50 },
    { pool: 'here@poor#poor', goodness: 7 },
    { pool: 'here@small#small', refusedBy: 'DriverFilter' },
  ]);
});
