import type { Page } from 'playwright-core';
import { networkPages } from './showcase-network.ts';
import { serverPages } from './showcase-servers.ts';
import { storagePages } from './showcase-storage.ts';
import { things } from './showcase-things.ts';
import type { TestWindow } from './window.ts';

/** A page worth a picture. Each page of the window has a line here. */
export interface Shown {
  /** Of the file. */
  readonly name: string;
  readonly route: string;
  /** What to do on the page first: open a dialog, choose a row. */
  readonly before?: (page: Page) => Promise<void>;
}

/** Makes the demo cloud and a few more things in it, and says which pages there are to look at. */
export async function showcase(window: TestWindow): Promise<readonly Shown[]> {
  const demo = await window.demo();
  const { client } = window.instance;
  const operations = await client.operations({ resource_type: 'server', resource_id: demo.serverId });
  const create = operations.find((one) => one.name === 'server-create');
  return [
    {
      name: 'welcome',
      route: '/welcome',
      before: (page) => page.getByRole('button', { name: 'Show all checks' }).waitFor(),
    },
    { name: 'overview', route: '/' },
    { name: 'servers', route: '/servers' },
    { name: 'server', route: `/servers/${demo.serverId}` },
    { name: 'server-operations', route: `/servers/${demo.serverId}?tab=operations` },
    { name: 'operations', route: '/operations' },
    {
      name: 'operations-search',
      route: '/operations?q=virtio',
      before: (page) => page.getByText('virtio').first().waitFor(),
    },
    { name: 'operation-begin', route: `/operations/${create?.id ?? ''}` },
    {
      name: 'operation',
      route: `/operations/${create?.id ?? ''}`,
      before: (page) => page.locator('button[aria-expanded]').filter({ hasText: 'define' }).first().click(),
    },
    {
      name: 'palette',
      route: '/servers',
      before: (page) => page.keyboard.press('Control+k'),
    },
    ...serverPages(demo.serverId),
    ...(await things(window)),
    ...(await networkPages(window)),
    ...(await storagePages(window, demo.serverId)),
  ];
}
