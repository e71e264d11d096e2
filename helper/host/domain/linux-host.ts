import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import type { Libvirt } from '../../libvirt-ts/index.ts';
import type { Owner } from '../files/interface.ts';
import type { HypervisorInfo } from './interface.ts';
import { detectAccelerator, readCapabilities } from './linux-capabilities.ts';
import type { DomainPlatform } from './xml.ts';

/** The machine and its hypervisor. */
export interface Host {
  readonly info: HypervisorInfo;
  readonly platform: DomainPlatform;
}

/** What the host and the hypervisor are. */
export async function readHost(libvirt: Libvirt, owner: string): Promise<Host> {
  const [type, version, libVersion, hostname, node, xml] = await Promise.all([
    libvirt.connectGetType(),
    libvirt.connectGetVersion(),
    libvirt.connectGetLibVersion(),
    libvirt.connectGetHostname(),
    libvirt.nodeGetInfo(),
    libvirt.connectGetCapabilities(),
  ]);
  const capabilities = readCapabilities(xml);
  const { accelerator, reason } = await detectAccelerator(capabilities);
  const vhostNet = await access('/dev/vhost-net', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  return {
    info: {
      hypervisorType: type,
      hypervisorVersion: version,
      libvirtVersion: libVersion,
      hostname,
      cpuArch: capabilities.arch,
      cpuModel: capabilities.cpuModel,
      vcpus: node.cpus,
      memoryMib: Math.floor(node.memory / 1024),
      accelerator,
      acceleratorReason: reason,
    },
    platform: { owner, accelerator, arch: capabilities.arch, vhostNet },
  };
}

/**
 * The user that libvirt's QEMU runs as: a server's run directory must be theirs with mode 0700, since QEMU makes the
 * VNC socket itself. Undefined where there is none of the usual users.
 */
export async function qemuOwner(): Promise<Owner | undefined> {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  // Debian and Ubuntu; Fedora, SUSE and Arch.
  const user = ['libvirt-qemu', 'qemu'].flatMap((name) => users.filter(([first]) => first === name))[0];
  return user === undefined ? undefined : { uid: Number(user[2]), gid: Number(user[3]) };
}
