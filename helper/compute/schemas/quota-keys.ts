import { mv, type Microversion } from '../../http/index.ts';

/** nova's quotas and their defaults; -1 is unlimited. Network's own are only shown (before 2.36), never enforced. */
export const DEFAULT_LIMITS = {
  instances: 10,
  cores: 20,
  ram: 51_200,
  metadata_items: 128,
  key_pairs: 100,
  server_groups: 10,
  server_group_members: 10,
  injected_files: 5,
  injected_file_content_bytes: 10_240,
  injected_file_path_bytes: 255,
  fixed_ips: -1,
  floating_ips: -1,
  security_groups: -1,
  security_group_rules: -1,
} as const;

export type QuotaKey = keyof typeof DEFAULT_LIMITS;

const ALL = Object.keys(DEFAULT_LIMITS) as QuotaKey[];
const NETWORK: readonly QuotaKey[] = ['fixed_ips', 'floating_ips', 'security_groups', 'security_group_rules'];
const INJECTED: readonly QuotaKey[] = [
  'injected_files',
  'injected_file_content_bytes',
  'injected_file_path_bytes',
];
const GROUPS: readonly QuotaKey[] = ['server_groups', 'server_group_members'];

const without = (...gone: readonly (readonly QuotaKey[])[]): readonly QuotaKey[] =>
  ALL.filter((key) => !gone.flat().includes(key));

/** What a quota set shows at a microversion. */
export function quotaKeys(version: Microversion): readonly QuotaKey[] {
  if (version >= mv('2.57')) return without(NETWORK, INJECTED);
  return version >= mv('2.36') ? without(NETWORK) : ALL;
}

/** What a quota class set shows: the network's quotas leave, and server groups come, only at 2.50. */
export function quotaClassKeys(version: Microversion): readonly QuotaKey[] {
  if (version >= mv('2.57')) return without(NETWORK, INJECTED);
  return version >= mv('2.50') ? without(NETWORK) : without(GROUPS);
}

export const isQuotaKey = (key: string): key is QuotaKey => Object.hasOwn(DEFAULT_LIMITS, key);
