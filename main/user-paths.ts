import { join } from 'node:path';
import type { Instance } from './launch.ts';
import { person } from './person.ts';

/** Where a person's own files of Deskcloud are. An instance of its own directory keeps them there, too. */
export interface UserPaths {
  /** The key for guests of the demo cloud. */
  readonly demoKey: string;
  readonly openrc: string;
  readonly cloudsYaml: string;
  /** Built and downloaded images. */
  readonly imageCache: string;
  /** Host keys of guests, which are new with each guest. */
  readonly knownHosts: string;
}

export function userPaths(instance: Instance): UserPaths {
  const own = instance.directory === undefined ? undefined : join(instance.directory, 'user');
  const { home, borrowed } = person();
  // Root's environment says where root's files are.
  const chosen = (name: string): string | undefined => (borrowed ? undefined : process.env[name]);
  const config = own ?? join(chosen('XDG_CONFIG_HOME') ?? join(home, '.config'), 'deskcloud');
  const cache = chosen('XDG_CACHE_HOME') ?? join(home, '.cache');
  return {
    demoKey: join(config, 'demo_ed25519'),
    openrc: join(config, 'openrc'),
    cloudsYaml:
      own === undefined ? join(home, '.config', 'openstack', 'clouds.yaml') : join(own, 'clouds.yaml'),
    imageCache: join(cache, 'deskcloud', 'images'),
    knownHosts: join(config, 'known_hosts'),
  };
}
