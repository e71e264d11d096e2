/**
 * Against real guests under QEMU's emulation: 512 bytes of boot sector that answer on the serial port. Needs root and
 * a running libvirtd; every domain, file and device here is named lvts-*.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  Affect,
  BlockCommitFlag,
  BlockCopyFlag,
  BlockJobAbortFlag,
  BlockJobStatus,
  BlockJobType,
  BlockResizeFlag,
  connect,
  ConsoleFlag,
  CoreDumpFlag,
  DomainEvent,
  DomainState,
  LibvirtError,
  MonitorCommandFlag,
  ShutoffReason,
  SnapshotCreateFlag,
  typed,
  typedValues,
  UndefineFlag,
  type DomainRef,
  type EventKind,
  type EventOf,
  type Libvirt,
} from './index.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const MIB = 1_048_576;
const TAP = 'lvts-tap0';
const MAC = '52:54:00:1b:75:01';
const WAIT = { timeout: 20_000 };

/**
 * sti; mov dx,0x3fd; wait: hlt; in al,dx; test al,1; jz wait; mov dx,0x3f8; in al,dx; xor al,0x20; out dx,al; again:
 * sends back what the serial port gets, with upper and lower case exchanged.
 */
const ECHO = 'fbbafd03f4eca80174fabaf803ec3420eeebee';

let directory: string;
let libvirt: Libvirt;
let disk: string;
let dom: DomainRef;
let count = 0;

const qemuImg = (...args: string[]): void => void execFileSync('qemu-img', args, { stdio: 'ignore' });
const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'ignore' });

const diskXml = (file: string, target: string, bus = 'virtio', format = 'qcow2'): string =>
  `<disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='${file}'/>` +
  `<target dev='${target}' bus='${bus}'/></disk>`;

const domainXml = (name: string): string => `<domain type='qemu'><name>${name}</name>
  <memory unit='MiB'>64</memory><vcpu current='1'>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os><features><acpi/></features>
  <devices>${diskXml(disk, 'vda')}
    <controller type='usb' model='qemu-xhci'/>
    <interface type='ethernet'><mac address='${MAC}'/><target dev='${TAP}' managed='no'/><model type='virtio'/></interface>
    <serial type='pty'/><console type='pty'/>
    <graphics type='vnc' port='-1' autoport='no' socket='${directory}/${name}.vnc'/><video><model type='vga'/></video>
    <memballoon model='virtio'/>
  </devices></domain>`;

/** Collects the events of the guest under test. */
async function collect<K extends EventKind>(kind: K): Promise<EventOf<K>[]> {
  const events: EventOf<K>[] = [];
  const { uuid } = dom;
  await libvirt.subscribe(kind, (event) => {
    if ((event as { dom: DomainRef }).dom.uuid === uuid) events.push(event);
  });
  return events;
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvts-guest-'));
  chmodSync(directory, 0o777);
  const sector = Buffer.alloc(MIB);
  sector.write(ECHO, 0, 'hex');
  sector.writeUInt16LE(0xaa55, 510);
  writeFileSync(join(directory, 'base.img'), sector);
  ip('tuntap', 'add', 'dev', TAP, 'mode', 'tap');
});

afterAll(() => {
  ip('link', 'delete', TAP);
  rmSync(directory, { recursive: true });
});

beforeEach(async () => {
  libvirt = await connect();
  count += 1;
  disk = join(directory, `disk-${count}.qcow2`);
  qemuImg('create', '-f', 'qcow2', '-b', join(directory, 'base.img'), '-F', 'raw', disk, '8M');
  dom = await libvirt.domainDefineXmlFlags({ xml: domainXml(`lvts-guest-${count}`) });
  dom = await libvirt.domainCreateWithFlags({ dom });
});

afterEach(async () => {
  if (await libvirt.domainIsActive({ dom })) await libvirt.domainDestroyFlags({ dom });
  await libvirt.domainUndefineFlags({
    dom,
    flags: UndefineFlag.MANAGED_SAVE | UndefineFlag.SNAPSHOTS_METADATA,
  });
  await libvirt.close();
  rmSync(`/var/log/libvirt/qemu/${dom.name}.log`, { force: true });
});

test('runs, answers on its console, shows its screen, talks to the monitor', async () => {
  expect(await libvirt.domainGetState({ dom })).toMatchObject({ state: DomainState.RUNNING });

  const { mimeType, data } = await libvirt.domainScreenshot({ dom });
  const image = Buffer.concat((await data.toArray()) as Buffer[]);
  expect(['image/png', 'image/x-portable-pixmap']).toContain(mimeType);
  expect(image.subarray(0, 4).toString('latin1')).toMatch(/^(\u0089PNG|P6)/);
  expect(image.length).toBeGreaterThan(500);

  const status = await libvirt.qemuDomainMonitorCommand({ dom, cmd: '{"execute":"query-status"}' });
  expect(JSON.parse(status)).toMatchObject({ return: { status: 'running' } });
  const human = await libvirt.qemuDomainMonitorCommand({
    dom,
    cmd: 'info name',
    flags: MonitorCommandFlag.HMP,
  });
  expect(human).toContain(dom.name);

  const tty = await libvirt.domainOpenConsole({ dom });
  let heard = '';
  tty.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1');
  });
  // The BIOS takes a moment before the boot sector listens.
  await vi.waitFor(
    () => {
      if (!heard.includes('H')) tty.write('h');
      expect(heard).toContain('H');
    },
    { timeout: 20_000, interval: 200 },
  );
  tty.write('ello');
  await vi.waitFor(() => expect(heard).toContain('ELLO'), WAIT);
  tty.end();
  await once(tty, 'close');
});

test('suspend, resume, reset, destroy, with the events of each', async () => {
  const lifecycle = await collect('lifecycle');
  const reboots = await collect('reboot');
  await libvirt.domainSuspend({ dom });
  expect(await libvirt.domainGetState({ dom })).toMatchObject({ state: DomainState.PAUSED });
  await libvirt.domainResume({ dom });
  await libvirt.domainReset({ dom });
  await vi.waitFor(() => expect(reboots).toHaveLength(1), WAIT);
  await libvirt.domainInjectNmi({ dom });
  await libvirt.domainSendKey({ dom, keycodes: [29, 56, 111], holdtime: 10 });
  await libvirt.domainShutdownFlags({ dom });
  await libvirt.domainDestroyFlags({ dom });
  expect(await libvirt.domainGetState({ dom })).toEqual({
    state: DomainState.SHUTOFF,
    reason: ShutoffReason.DESTROYED,
  });
  await vi.waitFor(() => {
    expect(lifecycle.map(({ event }) => event)).toEqual(
      expect.arrayContaining([DomainEvent.SUSPENDED, DomainEvent.RESUMED, DomainEvent.STOPPED]),
    );
  }, WAIT);
});

test('statistics and limits of cpu, memory, disk and interface', async () => {
  expect(await libvirt.domainGetInfo({ dom })).toMatchObject({ maxMem: 65_536, nrVirtCpu: 1 });
  expect((await libvirt.domainGetInfo({ dom })).cpuTime).toBeGreaterThan(0n);
  expect((await libvirt.domainGetVcpus({ dom, maxinfo: 2, maplen: 1 })).info).toHaveLength(1);
  expect((await libvirt.domainMemoryStats({ dom })).length).toBeGreaterThan(0);
  await libvirt.domainSetMemoryFlags({ dom, memory: 32_768, flags: Affect.CONFIG });
  await libvirt.domainSetVcpusFlags({ dom, nvcpus: 2, flags: Affect.CONFIG });
  expect(await libvirt.domainGetVcpusFlags({ dom, flags: Affect.CONFIG })).toBe(2);

  expect(await libvirt.domainGetBlockInfo({ dom, disk: 'vda' })).toMatchObject({ capacity: 8 * MIB });
  expect((await libvirt.domainBlockStats({ dom, disk: 'vda' })).rdReq).toBeGreaterThanOrEqual(0);
  expect(typedValues(await libvirt.domainBlockStatsFlags({ dom, disk: 'vda' })).has('rd_bytes')).toBe(true);
  await libvirt.domainSetBlockIoTune({ dom, disk: 'vda', params: [typed.ullong('read_iops_sec', 50)] });
  expect(typedValues(await libvirt.domainGetBlockIoTune({ dom, disk: 'vda' })).get('read_iops_sec')).toBe(50);

  expect(await libvirt.domainInterfaceStats({ dom, device: TAP })).toMatchObject({ rxErrs: 0 });
  await libvirt.domainSetInterfaceParameters({
    dom,
    device: MAC,
    params: [typed.uint('outbound.average', 100)],
    flags: Affect.CONFIG,
  });
  const limits = typedValues(
    await libvirt.domainGetInterfaceParameters({ dom, device: MAC, flags: Affect.CONFIG }),
  );
  expect(limits.get('outbound.average')).toBe(100);

  const [all] = await libvirt.connectGetAllDomainStats({ doms: [dom] });
  const stats = typedValues(all?.params ?? []);
  expect(stats.get('state.state')).toBe(DomainState.RUNNING);
  expect(stats.get('block.0.capacity')).toBe(8 * MIB);
});

test('devices: a disk is attached, a USB device attached and detached, with events', async () => {
  const added = await collect('device-added');
  const removed = await collect('device-removed');
  const extra = join(directory, `extra-${count}.raw`);
  writeFileSync(extra, Buffer.alloc(MIB));
  await libvirt.domainAttachDeviceFlags({
    dom,
    xml: diskXml(extra, 'vdb', 'virtio', 'raw'),
    flags: Affect.LIVE,
  });
  await vi.waitFor(() => expect(added.map(({ devAlias }) => devAlias)).toContain('virtio-disk1'), WAIT);
  expect(await libvirt.domainGetXmlDesc({ dom })).toContain(extra);

  // USB devices leave without the guest's consent, so the event comes although nothing runs that would cooperate.
  await libvirt.domainAttachDeviceFlags({ dom, xml: "<input type='tablet' bus='usb'/>", flags: Affect.LIVE });
  await vi.waitFor(() => expect(added.some(({ devAlias }) => devAlias.startsWith('input'))).toBe(true), WAIT);
  const alias = added.find(({ devAlias }) => devAlias.startsWith('input'))?.devAlias ?? '';
  await libvirt.domainDetachDeviceAlias({ dom, alias, flags: Affect.LIVE });
  await vi.waitFor(() => expect(removed.map(({ devAlias }) => devAlias)).toContain(alias), WAIT);
});

describe('block jobs', () => {
  /** Waits for the READY of a job, turns the disk to its result, and waits for the end. */
  const pivot = async (events: EventOf<'block-job'>[], type: number): Promise<void> => {
    await vi.waitFor(() => {
      expect(events).toContainEqual(
        expect.objectContaining({ disk: 'vda', type, status: BlockJobStatus.READY }),
      );
    }, WAIT);
    expect(await libvirt.domainGetBlockJobInfo({ dom, disk: 'vda' })).toMatchObject({ found: 1, type });
    await libvirt.domainBlockJobAbort({ dom, disk: 'vda', flags: BlockJobAbortFlag.PIVOT });
    await vi.waitFor(() => {
      expect(events).toContainEqual(expect.objectContaining({ type, status: BlockJobStatus.COMPLETED }));
    }, WAIT);
    expect(await libvirt.domainGetBlockJobInfo({ dom, disk: 'vda' })).toMatchObject({ found: 0 });
  };

  test('resize, copy, external snapshot and commit', async () => {
    await libvirt.domainBlockResize({ dom, disk: 'vda', size: 16 * MIB, flags: BlockResizeFlag.BYTES });
    expect((await libvirt.domainGetBlockInfo({ dom, disk: 'vda' })).capacity).toBe(16 * MIB);

    const events = await collect('block-job');
    const copy = join(directory, `copy-${count}.qcow2`);
    await libvirt.domainBlockCopy({
      dom,
      disk: 'vda',
      destXml: `<disk type='file'><source file='${copy}'/><driver type='qcow2'/></disk>`,
      params: [typed.ullong('bandwidth', 0)],
      flags: BlockCopyFlag.TRANSIENT_JOB,
    });
    await pivot(events, BlockJobType.COPY);
    expect(await libvirt.domainGetXmlDesc({ dom })).toContain(copy);

    const overlay = join(directory, `overlay-${count}.qcow2`);
    await libvirt.domainSnapshotCreateXml({
      dom,
      xml: `<domainsnapshot><disks><disk name='vda'><source file='${overlay}'/></disk></disks></domainsnapshot>`,
      flags: SnapshotCreateFlag.DISK_ONLY | SnapshotCreateFlag.NO_METADATA,
    });
    expect(await libvirt.domainGetXmlDesc({ dom })).toContain(overlay);
    await libvirt.domainBlockCommit({ dom, disk: 'vda', base: copy, flags: BlockCommitFlag.ACTIVE });
    await pivot(events, BlockJobType.ACTIVE_COMMIT);
    expect(await libvirt.domainGetXmlDesc({ dom })).not.toContain(overlay);
  });

  test('pull makes the disk independent of its base', async () => {
    const events = await collect('block-job');
    await libvirt.domainBlockPull({ dom, disk: 'vda' });
    await vi.waitFor(() => {
      expect(events).toContainEqual(
        expect.objectContaining({ type: BlockJobType.PULL, status: BlockJobStatus.COMPLETED }),
      );
    }, WAIT);
    expect(await libvirt.domainGetXmlDesc({ dom })).not.toContain('base.img');
  });
});

test('an internal snapshot of a running guest, reverted and deleted', async () => {
  const snap = await libvirt.domainSnapshotCreateXml({
    dom,
    xml: '<domainsnapshot><name>running</name></domainsnapshot>',
  });
  await libvirt.domainDestroyFlags({ dom });
  await libvirt.domainRevertToSnapshot({ snap });
  expect(await libvirt.domainGetState({ dom })).toMatchObject({ state: DomainState.RUNNING });
  await libvirt.domainSnapshotDelete({ snap });
  expect(await libvirt.domainListAllSnapshots({ dom })).toEqual([]);
});

test('save, restore, managed save, core dump', async () => {
  const file = join(directory, `state-${count}`);
  await libvirt.domainCoreDumpWithFormat({ dom, to: `${file}.core`, flags: CoreDumpFlag.MEMORY_ONLY });
  expect(statSync(`${file}.core`).size).toBeGreaterThan(64 * MIB);
  await libvirt.domainSaveFlags({ dom, to: file });
  expect(existsSync(file)).toBe(true);
  expect(await libvirt.domainGetState({ dom })).toEqual({
    state: DomainState.SHUTOFF,
    reason: ShutoffReason.SAVED,
  });
  await libvirt.domainRestoreFlags({ from: file });
  expect(await libvirt.domainGetState({ dom })).toMatchObject({ state: DomainState.RUNNING });
  await libvirt.domainManagedSave({ dom });
  expect(await libvirt.domainHasManagedSaveImage({ dom })).toBe(true);
  await libvirt.domainManagedSaveRemove({ dom });
  expect(await libvirt.domainHasManagedSaveImage({ dom })).toBe(false);
});

test('what the guest cannot do is an error of its own code', async () => {
  const codes = await Promise.all(
    [
      libvirt.qemuDomainAgentCommand({ dom, cmd: '{"execute":"guest-ping"}' }),
      libvirt.domainSetUserPassword({ dom, user: 'root', password: 'x' }),
      libvirt.domainFsFreeze({ dom }),
      libvirt.domainCreateWithFlags({ dom }),
    ].map((call) => call.catch((error: unknown) => (error instanceof LibvirtError ? error.codeName : error))),
  );
  expect(codes).toEqual([
    'ARGUMENT_UNSUPPORTED',
    'ARGUMENT_UNSUPPORTED',
    'ARGUMENT_UNSUPPORTED',
    'OPERATION_INVALID',
  ]);
});

test('two consoles of one guest: the second is refused, with FORCE it takes over', async () => {
  const first = await libvirt.domainOpenConsole({ dom });
  const lost = once(first, 'error') as Promise<[unknown]>;
  first.resume();
  const refused = await libvirt
    .domainOpenConsole({ dom, flags: ConsoleFlag.SAFE })
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ codeName: 'OPERATION_FAILED' });
  const second = await libvirt.domainOpenConsole({ dom, flags: ConsoleFlag.FORCE });
  expect((await lost)[0]).toMatchObject({ domainName: 'STREAMS' });
  second.destroy();
});
