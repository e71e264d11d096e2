import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { noBoot } from './boot.ts';
import { requestOf, type LaunchValues } from './request.ts';
import { asCommand, asCurl, asTerraform, hclString, shellWord, type Names } from './show-as.ts';

const NASTY = `it's "a" $HOME \`id\` \${x} %{y} \\ !\n-end`;

const VALUES: LaunchValues = {
  name: 'web',
  count: 1,
  imageId: '11111111-1111-4111-8111-111111111111',
  boot: noBoot(),
  disks: [],
  flavorId: 'f1',
  nics: [{ kind: 'network', id: 'n1', fixedIp: '' }],
  securityGroups: ['default'],
  keyName: 'me',
  userData: '',
  description: '',
  metadata: '',
  tags: '',
  zone: '',
  host: '',
  groupId: '',
  differentHost: [],
  sameHost: [],
  configDrive: false,
  adminPass: '',
};
const NAMES: Names = {
  image: 'tiny',
  flavor: 'm1.nano',
  network: (id) => `net ${id}`,
  cloud: 'deskcloud',
  project: '58d93a8f8b314181bd369b544bc4ebae',
  userData: '',
  endpoint: 'http://127.0.0.1:9760',
};

/** The words that a shell makes of a text. */
const words = (text: string): readonly string[] =>
  execFileSync('/bin/sh', ['-c', `for word in "$@"; do :; done; set -- ${text}\nprintf '%s\\0' "$@"`], {
    encoding: 'utf8',
  })
    .split('\0')
    .slice(0, -1);

test('a shell reads back what was quoted', () => {
  for (const text of ['plain-1', '', ' ', "'", NASTY, '*', '~', '日本', 'a\tb', '#x', '$(id)'])
    expect(words(shellWord(text))).toEqual([text]);
});

test('the command has each value as one word, also one that begins with a dash', () => {
  const request = requestOf({
    ...VALUES,
    name: '-rf',
    keyName: "o'neil's key",
    metadata: 'role=a b\nempty=',
    tags: 'x y, -z',
    zone: 'nova',
    host: 'desk',
    nics: [
      { kind: 'network', id: 'n1', fixedIp: '10.0.0.9' },
      { kind: 'port', id: 'p1', fixedIp: '' },
    ],
    groupId: 'g1',
    configDrive: true,
    count: 3,
    adminPass: NASTY,
  });
  const found = words(asCommand(request, { ...NAMES, image: 'my image' }));
  expect(found).toContain('my image');
  expect(found).toContain("o'neil's key");
  expect(found).toContain(NASTY);
  expect(found).toContain('--tag=-z');
  expect(words(asCommand(requestOf(VALUES), NAMES))).toContain('net n1');
  expect(found).toContain('net-id=n1,v4-fixed-ip=10.0.0.9');
  expect(found.slice(-2)).toEqual(['--', '-rf']);
  expect(found.join(' ')).toContain(
    '--property role=a b --property empty= --tag x y --tag=-z --availability-zone nova:desk --hint group=g1 --config-drive True',
  );
});

test('user data comes as a file, whatever is in it', () => {
  const userData = `#!/bin/sh\necho 'EOF'\nEOF\n$(id)`;
  const text = asCommand(requestOf({ ...VALUES, userData }), { ...NAMES, userData });
  expect(text).toContain("<<'EOF_'\n");
  const file = execFileSync(
    '/bin/sh',
    ['-c', text.slice(0, text.indexOf('\nopenstack')).replace('cat > user-data.txt', 'cat')],
    {
      encoding: 'utf8',
    },
  );
  expect(file).toBe(`${userData}\n`);
});

test('HCL begins no template and ends no string', () => {
  expect(hclString(NASTY)).toBe('"it\'s \\"a\\" $HOME `id` $${x} %%{y} \\\\ !\\n-end"');
  const text = asTerraform(
    requestOf({ ...VALUES, name: '1 web', metadata: 'a b=${c}', count: 2, nics: [], sameHost: ['s1'] }),
    NAMES,
  );
  expect(text).toBe(
    [
      'resource "openstack_compute_instance_v2" "server_1_web" {',
      '  count     = 2',
      '  name      = "1 web-${count.index + 1}"',
      '  image_id  = "11111111-1111-4111-8111-111111111111"',
      '  flavor_id = "f1"',
      '  key_pair  = "me"',
      '',
      '  metadata = {',
      '    "a b" = "$${c}"',
      '  }',
      '  network_mode = "none"',
      '',
      '  scheduler_hints {',
      '    same_host = ["s1"]',
      '  }',
      '}',
    ].join('\n'),
  );
});

test("curl's body is the request, in one word", () => {
  const request = requestOf({ ...VALUES, name: NASTY, userData: 'ä' });
  const text = asCurl(request, NAMES);
  const body = words(text.slice(text.indexOf(' -d ') + 4))[0] ?? '';
  expect(JSON.parse(body)).toEqual(request);
  expect(request.server.user_data).toBe('w6Q=');
});

test('volumes are told to each client in its own words', () => {
  const request = requestOf({
    ...VALUES,
    boot: { ...noBoot(), from: 'image-volume', size: 4, typeId: 'fast', goes: true },
    disks: [{ id: 'vol', size: 1, typeId: '', goes: false }],
  });
  const command = asCommand(request, NAMES);
  expect(command).not.toContain('--image');
  expect(command).toContain('--os-compute-api-version 2.93');
  expect(command).toContain(
    '--block-device boot_index=0,uuid=11111111-1111-4111-8111-111111111111,source_type=image,destination_type=volume,volume_size=4,volume_type=fast,delete_on_termination=true',
  );
  expect(asTerraform(request, NAMES)).toContain('block_device {\n    boot_index = -1\n    uuid = "vol"');
  expect(asTerraform(request, NAMES)).not.toContain('image_id');
});
