import type { Locator, Page } from 'playwright-core';
import { pictureOf, textIn } from './screen-text.ts';

/** How the window is worked: by a browser's driver, or by X itself. */
export interface Hands {
  click(target: Locator): Promise<void>;
  /** Keys of letters and signs, then Enter. */
  typeLine(text: string): Promise<void>;
}

/** What was read on the guest's screen. */
export interface Seen {
  readonly login: string;
  readonly answer: string;
}

const GUEST_MS = 180_000;
const USER = 'deskcloud';

/**
 * What a person does who sees the window for the first time: makes the demo cloud, opens the guest's screen, logs in
 * there, asks it something and reads the answer; asks again by SSH; then looks up in the flight recorder what happened.
 * @param tell is called at each turn of the story.
 */
export async function firstHour(
  page: Page,
  hands: Hands,
  tell: (turn: string) => Promise<void>,
): Promise<Seen> {
  await page.getByRole('heading', { name: 'Welcome' }).waitFor();
  await page.getByText('Everything that is needed is here.').waitFor({ timeout: 90_000 });
  await tell('welcome');
  await hands.click(page.getByRole('button', { name: 'Create demo cloud' }));
  await page
    .getByRole('listitem')
    .filter({ hasText: 'Has libvirt start QEMU' })
    .waitFor({ timeout: GUEST_MS });
  await tell('making');
  await page.getByText('The demo cloud is ready').waitFor({ timeout: GUEST_MS });
  await tell('made');

  await hands.click(page.getByRole('link', { name: /Open its screen/ }));
  const canvas = page.locator('canvas');
  const shows = async (pattern: RegExp): Promise<string> => {
    const limit = Date.now() + GUEST_MS;
    for (;;) {
      const text = textIn(await pictureOf(canvas));
      if (pattern.test(text)) return text;
      if (Date.now() > limit) throw new Error(`the screen never showed ${pattern.source}:\n${text}`);
      await page.waitForTimeout(200);
    }
  };
  await canvas.waitFor();
  const login = await shows(/login:$/);
  await tell('login');
  await hands.click(canvas);
  await hands.typeLine(USER);
  await shows(/[Pp]assword:$/);
  await hands.typeLine(USER);
  await shows(/[$#]$/);
  // The answer is nowhere in what is typed.
  await hands.typeLine('echo six times seven is $((6*7))');
  const answer = await shows(/^six times seven is 42$/m);
  await tell('answer');

  await hands.click(page.getByRole('tab', { name: 'SSH' }));
  await hands.click(page.getByRole('button', { name: 'Connect' }));
  const terminal = page.locator('.xterm-rows');
  const rowWith = (pattern: RegExp): Promise<void> =>
    terminal.locator('> div').filter({ hasText: pattern }).last().waitFor();
  await rowWith(/deskcloud@demo-server:~\$/);
  await hands.typeLine('echo seven times six is $((7*6))');
  await rowWith(/^seven times six is 42/);
  await tell('ssh');

  await hands.click(page.getByRole('link', { name: 'Flight recorder' }));
  await hands.click(page.getByRole('row', { name: /Create server/ }).getByRole('link'));
  await page.getByRole('button', { name: /38 DHCP lease given/ }).waitFor();
  await page
    .getByRole('button', { name: /39 metadata asked/ })
    .first()
    .waitFor();
  await page
    .getByRole('button', { name: /40 console opened/ })
    .first()
    .waitFor();
  await tell('recorder');
  return { login, answer };
}
