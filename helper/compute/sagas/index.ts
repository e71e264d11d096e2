import type { ComputeDeps } from '../deps.ts';
import { imagePrecache } from './image-precache.ts';
import { serverCreate } from './server-create.ts';
import { serverDelete } from './server-delete.ts';
import { serverAttachInterface, serverDetachInterface, serverPortDeleted } from './server-interface.ts';
import { serverSwapVolume } from './server-swap-volume.ts';
import { serverAttachVolume, serverDetachVolume } from './server-volume.ts';
import { serverRebuild } from './server-rebuild.ts';
import { serverRescue, serverUnrescue } from './server-rescue.ts';
import { serverShelve, serverShelveOffload, serverShelveVolumes } from './server-shelve.ts';
import { serverUnshelve, serverUnshelveKept } from './server-unshelve.ts';
import { serverResize, serverResizeConfirm, serverResizeRevert } from './server-resize.ts';
import { serverSnapshot } from './server-snapshot.ts';
import {
  serverPause,
  serverReboot,
  serverRecover,
  serverResume,
  serverStart,
  serverStop,
  serverSuspend,
  serverUnpause,
} from './server-power.ts';
import type { ServerServices } from './services.ts';

/** Makes the engine know all that can be done to servers. */
export function registerServerSagas(deps: ComputeDeps): void {
  const { domains, secrets, disks, files, runFiles, network, image, volume, basics } = deps;
  const { metadata, consoles, buildConfigDrive, config, sagas } = deps;
  const services: ServerServices = {
    domains,
    secrets,
    disks,
    files,
    runFiles,
    network,
    image,
    volume,
    basics,
    metadata,
    consoles,
    buildConfigDrive,
    config,
  };
  sagas.register(serverCreate, services);
  sagas.register(serverDelete, services);
  for (const saga of [
    serverStart,
    serverRecover,
    serverStop,
    serverPause,
    serverUnpause,
    serverSuspend,
    serverResume,
  ])
    sagas.register(saga, services);
  sagas.register(serverReboot, services);
  sagas.register(serverRebuild, services);
  sagas.register(serverResize, services);
  sagas.register(serverResizeConfirm, services);
  sagas.register(serverResizeRevert, services);
  sagas.register(serverSnapshot, services);
  sagas.register(serverAttachInterface, services);
  sagas.register(serverDetachInterface, services);
  sagas.register(serverPortDeleted, services);
  sagas.register(serverAttachVolume, services);
  sagas.register(serverDetachVolume, services);
  sagas.register(serverSwapVolume, services);
  sagas.register(imagePrecache, services);
  sagas.register(serverRescue, services);
  sagas.register(serverUnrescue, services);
  sagas.register(serverShelve, services);
  sagas.register(serverShelveVolumes, services);
  sagas.register(serverShelveOffload, services);
  sagas.register(serverUnshelve, services);
  sagas.register(serverUnshelveKept, services);
}
