import type { Shown } from './showcase.ts';

/** A server's tabs, its dialogs, and the page that launches one. */
export const serverPages = (serverId: string): readonly Shown[] => [
  { name: 'servers-chosen', route: '/servers', before: (page) => page.getByLabel('Select all rows').click() },
  {
    name: 'server-menu',
    route: `/servers/${serverId}`,
    before: (page) => page.getByRole('button', { name: /^Actions: / }).click(),
  },
  {
    name: 'server-console',
    route: `/servers/${serverId}?tab=console`,
    before: (page) => page.getByText('Connecting to the screen').waitFor({ state: 'detached' }),
  },
  {
    name: 'server-serial',
    route: `/servers/${serverId}?tab=serial`,
    before: (page) => page.locator('.xterm-rows').getByText('this server is simulated').waitFor(),
  },
  {
    name: 'server-log',
    route: `/servers/${serverId}?tab=log`,
    before: (page) => page.getByLabel('Search the log').fill('simulated'),
  },
  { name: 'server-ssh', route: `/servers/${serverId}?tab=ssh` },
  { name: 'server-interfaces', route: `/servers/${serverId}?tab=interfaces` },
  {
    name: 'server-metrics',
    route: `/servers/${serverId}?tab=metrics`,
    before: (page) => page.getByRole('heading', { name: 'CPU · 0 %' }).waitFor(),
  },
  {
    name: 'server-resize',
    route: `/servers/${serverId}`,
    before: async (page) => {
      await page.getByRole('button', { name: /^Actions: / }).click();
      await page.getByRole('menuitem', { name: 'Resize …' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'launch',
    route: '/servers/launch',
    before: (page) => page.getByRole('radio', { name: /deskcloud-tiny/, checked: true }).waitFor(),
  },
  { name: 'console', route: `/console/${serverId}` },
];
