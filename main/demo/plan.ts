/** What the demo cloud consists of. Names are fixed, so that a second run finds everything there. */
export const DEMO = {
  project: 'demo',
  user: 'demo',
  externalNetwork: 'public',
  externalSubnet: 'public-subnet',
  /** What networks are made of that name no addresses, as those of `openstack server create --nic auto`. */
  subnetPool: { name: 'shared-default', prefixes: ['10.128.0.0/16'], default_prefixlen: 24 },
  network: 'demo-net',
  subnet: 'demo-subnet',
  subnetCidr: '10.10.0.0/24',
  router: 'demo-router',
  securityGroup: 'demo-ssh',
  keyPair: 'demo-key',
  image: 'deskcloud-tiny',
  /** vCPUs, MiB of memory and GiB of disk; the usual small sizes, and one just large enough for the tiny guest. */
  flavors: [
    { name: 'm1.nano', vcpus: 1, ram: 128, disk: 1 },
    { name: 'm1.tiny', vcpus: 1, ram: 512, disk: 2 },
    { name: 'm1.small', vcpus: 1, ram: 2048, disk: 20 },
    { name: 'm1.medium', vcpus: 2, ram: 4096, disk: 40 },
  ],
  flavor: 'm1.nano',
  server: 'demo-server',
  /** GiB; mounted in the guest by its file system's label. */
  volume: { name: 'demo-data', gib: 1, label: 'data', place: '/data' },
  guestUser: 'deskcloud',
} as const;
