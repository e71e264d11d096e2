import type { ComputeFace, ServerMetadata } from '../../compute/index.ts';
import type { Db } from '../../db/index.ts';
import type { NetworkFace, ServerNic } from '../../network/face.ts';

/** What is asked of the other services. As functions: compute and network in turn need what is made of this. */
export interface Sources {
  readonly db: Db;
  readonly network: () => Pick<NetworkFace, 'serverByAddress' | 'nicsOf' | 'securityGroupNamesOf'>;
  readonly instances: () => Pick<ComputeFace, 'metadataOf' | 'storeGuestPassword'>;
}

/** Everything that a guest may be told about itself; the parts that need another query are read when asked for. */
export interface Facts {
  readonly server: ServerMetadata;
  readonly nics: () => readonly ServerNic[];
  readonly securityGroups: () => readonly string[];
}

/** Undefined when there is no such server (any more). */
export function factsOf({ db, network, instances }: Sources, serverId: string): Facts | undefined {
  const server = instances().metadataOf(db, serverId);
  if (server === undefined) return undefined;
  return {
    server,
    nics: () => network().nicsOf(db, serverId),
    securityGroups: () => network().securityGroupNamesOf(db, [serverId]).get(serverId) ?? [],
  };
}

/** nova's `dhcp_domain` where nobody sets another. */
const DOMAIN = 'novalocal';

/** The host name as nova tells it: with the domain, unless the server was given a whole one. */
export const hostNameOf = ({ hostname }: ServerMetadata): string =>
  hostname.includes('.') ? hostname : `${hostname}.${DOMAIN}`;

/** The guest's user data as it was before base64. Only for the guest: never log it (S21). */
export const userDataOf = ({ userData }: ServerMetadata): Buffer | undefined =>
  userData === null ? undefined : Buffer.from(userData.reveal(), 'base64');
