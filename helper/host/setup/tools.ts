/** Programs that Deskcloud runs, what each is for, and the Debian package that brings it. */
export const TOOLS: readonly {
  readonly program: string;
  readonly package: string;
  readonly purpose: string;
}[] = [
  { program: 'qemu-system-x86_64', package: 'qemu-system-x86', purpose: 'runs the guests' },
  { program: 'qemu-img', package: 'qemu-utils', purpose: 'makes and converts disks' },
  { program: 'libvirtd', package: 'libvirt-daemon-system', purpose: 'manages the guests' },
  { program: 'virsh', package: 'libvirt-clients', purpose: 'lets you look at the guests by hand' },
  { program: 'dnsmasq', package: 'dnsmasq-base', purpose: 'gives the guests their addresses' },
  { program: 'radvd', package: 'radvd', purpose: 'tells guests of IPv6 routers and prefixes' },
  { program: 'nft', package: 'nftables', purpose: 'security groups and address translation' },
  { program: 'ip', package: 'iproute2', purpose: 'bridges, tunnels and namespaces' },
  { program: 'conntrack', package: 'conntrack', purpose: 'ends connections that a rule no longer allows' },
  { program: 'arping', package: 'iputils-arping', purpose: 'tells neighbours where a floating IP has moved' },
  { program: 'prlimit', package: 'util-linux', purpose: 'limits what programs may use' },
  { program: 'ssh-keygen', package: 'openssh-client', purpose: 'makes the key for logging in to guests' },
  { program: 'mformat', package: 'mtools', purpose: 'builds the tiny guest image' },
  { program: 'syslinux', package: 'syslinux', purpose: 'builds the tiny guest image' },
  { program: 'mke2fs', package: 'e2fsprogs', purpose: 'builds the tiny guest image' },
];

/** The BIOS that the guests start with; a file, not a program. */
export const FIRMWARE = { path: '/usr/share/seabios/bios-256k.bin', package: 'seabios' } as const;

/** Where programs of the system are, also those for the administrator. */
export const PROGRAM_PATHS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
