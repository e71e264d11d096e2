import { expect, test } from 'vitest';
import { iscsiHostContract } from './contract.ts';
import { FakeIscsiHost } from './fake.ts';
import { parseTargets } from './protocol.ts';

iscsiHostContract('the fake', () => ({
  host: new FakeIscsiHost(),
  file: (name) => `/volumes/${name}`,
  dispose: () => undefined,
}));

test("tgt's list of targets is understood", () => {
  const lun = (number: number, path: string) => [
    `        LUN: ${number}`,
    '            Type: disk',
    `            Backing store path: ${path}`,
    '            Backing store flags: ',
  ];
  const text = [
    'Target 3: iqn.a:x',
    '    System information:',
    '        Driver: iscsi',
    '    I_T nexus information:',
    '        I_T nexus: 2',
    '            Initiator: iqn.a:guest alias: qemu',
    '            Connection: 0',
    '                IP Address: 127.0.0.1',
    '    LUN information:',
    ...lun(0, 'None'),
    ...lun(1, '/volumes/x'),
    '    Account information:',
    '        second',
    '        first',
    '    ACL information:',
    '        127.0.0.1',
    'Target 4: iqn.a:y',
    '    LUN information:',
    ...lun(0, 'None'),
    '    Account information:',
    '    ACL information:',
    '',
  ].join('\n');
  const empty = { path: null, users: [], initiators: [], sessions: [] };
  expect(parseTargets(text)).toEqual([
    {
      tid: 3,
      iqn: 'iqn.a:x',
      path: '/volumes/x',
      users: ['first', 'second'],
      initiators: ['127.0.0.1'],
      sessions: ['iqn.a:guest'],
    },
    { tid: 4, iqn: 'iqn.a:y', ...empty },
  ]);
});
