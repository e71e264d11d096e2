/** The domain XML of a guest (https://libvirt.org/formatdomain.html), from its {@link DomainSpec} alone. */
import { DISK_LIMITS, type DomainDisk, type DomainNic, type DomainSpec, type LiveCopy } from './interface.ts';
import { element, render, type XmlElement } from './markup.ts';

/** Namespace of our part of a domain's metadata. */
export const METADATA_URI = 'urn:deskcloud:domain:1';
const METADATA_KEY = 'deskcloud';

/** What of the host changes the XML. */
export interface DomainPlatform {
  /** Which instance of Deskcloud the domain belongs to. */
  readonly owner: string;
  readonly accelerator: 'kvm' | 'qemu';
  /** 'x86_64', 'aarch64'. */
  readonly arch: string;
  /** Whether the kernel moves a guest's packets itself (/dev/vhost-net); only with KVM. */
  readonly vhostNet: boolean;
}

/**
 * The domain's name for libvirt. Names are unique on a host, so every Deskcloud but the ordinary one puts its owner
 * tag in front.
 */
export const domainName = (spec: Pick<DomainSpec, 'name'>, owner: string): string =>
  owner === DEFAULT_OWNER ? spec.name : `${owner}-${spec.name}`;

/** The owner tag of the ordinary Deskcloud of a machine. */
export const DEFAULT_OWNER = 'deskcloud';

/** Domain XML; ends in a line feed. Deterministic: the same spec and platform give the same text. */
export function domainXml(spec: DomainSpec, platform: DomainPlatform): string {
  const x86 = platform.arch === 'x86_64';
  const machine = spec.hardware.machine ?? (x86 ? 'pc' : 'virt');
  return render(
    element(
      'domain',
      { type: platform.accelerator },
      element('name', {}, domainName(spec, platform.owner)),
      element('uuid', {}, spec.uuid),
      metadata(spec, platform.owner),
      element('memory', { unit: 'MiB' }, String(spec.memoryMib)),
      element('currentMemory', { unit: 'MiB' }, String(spec.memoryMib)),
      element('vcpu', {}, String(spec.vcpus)),
      smbios(spec),
      boot(spec, platform.arch, machine),
      element(
        'features',
        {},
        element('acpi'),
        x86 ? element('apic') : undefined,
        platform.accelerator === 'kvm' && x86 ? element('vmcoreinfo') : undefined,
      ),
      element('cpu', { mode: platform.accelerator === 'kvm' ? 'host-passthrough' : 'maximum' }),
      clock(x86),
      element('on_poweroff', {}, 'destroy'),
      element('on_reboot', {}, 'restart'),
      element('on_crash', {}, 'destroy'),
      devices(spec, platform, machine),
    ),
  );
}

function metadata({ labels }: DomainSpec, owner: string): XmlElement {
  const ours = (name: string): string => `${METADATA_KEY}:${name}`;
  return element(
    'metadata',
    {},
    element(
      ours('instance'),
      { [`xmlns:${METADATA_KEY}`]: METADATA_URI },
      element(ours('owner'), {}, owner),
      element(ours('name'), {}, labels.serverName),
      element(ours('project'), {}, labels.projectId),
      element(ours('flavor'), {}, labels.flavorName),
      labels.imageId === null ? undefined : element(ours('image'), {}, labels.imageId),
    ),
  );
}

/** What makes a guest's cloud-init look for the OpenStack metadata service (its ds-identify reads the DMI). */
function smbios(spec: DomainSpec): XmlElement {
  const entries = (values: Readonly<Record<string, string>>): XmlElement[] =>
    Object.entries(values).map(([name, value]) => element('entry', { name }, value));
  return element(
    'sysinfo',
    { type: 'smbios' },
    element(
      'system',
      {},
      entries({
        manufacturer: 'OpenStack Foundation',
        product: 'OpenStack Nova',
        version: 'Deskcloud',
        serial: spec.uuid,
        uuid: spec.uuid,
        family: 'Virtual Machine',
      }),
    ),
    element(
      'chassis',
      {},
      entries({ manufacturer: 'OpenStack Foundation', asset: 'OpenStack Compute', serial: spec.uuid }),
    ),
  );
}

function boot(spec: DomainSpec, arch: string, machine: string): XmlElement {
  const ordered = spec.disks.some(({ bootIndex }) => bootIndex !== undefined);
  return element(
    'os',
    {},
    element('type', { arch, machine }, 'hvm'),
    ordered ? undefined : element('boot', { dev: 'hd' }),
    element('smbios', { mode: 'sysinfo' }),
  );
}

function clock(x86: boolean): XmlElement {
  if (!x86) return element('clock', { offset: 'utc' });
  return element(
    'clock',
    { offset: 'utc' },
    element('timer', { name: 'pit', tickpolicy: 'delay' }),
    element('timer', { name: 'rtc', tickpolicy: 'catchup' }),
    element('timer', { name: 'hpet', present: 'no' }),
  );
}

function devices(spec: DomainSpec, platform: DomainPlatform, machine: string): XmlElement {
  const { hardware } = spec;
  const log = element('log', { file: spec.consoleLogPath, append: 'on' });
  return element(
    'devices',
    {},
    placeDisks(spec.disks, machine).map(diskElement),
    // Its polling costs an idle guest less than the UHCI that machine 'pc' has by itself.
    element('controller', { type: 'usb', model: 'qemu-xhci' }),
    spec.nics.map((nic) => networkInterface(nic, platform)),
    element(
      'serial',
      { type: 'unix' },
      element('source', { mode: 'bind', path: spec.serialSocketPath }),
      log,
      element('target', { port: 0 }),
    ),
    element(
      'console',
      { type: 'unix' },
      element('source', { mode: 'bind', path: spec.serialSocketPath }),
      log,
      element('target', { type: 'serial', port: 0 }),
    ),
    hardware.guestAgent === true
      ? element(
          'channel',
          { type: 'unix' },
          element('target', { type: 'virtio', name: 'org.qemu.guest_agent.0' }),
        )
      : undefined,
    element('input', { type: 'tablet', bus: 'usb' }),
    // A socket in a directory that only QEMU's user may enter; no TCP port at all.
    element(
      'graphics',
      { type: 'vnc', socket: spec.vncSocketPath },
      element('listen', { type: 'socket', socket: spec.vncSocketPath }),
    ),
    element('video', {}, element('model', { type: hardware.videoModel ?? 'vga' })),
    hardware.watchdog === undefined
      ? undefined
      : element('watchdog', { model: 'i6300esb', action: hardware.watchdog }),
    element('memballoon', { model: 'virtio' }, element('stats', { period: 10 })),
    hardware.rng === true
      ? element('rng', { model: 'virtio' }, element('backend', { model: 'random' }, '/dev/urandom'))
      : undefined,
  );
}

const isQ35 = (machine: string): boolean => /q35/.test(machine);

/** The bus as this machine has it: 'pc' has IDE and no SATA, q35 the other way round. */
function busOf(bus: DomainDisk['bus'], machine: string): DomainDisk['bus'] {
  if (bus === 'sata' && /^(pc|pc-i440fx.*)$/.test(machine)) return 'ide';
  if (bus === 'ide' && isQ35(machine)) return 'sata';
  return bus;
}

/** Puts disks whose bus this machine has not on another, with a target that no other disk has. */
function placeDisks(disks: readonly DomainDisk[], machine: string): readonly DomainDisk[] {
  const taken = new Set(
    disks.filter((disk) => busOf(disk.bus, machine) === disk.bus).map(({ target }) => target),
  );
  return disks.map((disk) => {
    const bus = busOf(disk.bus, machine);
    if (bus === disk.bus) return disk;
    const prefix = bus === 'ide' ? 'hd' : 'sd';
    const target = Array.from({ length: 26 }, (_, index) => prefix + String.fromCharCode(97 + index)).find(
      (name) => !taken.has(name),
    );
    if (target === undefined) throw new Error(`no room for disk ${disk.target} on bus ${bus}`);
    taken.add(target);
    return { ...disk, bus, target };
  });
}

/** libvirt's words. */
const SOURCE_TYPES = { file: 'file', block: 'block', iscsi: 'network' } as const;

function diskElement(spec: DomainDisk): XmlElement {
  const { bus, target } = spec;
  const cdrom = spec.device === 'cdrom';
  return element(
    'disk',
    { type: SOURCE_TYPES[spec.source.kind], device: spec.device },
    // The page cache is used, since servers of one image share their base's pages; a guest's flushes are obeyed.
    element('driver', {
      name: 'qemu',
      type: spec.format,
      cache: 'writeback',
      discard: cdrom ? undefined : 'unmap',
    }),
    sourceElement(spec),
    element('target', { dev: target, bus }),
    iotune(spec.limits),
    spec.readOnly === true || cdrom ? element('readonly') : undefined,
    // All guests are on this host and share its page cache, so that they see each other's writes.
    spec.shareable === true ? element('shareable') : undefined,
    spec.serial === undefined ? undefined : element('serial', {}, spec.serial.slice(0, 36)),
    spec.bootIndex === undefined ? undefined : element('boot', { order: spec.bootIndex }),
  );
}

/** libvirt gives the emulator the secrets that it is to use; they are nowhere in this text. */
function sourceElement({ source, encryption }: Pick<DomainDisk, 'source' | 'encryption'>): XmlElement {
  if (source.kind === 'file') return element('source', { file: source.path }, luks(encryption));
  if (source.kind === 'block') return element('source', { dev: source.path }, luks(encryption));
  const { host, port, iqn, lun, initiator, chap } = source;
  return element(
    'source',
    { protocol: 'iscsi', name: `${iqn}/${lun}` },
    element('host', { name: host, port: String(port) }),
    element('auth', { username: chap.user }, element('secret', { type: 'iscsi', uuid: chap.secretId })),
    element('initiator', {}, element('iqn', { name: initiator })),
    luks(encryption),
  );
}

const luks = (encryption: DomainDisk['encryption']): XmlElement | undefined =>
  encryption &&
  element(
    'encryption',
    { format: 'luks' },
    element('secret', { type: 'passphrase', uuid: encryption.secretId }),
  );

function iotune(limits: DomainDisk['limits']): XmlElement | undefined {
  const set = DISK_LIMITS.flatMap((name) => {
    const value = limits?.[name];
    return value === undefined ? [] : [element(name, {}, String(value))];
  });
  return set.length === 0 ? undefined : element('iotune', {}, set);
}

/** One card, as it is plugged into a running guest. */
export const nicXml = (nic: DomainNic, platform: DomainPlatform): string =>
  render(networkInterface(nic, platform));

/** One disk, as it is plugged into a running guest. */
export const diskXml = (disk: DomainDisk): string => render(diskElement(disk));

/** The destination of a copy of a disk. */
export const copyXml = (path: string, encryption: DomainDisk['encryption']): string =>
  render(
    element(
      'disk',
      { type: 'file' },
      element('driver', { type: 'qcow2' }),
      element('source', { file: path }, luks(encryption)),
    ),
  );

/** A disk that is there, as the destination of a mirror. */
export const mirrorXml = (disk: DomainDisk): string =>
  render(
    element(
      'disk',
      { type: SOURCE_TYPES[disk.source.kind] },
      element('driver', { name: 'qemu', type: disk.format, cache: 'writeback', discard: 'unmap' }),
      sourceElement(disk),
    ),
  );

/** Where several disks of a running guest are copied to, as they are at one moment; its other disks are left alone. */
export const backupXml = (copies: readonly LiveCopy[]): string =>
  render(
    element(
      'domainbackup',
      { mode: 'push' },
      element(
        'disks',
        {},
        ...copies.map(({ target, destination, encryption }) =>
          element(
            'disk',
            { name: target, backup: 'yes', type: 'file' },
            element('driver', { type: 'qcow2' }),
            element('target', { file: destination }, luks(encryption)),
          ),
        ),
      ),
    ),
  );

function networkInterface(nic: DomainNic, { accelerator, vhostNet }: DomainPlatform): XmlElement {
  const driver = accelerator === 'kvm' && vhostNet ? 'vhost' : 'qemu';
  return element(
    'interface',
    { type: 'ethernet' },
    element('mac', { address: nic.macAddress }),
    // The network service made the tap and its bridge port; libvirt only opens it.
    element('target', { dev: nic.tapName, managed: 'no' }),
    element('model', { type: nic.model }),
    nic.model === 'virtio' ? element('driver', { name: driver }) : undefined,
    element('mtu', { size: nic.mtu }),
  );
}
