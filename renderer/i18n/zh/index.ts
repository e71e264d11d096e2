import type { Messages } from '../en/index.ts';
import { aggregates } from './aggregates.ts';
import { app } from './app.ts';
import { common } from './common.ts';
import { console } from './console.ts';
import { flavors } from './flavors.ts';
import { floatingIps } from './floating-ips.ts';
import { hypervisor } from './hypervisor.ts';
import { images } from './images.ts';
import { keypairs } from './keypairs.ts';
import { networks } from './networks.ts';
import { launch } from './launch.ts';
import { operations } from './operations.ts';
import { overview } from './overview.ts';
import { routers } from './routers.ts';
import { securityGroups } from './security-groups.ts';
import { servergroups } from './servergroups.ts';
import { servers } from './servers.ts';
import { welcome } from './welcome.ts';

export const zh: Messages = {
  aggregates,
  app,
  common,
  console,
  flavors,
  floatingIps,
  hypervisor,
  images,
  keypairs,
  networks,
  launch,
  operations,
  overview,
  routers,
  securityGroups,
  servergroups,
  servers,
  welcome,
};
