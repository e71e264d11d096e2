import { join } from 'node:path';
import type { Config } from '../config.ts';
import { FakeDiskHost } from './disk/fake.ts';
import { FakeDomainHost } from './domain/index.ts';
import type { Host } from './index.ts';
import { FakeIscsiHost } from './iscsi/fake.ts';
import { iscsiPortal } from './iscsi/portal.ts';
import { FakeLvmHost } from './lvm/fake.ts';
import { createFakeHostNetwork } from './net/fake.ts';
import { FakeSecretHost } from './secret/fake.ts';
import { FakeSetupHost } from './setup/fake.ts';
import { connectUnixSocket } from './socket/linux.ts';

/** A host of which nothing is real: no guest, no device, no privilege. Its consoles say so. */
export function createSimulatedHost(config: Config): Host {
  const secrets = new FakeSecretHost();
  const iscsi = new FakeIscsiHost(iscsiPortal(config));
  return {
    kind: 'simulated',
    network: createFakeHostNetwork(config.owner),
    domains: new FakeDomainHost({ consoles: true, secrets, unitOf: (iqn) => iscsi.pathOf(iqn) }),
    disks: new FakeDiskHost(),
    iscsi,
    lvm: new FakeLvmHost(join(config.stateDirectory, 'lvm')),
    secrets,
    setup: new FakeSetupHost(),
    guestOwner: undefined,
    connectSocket: connectUnixSocket,
  };
}
