import type { Config } from '../config.ts';
import { LinuxCommandRunner } from './command/linux.ts';
import { LinuxDiskHost } from './disk/linux.ts';
import { LinuxDomainHost, qemuOwner } from './domain/index.ts';
import type { Host } from './index.ts';
import { LinuxIscsiHost } from './iscsi/linux.ts';
import { iscsiPortal } from './iscsi/portal.ts';
import { LinuxLvmHost } from './lvm/linux.ts';
import { createLinuxHostNetwork } from './net/linux.ts';
import { LinuxSecretHost } from './secret/linux.ts';
import { LinuxSetupHost } from './setup/linux.ts';
import { connectUnixSocket } from './socket/linux.ts';

/** This machine. Needs root. */
export async function createLinuxHost(config: Config): Promise<Host> {
  const commands = new LinuxCommandRunner();
  return {
    kind: 'linux',
    network: createLinuxHostNetwork({ owner: config.owner, stateDirectory: config.stateDirectory, commands }),
    domains: new LinuxDomainHost({ owner: config.owner, uri: config.libvirtUri }),
    disks: new LinuxDiskHost(commands),
    iscsi: new LinuxIscsiHost({ portal: iscsiPortal(config), runDirectory: config.runDirectory }),
    lvm: new LinuxLvmHost({ owner: config.owner, commands }),
    secrets: new LinuxSecretHost({ owner: config.owner, uri: config.libvirtUri }),
    setup: new LinuxSetupHost({
      commands,
      stateDirectory: config.stateDirectory,
      backends: config.volume.backends ?? [],
    }),
    guestOwner: await qemuOwner(),
    connectSocket: connectUnixSocket,
  };
}
