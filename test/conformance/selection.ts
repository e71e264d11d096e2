import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The services whose tests are listed, by the names that tempest gives them. */
export const SERVICES = ['identity', 'compute', 'image', 'network', 'volume'] as const;

/** What a test is about: 'tempest.api.image.v2...' is 'image', 'tempest.scenario...' is 'scenario'. */
export const serviceOf = (test: string): string => /tempest\.(?:api\.)?(\w+)/.exec(test)?.[1] ?? '?';

/** Those that ask for rules on passwords, which a cloud has only when it is told so: they run on a second cloud. */
const COMPLIANCE =
  /\.IdentityV3UsersTest\.(test_password_history|test_user_account_lockout|test_user_update_own)/;

/** Whole modules of tempest.scenario, of what is there. */
export const SCENARIOS = [
  'tempest.scenario.test_network_basic_ops',
  'tempest.scenario.test_network_v6',
  'tempest.scenario.test_security_groups_basic_ops',
  'tempest.scenario.test_server_basic_ops',
  'tempest.scenario.test_minimum_basic',
  'tempest.scenario.test_shelve_instance',
  'tempest.scenario.test_snapshot_pattern',
  'tempest.scenario.test_stamp_pattern',
  'tempest.scenario.test_volume_backup_restore',
  'tempest.scenario.test_volume_boot_pattern',
  'tempest.scenario.test_volume_migrate_attached',
];

export interface Selection {
  /** For the cloud as it is out of the box. */
  readonly usual: readonly string[];
  /** For a cloud with rules on passwords. */
  readonly compliance: readonly string[];
}

/** The listed tests of these services whose names match. */
export function listedTests(services: readonly string[], match: RegExp): Selection {
  const names = readFileSync(join(import.meta.dirname, 'interop-tests.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .filter((name) => services.includes(serviceOf(name)) && match.test(name));
  return {
    usual: names.filter((name) => !COMPLIANCE.test(name)),
    compliance: names.filter((name) => COMPLIANCE.test(name)),
  };
}
