import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { inflateSync } from 'node:zlib';
import { XMLParser } from 'fast-xml-parser';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { chooseAccelerator } from './accelerator.ts';
import { domainHostContract } from './contract.ts';
import { FakeDomainHost } from './fake.ts';
import { DomainHostError, type DomainDisk, type DomainSpec } from './interface.ts';
import { ppmToPng } from './png.ts';
import { SCREEN_HEIGHT, SCREEN_WIDTH } from './simulated-screen.ts';
import { testGround, type TestGround } from './test-guest.ts';
import { diskXml, domainXml, type DomainPlatform } from './xml.ts';

domainHostContract('the fake', async () => ({
  host: new FakeDomainHost(),
  ground: await testGround('domfake'),
  booted: () => Promise.resolve(),
}));

const PLATFORM: DomainPlatform = {
  owner: 'deskcloud',
  accelerator: 'qemu',
  arch: 'x86_64',
  vhostNet: false,
};

const SPEC: DomainSpec = {
  uuid: '5c1fd0a1-0000-4000-8000-00000000002a',
  name: 'instance-0000002a',
  labels: {
    serverName: 'web 1',
    projectId: '0123456789abcdef0123456789abcdef',
    flavorName: 'm1.small',
    imageId: '77777777-0000-4000-8000-000000000001',
  },
  vcpus: 2,
  memoryMib: 2048,
  disks: [
    {
      target: 'vda',
      bus: 'virtio',
      device: 'disk',
      format: 'qcow2',
      source: { kind: 'file', path: '/var/lib/deskcloud/instances/i/disk' },
      bootIndex: 1,
    },
    {
      target: 'sda',
      bus: 'sata',
      device: 'cdrom',
      format: 'raw',
      source: { kind: 'file', path: '/var/lib/deskcloud/instances/i/disk.config' },
      readOnly: true,
    },
  ],
  nics: [
    {
      portId: '88888888-0000-4000-8000-000000000001',
      tapName: 'tap88888888-00',
      macAddress: 'fa:16:3e:00:00:01',
      mtu: 1450,
      model: 'virtio',
    },
  ],
  consoleLogPath: '/var/lib/deskcloud/instances/i/console.log',
  serialSocketPath: '/run/deskcloud/instances/i/serial.sock',
  vncSocketPath: '/run/deskcloud/instances/i/vnc.sock',
  hardware: { rng: true, guestAgent: true, watchdog: 'reset' },
};

function omitBoot({ bootIndex, ...disk }: DomainDisk): DomainDisk {
  return bootIndex === undefined ? disk : { ...disk };
}

describe('domain XML', () => {
  test('under emulation', async () => {
    await expect(domainXml(SPEC, PLATFORM)).toMatchFileSnapshot('./golden/emulated.xml');
  });

  test('under KVM, q35, with other hardware', async () => {
    const spec: DomainSpec = {
      ...SPEC,
      disks: SPEC.disks.map((disk) => ({ ...omitBoot(disk), serial: 'volume-1' })),
      nics: [...SPEC.nics, ...SPEC.nics.map((nic) => ({ ...nic, model: 'e1000e' as const }))],
      hardware: { machine: 'q35', videoModel: 'virtio' },
    };
    const platform: DomainPlatform = { ...PLATFORM, accelerator: 'kvm', vhostNet: true, owner: 'other' };
    await expect(domainXml(spec, platform)).toMatchFileSnapshot('./golden/kvm-q35.xml');
  });

  test('a disk that is reached by iSCSI names its secret, and has no password', () => {
    const source = {
      kind: 'iscsi' as const,
      host: '127.0.0.1',
      port: 9763,
      iqn: 'iqn.2010-10.org.openstack:volume-v',
      lun: 1,
      initiator: 'iqn.2010-10.org.openstack:guest-g',
      chap: { user: 'u', secretId: '99999999-0000-4000-8000-000000000001' },
    };
    const xml = diskXml({ target: 'vdb', bus: 'virtio', device: 'disk', format: 'raw', source });
    expect(xml.replaceAll(/\s*\n\s*/g, '')).toContain(
      "<disk type='network' device='disk'>" +
        "<driver name='qemu' type='raw' cache='writeback' discard='unmap'/>" +
        "<source protocol='iscsi' name='iqn.2010-10.org.openstack:volume-v/1'>" +
        "<host name='127.0.0.1' port='9763'/>" +
        "<auth username='u'><secret type='iscsi' uuid='99999999-0000-4000-8000-000000000001'/></auth>" +
        "<initiator><iqn name='iqn.2010-10.org.openstack:guest-g'/></initiator></source>",
    );
  });

  test('a device of this host is one, and no file', () => {
    const source = { kind: 'block' as const, path: '/dev/group/volume-v' };
    const xml = diskXml({ target: 'vdb', bus: 'virtio', device: 'disk', format: 'raw', source });
    expect(xml).toContain("<disk type='block' device='disk'>");
    expect(xml).toContain("<source dev='/dev/group/volume-v'/>");
  });

  test('a config drive never takes the name of an IDE disk, and each machine gets a bus that it has', () => {
    const targets = (bus: 'ide' | 'sata', target: string, machine: string): string[] => {
      const disks = SPEC.disks.map((disk, index) => (index === 0 ? { ...disk, bus, target } : disk));
      const xml = domainXml({ ...SPEC, disks, hardware: { machine } }, PLATFORM);
      return [...xml.matchAll(/<target dev='(\w+)' bus='(\w+)'/g)].map(([, dev, on]) => `${dev} ${on}`);
    };
    expect(targets('ide', 'hda', 'pc')).toEqual(['hda ide', 'hdb ide']);
    expect(targets('ide', 'hda', 'q35')).toEqual(['sdb sata', 'sda sata']);
    expect(targets('sata', 'sdb', 'pc')).toEqual(['hda ide', 'hdb ide']);
  });

  test('S41: whatever users write, only the text of their own nodes changes', () => {
    const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false, trimValues: false });
    const read = (spec: DomainSpec): unknown => parser.parse(domainXml(spec, PLATFORM));
    const blank = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
        /^deskcloud:(name|flavor|project|image)$/.test(key) ? '' : inner,
      );
    const harmless = blank(read(SPEC));
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom(
        `</deskcloud:name></metadata><devices><disk type='file'/></devices>`,
        `' onload='x`,
        ']]><!--',
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>&a;',
        '&#0;&#x1b;&lt;script&gt;',
        'a\u{0}b\u{7}c\u{85}\u{FFFE}\u{FFFF}\u{D800}',
      ),
    );
    fc.assert(
      fc.property(hostile, hostile, (serverName, flavorName) => {
        const spec = { ...SPEC, labels: { ...SPEC.labels, serverName, flavorName } };
        expect(blank(read(spec))).toEqual(harmless);
        expect(domainXml(spec, PLATFORM)).not.toMatch(/[^\n\P{Cc}]/u);
      }),
    );
    const long = { ...SPEC, labels: { ...SPEC.labels, serverName: '\u{1F600}'.repeat(100_000) } };
    expect(domainXml(long, PLATFORM).length).toBeLessThan(8192);
  });
});

test('KVM only where /dev/kvm opens, the processor has the flag and libvirt offers it', () => {
  const facts = {
    kvmDevice: true as const,
    cpuFlags: new Set(['svm']),
    arch: 'x86_64',
    libvirtOffersKvm: true,
  };
  expect(chooseAccelerator(facts).accelerator).toBe('kvm');
  expect(chooseAccelerator({ ...facts, arch: 'aarch64', cpuFlags: new Set() }).accelerator).toBe('kvm');
  for (const change of [
    { kvmDevice: 'ENOENT' },
    { kvmDevice: 'EACCES' },
    { cpuFlags: new Set<string>() },
    { libvirtOffersKvm: false },
  ]) {
    expect(chooseAccelerator({ ...facts, ...change })).toMatchObject({
      accelerator: 'qemu',
      reason: expect.stringContaining('slow') as string,
    });
  }
});

test('PPM becomes PNG', () => {
  const pixels = Buffer.from([255, 0, 0, 0, 255, 0]);
  const png = ppmToPng(Buffer.concat([Buffer.from('P6\n# QEMU\n2 1\n255\n'), pixels]));
  expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2, 1]);
  const length = png.readUInt32BE(33);
  expect(inflateSync(png.subarray(41, 41 + length))).toEqual(Buffer.concat([Buffer.from([0]), pixels]));
  expect(() => ppmToPng(Buffer.from('P6 2 2 255 x'))).toThrow(RangeError);
  expect(() => ppmToPng(Buffer.from('GIF89a'))).toThrow(RangeError);
});

describe('the fake', () => {
  let ground: TestGround;
  beforeAll(async () => {
    ground = await testGround('domfake');
  });
  afterAll(() => ground.remove());

  test('fails when told to, before or after the work', async () => {
    const host = new FakeDomainHost();
    const spec = ground.spec(1);
    host.failNext('define', new DomainHostError('unavailable', 'no libvirtd'));
    await expect(host.define(spec)).rejects.toThrow('no libvirtd');
    expect(await host.status(spec.uuid)).toBeUndefined();
    host.failNext('define', new DomainHostError('unknownOutcome', 'gone'), true);
    await expect(host.define(spec)).rejects.toThrow('gone');
    expect(await host.status(spec.uuid)).toMatchObject({ powerState: 'shutdown' });
  });

  test('a running domain has a text console, a screen and a log that say that it is simulated', async () => {
    const host = new FakeDomainHost({ consoles: true });
    const spec = ground.spec(2);
    await host.define(spec);
    await host.start(spec.uuid);
    expect(readFileSync(spec.consoleLogPath, 'utf8')).toContain('simulated');

    const serial = connect(spec.serialSocketPath);
    let text = '';
    serial.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    await vi.waitFor(() => expect(text).toContain('simulated) $'));
    serial.write('hello\r');
    await vi.waitFor(() => expect(text).toMatch(/hello\r\n\(simulated\) \$ $/));

    const vnc = connect(spec.vncSocketPath);
    let bytes = Buffer.alloc(0);
    vnc.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
    });
    const expectLength = (length: number): Promise<void> =>
      vi.waitFor(() => expect(bytes.length).toBe(length));
    await expectLength(12);
    vnc.write('RFB 003.008\n');
    await expectLength(14);
    vnc.write(Buffer.from([1]));
    await expectLength(18);
    vnc.write(Buffer.from([1]));
    const name = 'web (simulated)';
    await expectLength(42 + name.length);
    expect(bytes.subarray(42).toString()).toBe(name);
    const encodings = Buffer.from([2, 0, 0, 1, 0, 0, 0, 0]);
    const request = Buffer.from([3, 0, 0, 0, 0, 0, 1, 64, 0, 200]);
    // 16 bits, big endian, 5-6-5.
    const format = Buffer.from([0, 0, 0, 0, 16, 16, 1, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0]);
    vnc.write(Buffer.concat([encodings, request]));
    let length = 42 + name.length + 16 + SCREEN_WIDTH * SCREEN_HEIGHT * 4;
    await expectLength(length);
    vnc.write(Buffer.concat([format, Buffer.from([6, 0, 0, 0, 0, 0, 0, 1, 65]), request]));
    length += 16 + SCREEN_WIDTH * SCREEN_HEIGHT * 2;
    await expectLength(length);
    expect(
      new Set(
        bytes
          .subarray(length - 1000)
          .toString('hex')
          .match(/.{4}/g),
      ).size,
    ).toBe(1);

    const closed = [once(serial, 'close'), once(vnc, 'close')];
    await host.destroy(spec.uuid);
    await Promise.all(closed);
    expect(existsSync(spec.vncSocketPath)).toBe(false);
    await host.start(spec.uuid);
    await host.close();
    expect(existsSync(spec.serialSocketPath)).toBe(false);
  });
});
