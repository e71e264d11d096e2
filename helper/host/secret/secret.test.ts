import { expect, test } from 'vitest';
import { secretHostContract } from './contract.ts';
import { FakeSecretHost } from './fake.ts';
import { secretXml } from './xml.ts';

secretHostContract('fake', () => new FakeSecretHost());

test("the XML names it with the owner's tag, and keeps it in memory and to itself", () => {
  const id = '11111111-2222-4333-8444-555555555555';
  expect(secretXml({ id, use: 'volume' }, 'mine')).toBe(
    `<secret ephemeral='yes' private='yes'>
  <uuid>${id}</uuid>
  <usage type='volume'>
    <volume>mine/${id}</volume>
  </usage>
</secret>
`,
  );
  expect(secretXml({ id, use: 'iscsi' }, 'mine')).toContain(`<target>mine/${id}</target>`);
});
