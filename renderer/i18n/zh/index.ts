import type { Messages } from '../en/index.ts';
import { about } from './about.ts';
import { access } from './access.ts';
import { aggregates } from './aggregates.ts';
import { app } from './app.ts';
import { backups } from './backups.ts';
import { common } from './common.ts';
import { console } from './console.ts';
import { flavors } from './flavors.ts';
import { floatingIps } from './floating-ips.ts';
import { flow } from './flow.ts';
import { hypervisor } from './hypervisor.ts';
import { identity } from './identity.ts';
import { images } from './images.ts';
import { keypairs } from './keypairs.ts';
import { launch } from './launch.ts';
import { networks } from './networks.ts';
import { operations } from './operations.ts';
import { overview } from './overview.ts';
import { qos } from './qos.ts';
import { quotas } from './quotas.ts';
import { routers } from './routers.ts';
import { securityGroups } from './security-groups.ts';
import { servergroups } from './servergroups.ts';
import { servers } from './servers.ts';
import { settings } from './settings.ts';
import { topology } from './topology.ts';
import { trunks } from './trunks.ts';
import { volumeGroups } from './volume-groups.ts';
import { volumeTypes } from './volume-types.ts';
import { volumes } from './volumes.ts';
import { welcome } from './welcome.ts';

export const zh: Messages = {
  about,
  access,
  aggregates,
  app,
  backups,
  common,
  console,
  flavors,
  floatingIps,
  flow,
  hypervisor,
  identity,
  images,
  keypairs,
  launch,
  networks,
  operations,
  overview,
  qos,
  quotas,
  routers,
  securityGroups,
  servergroups,
  servers,
  settings,
  topology,
  trunks,
  volumeGroups,
  volumeTypes,
  volumes,
  welcome,
};
