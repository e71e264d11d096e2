/** Against libvirt's test driver in a real libvirtd: no guest, but the real protocol and the real errors. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  connect,
  DefinedDetail,
  DomainEvent,
  DomainState,
  LibvirtError,
  ListFlag,
  MetadataType,
  nameOf,
  PausedReason,
  SecretUsage,
  SnapshotListFlag,
  typed,
  typedValues,
  type DomainRef,
  type Libvirt,
  type LifecycleEvent,
} from './index.ts';

const NAME = 'lvts-driver';
const xml = (name = NAME): string => `<domain type='test'><name>${name}</name><memory unit='MiB'>64</memory>
  <vcpu current='1'>2</vcpu><os><type>hvm</type></os>
  <devices><disk type='file' device='disk'><source file='/nonexistent'/><target dev='vda'/></disk></devices></domain>`;

let libvirt: Libvirt;

beforeAll(async () => {
  libvirt = await connect({ uri: 'test:///default' });
});

afterAll(() => libvirt.close());

/** The test driver lives as long as its connection, but a failed test must not spoil the next one. */
afterEach(async () => {
  const domains = await libvirt.connectListAllDomains();
  for (const dom of domains.filter(({ name }) => name === NAME)) {
    if (await libvirt.domainIsActive({ dom })) await libvirt.domainDestroyFlags({ dom });
    for (const snap of await libvirt.domainListAllSnapshots({ dom, flags: SnapshotListFlag.ROOTS })) {
      await libvirt.domainSnapshotDelete({ snap, flags: 1 });
    }
    if (await libvirt.domainIsPersistent({ dom })) await libvirt.domainUndefineFlags({ dom });
  }
});

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  const error = await call.catch((e: unknown) => e);
  return error instanceof LibvirtError ? error.codeName : `no LibvirtError: ${String(error)}`;
};

test('says who it is', async () => {
  expect(await libvirt.connectGetType()).toBe('TEST');
  expect(await libvirt.connectGetUri()).toBe('test:///default');
  expect(await libvirt.connectGetLibVersion()).toBeGreaterThanOrEqual(7_000_000);
  expect(await libvirt.connectGetCapabilities()).toContain('<capabilities>');
  expect((await libvirt.nodeGetInfo()).model).toBe('i686');
  expect(await libvirt.connectGetHostname()).not.toBe('');
});

test('a domain from definition to undefinition, with its events', async () => {
  const events: LifecycleEvent[] = [];
  const subscription = await libvirt.subscribe('lifecycle', (event) => {
    if (event.dom.name === NAME) events.push(event);
  });
  const dom = await libvirt.domainDefineXmlFlags({ xml: xml() });
  expect(dom).toMatchObject({ name: NAME, id: -1 });
  expect(await libvirt.domainGetState({ dom })).toMatchObject({ state: DomainState.SHUTOFF });
  const running = await libvirt.domainCreateWithFlags({ dom });
  expect(running.id).toBeGreaterThan(0);
  await libvirt.domainSuspend({ dom });
  expect(await libvirt.domainGetState({ dom })).toEqual({
    state: DomainState.PAUSED,
    reason: PausedReason.USER,
  });
  await libvirt.domainResume({ dom });
  expect(await libvirt.domainGetInfo({ dom })).toMatchObject({ state: DomainState.RUNNING, maxMem: 65_536 });
  await libvirt.domainDestroyFlags({ dom });
  await libvirt.domainUndefineFlags({ dom });
  await vi.waitFor(() => {
    expect(events.map(({ event }) => nameOf(DomainEvent, event))).toEqual([
      'DEFINED',
      'STARTED',
      'SUSPENDED',
      'RESUMED',
      'STOPPED',
      'UNDEFINED',
    ]);
  });
  expect(events[0]).toMatchObject({ detail: DefinedDetail.ADDED, dom: { uuid: dom.uuid } });
  subscription.close();
});

test('look-ups and lists', async () => {
  const dom = await libvirt.domainDefineXmlFlags({ xml: xml() });
  expect(await libvirt.domainLookupByName({ name: NAME })).toEqual(dom);
  expect(await libvirt.domainLookupByUuid({ uuid: dom.uuid })).toEqual(dom);
  expect(await libvirt.connectListAllDomains({ flags: ListFlag.INACTIVE })).toContainEqual(dom);
  expect(await libvirt.connectListAllDomains({ flags: ListFlag.ACTIVE })).not.toContainEqual(dom);
  expect(await libvirt.domainGetXmlDesc({ dom })).toContain(`<name>${NAME}</name>`);
});

test('statistics of all domains are typed parameters', async () => {
  const [stats] = await libvirt.connectGetAllDomainStats();
  expect(stats?.dom.name).toBe('test');
  expect(typedValues(stats?.params ?? []).get('state.state')).toBe(DomainState.RUNNING);
});

test('snapshots: create, list, describe, revert, delete', async () => {
  const dom = await libvirt.domainDefineXmlFlags({ xml: xml() });
  await libvirt.domainCreateWithFlags({ dom });
  const snap = await libvirt.domainSnapshotCreateXml({
    dom,
    xml: '<domainsnapshot><name>before</name></domainsnapshot>',
  });
  expect(snap).toMatchObject({ name: 'before', dom: { name: NAME } });
  expect(await libvirt.domainSnapshotLookupByName({ dom, name: 'before' })).toMatchObject({ name: 'before' });
  expect(await libvirt.domainListAllSnapshots({ dom })).toHaveLength(1);
  expect(await libvirt.domainHasCurrentSnapshot({ dom })).toBe(true);
  expect(await libvirt.domainSnapshotCurrent({ dom })).toMatchObject({ name: 'before' });
  expect(await libvirt.domainSnapshotGetXmlDesc({ snap })).toContain('<state>running</state>');
  await libvirt.domainSuspend({ dom });
  await libvirt.domainRevertToSnapshot({ snap });
  expect(await libvirt.domainGetState({ dom })).toMatchObject({ state: DomainState.RUNNING });
  await libvirt.domainSnapshotDelete({ snap });
  expect(await libvirt.domainListAllSnapshots({ dom })).toEqual([]);
});

test('settings: vcpus, memory, metadata, autostart, I/O and interface limits', async () => {
  const dom = await libvirt.domainDefineXmlFlags({ xml: xml() });
  await libvirt.domainSetAutostart({ dom, autostart: true });
  expect(await libvirt.domainGetAutostart({ dom })).toBe(true);
  await libvirt.domainSetMetadata({ dom, type: MetadataType.TITLE, metadata: 'a title' });
  expect(await libvirt.domainGetMetadata({ dom, type: MetadataType.TITLE })).toBe('a title');
  await libvirt.domainSetVcpusFlags({ dom, nvcpus: 2, flags: 2 });
  expect(await libvirt.domainGetVcpusFlags({ dom, flags: 2 })).toBe(2);
  await libvirt.domainCreateWithFlags({ dom });
  await libvirt.domainSetMemoryFlags({ dom, memory: 32_768, flags: 1 });
  expect((await libvirt.domainGetInfo({ dom })).memory).toBe(32_768);
  expect((await libvirt.domainGetVcpus({ dom, maxinfo: 4 })).info).toHaveLength(2);
  await libvirt.domainSetBlockIoTune({
    dom,
    disk: 'vda',
    params: [typed.ullong('total_bytes_sec', 500_000), typed.ullong('total_bytes_sec_max', 900_000)],
  });
  const tune = typedValues(await libvirt.domainGetBlockIoTune({ dom, disk: 'vda' }));
  expect(tune.get('total_bytes_sec')).toBe(500_000);
});

test('secrets: define, set, find, undefine; the log masks the value', async () => {
  const details: string[] = [];
  const lv = await connect({ uri: 'secret:///system', onCall: ({ detail }) => details.push(detail) });
  const usageId = 'lvts-secret';
  const secret = await lv.secretDefineXml({
    xml: `<secret ephemeral='yes'><usage type='ceph'><name>${usageId}</name></usage></secret>`,
  });
  try {
    await lv.secretSetValue({ secret, value: Buffer.from('s3cret-value') });
    expect(await lv.secretLookupByUsage({ usageType: SecretUsage.CEPH, usageId })).toEqual(secret);
    expect(await lv.secretLookupByUuid({ uuid: secret.uuid })).toEqual(secret);
    expect(await lv.connectListAllSecrets()).toContainEqual(secret);
    expect(await lv.secretGetXmlDesc({ secret })).toContain(usageId);
  } finally {
    await lv.secretUndefine({ secret });
    await lv.close();
  }
  expect(details.join('\n')).not.toContain('s3cret-value');
});

describe('errors of the daemon', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['NO_DOMAIN', () => libvirt.domainLookupByName({ name: 'lvts-absent' })],
    ['NO_DOMAIN', () => libvirt.domainLookupByUuid({ uuid: '00000000-0000-4000-8000-00000000dead' })],
    ['NO_NAME', () => libvirt.domainDefineXmlFlags({ xml: '<domain type="test"/>' })],
    ['XML_DETAIL', () => libvirt.domainDefineXmlFlags({ xml: '<domain' })],
  ])('%s', async (code, call) => expect(await codeOf(call())).toBe(code));

  test('an unknown URI', async () => {
    expect(await codeOf(connect({ uri: 'nonsense:///x' }))).toBe('NO_CONNECT');
  });
});

test('the daemon can decode the arguments of every procedure', async () => {
  // What the test driver lacks answers NO_SUPPORT; arguments in a wrong form would answer RPC.
  const dom = await libvirt.domainDefineXmlFlags({ xml: xml() });
  const snap = { name: 'absent', dom };
  const params = [
    typed.uint('x', 1),
    typed.string('y', 'z'),
    typed.double('d', 1.5),
    typed.boolean('b', true),
  ];
  const calls: Promise<unknown>[] = [
    libvirt.connectGetDomainCapabilities(),
    libvirt.connectGetMaxVcpus(),
    libvirt.nodeGetFreeMemory(),
    libvirt.nodeGetMemoryStats(),
    libvirt.nodeGetCpuStats(),
    libvirt.domainLookupById({ id: 1 }),
    libvirt.domainRename({ dom, newName: 'test' }),
    libvirt.domainReset({ dom }),
    libvirt.domainPinVcpuFlags({ dom, vcpu: 9, cpumap: Buffer.from([1]) }),
    libvirt.domainManagedSaveRemove({ dom }),
    libvirt.domainHasManagedSaveImage({ dom }),
    libvirt.domainCoreDumpWithFormat({ dom, to: '/nonexistent/x' }),
    libvirt.domainSaveFlags({ dom, to: '/nonexistent/x' }),
    libvirt.domainRestoreFlags({ from: '/nonexistent/x' }),
    libvirt.domainAbortJob({ dom }),
    libvirt.domainAttachDeviceFlags({ dom, xml: '<x/>' }),
    libvirt.domainDetachDeviceFlags({ dom, xml: '<x/>' }),
    libvirt.domainUpdateDeviceFlags({ dom, xml: '<x/>' }),
    libvirt.domainDetachDeviceAlias({ dom, alias: 'x' }),
    libvirt.domainBlockResize({ dom, disk: 'vdz', size: 2n ** 60n }),
    libvirt.domainBlockCopy({ dom, disk: 'vda', destXml: '<disk/>', params }),
    libvirt.domainBlockCommit({ dom, disk: 'vda', base: 'x' }),
    libvirt.domainBlockRebase({ dom, disk: 'vda' }),
    libvirt.domainBlockPull({ dom, disk: 'vda' }),
    libvirt.domainGetBlockJobInfo({ dom, disk: 'vda' }),
    libvirt.domainBlockJobAbort({ dom, disk: 'vda' }),
    libvirt.domainBlockJobSetSpeed({ dom, disk: 'vda', bandwidth: 1 }),
    libvirt.domainBlockStats({ dom, disk: 'vda' }),
    libvirt.domainBlockStatsFlags({ dom, disk: 'vda' }),
    libvirt.domainGetBlockInfo({ dom, disk: 'vda' }),
    libvirt.domainInterfaceStats({ dom, device: 'x' }),
    libvirt.domainSetInterfaceParameters({ dom, device: 'x', params }),
    libvirt.domainGetInterfaceParameters({ dom, device: 'x' }),
    libvirt.domainRevertToSnapshot({ snap }),
    libvirt.domainInjectNmi({ dom }),
    libvirt.domainSendKey({ dom, keycodes: [28] }),
    libvirt.domainSetUserPassword({ dom, user: 'root', password: 'x' }),
    libvirt.domainFsFreeze({ dom, mountpoints: ['/'] }),
    libvirt.domainFsThaw({ dom }),
    libvirt.domainGetHostname({ dom }),
    libvirt.domainInterfaceAddresses({ dom }),
    libvirt.qemuDomainMonitorCommand({ dom, cmd: '{}' }),
    libvirt.qemuDomainAgentCommand({ dom, cmd: '{}' }),
    libvirt.domainScreenshot({ dom: { ...dom, name: 'x' } }),
    libvirt.domainOpenConsole({ dom }),
  ];
  const errors = (await Promise.allSettled(calls)).flatMap((r) =>
    r.status === 'rejected' ? [r.reason as unknown] : [],
  );
  expect(errors.filter((error) => !(error instanceof LibvirtError))).toEqual([]);
  expect((errors as LibvirtError[]).filter(({ codeName }) => codeName === 'RPC')).toEqual([]);
});

test('a transient domain is gone when it stops', async () => {
  const dom: DomainRef = await libvirt.domainCreateXml({ xml: xml() });
  await libvirt.domainDestroyFlags({ dom });
  expect(await codeOf(libvirt.domainLookupByUuid({ uuid: dom.uuid }))).toBe('NO_DOMAIN');
});
