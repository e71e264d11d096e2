import type { ConfigDriveSource } from '../compute/index.ts';
import type { Logger } from '../http/index.ts';
import type { MetadataListener } from '../network/face.ts';
import type { SagaEngine } from '../saga/index.ts';
import { configDriveFiles } from './app/config-drive.ts';
import { factsOf, type Sources } from './app/facts.ts';
import { lookUp } from './app/lookup.ts';
import { Story } from './app/story.ts';
import { GuestListener } from './listener.ts';

export interface MetadataDeps extends Sources {
  readonly sagas: Pick<SagaEngine, 'appendEvent' | 'storyOf'>;
  readonly logger: Logger;
}

export interface Metadata {
  /** For the network service: answers guests on the sockets in its namespaces. */
  readonly listener: MetadataListener;
  /** For compute: what it puts on config drives. */
  readonly configDrive: ConfigDriveSource;
}

/** The metadata service. It has no data of its own: each answer is made of compute's and the network's. */
export function createMetadata(deps: MetadataDeps): Metadata {
  const story = new Story(deps.sagas, deps.logger);
  const listener = new GuestListener({
    lookUp: (place, address, url) => lookUp(deps, place, address, url),
    answered: (serverId, path, address, place) => story.asked(serverId, path, address, place),
    failed: (error, place, address) =>
      deps.logger.error({ err: error, ...place, address }, 'a metadata request could not be answered'),
    storePassword: (serverId, password) => deps.instances().storeGuestPassword(deps.db, serverId, password),
  });
  return {
    listener,
    configDrive: {
      configDriveFiles: (serverId) => {
        const facts = factsOf(deps, serverId);
        if (facts === undefined) throw new Error(`server ${serverId} has no row`);
        return configDriveFiles(facts);
      },
    },
  };
}
