import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { PageFrame, ShellFrame } from '../../main/contract/frame.ts';
import { makeDemo, type DemoResult } from '../../main/demo/index.ts';
import { simulatedGuest } from '../../main/demo/simulated-guest.ts';
import type { Instance } from '../../main/launch.ts';
import { Shell } from '../../main/shell/index.ts';
import type { ImageVendor } from '../../main/shell/streams/image-fetch.ts';
import { WINDOW } from '../../main/web/files.ts';
import { WebServer } from '../../main/web/server.ts';
import { webFront } from '../../main/web/front.ts';
import { userPaths } from '../../main/user-paths.ts';
import { CHROMIUM } from './browser.ts';
import { TestInstance } from './instance.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=none',
];

/** The calls of each page that were not answered yet. */
const open = new WeakMap<Page, Set<number>>();

function watch(page: Page): void {
  const calls = new Set<number>();
  open.set(page, calls);
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => {
      const frame = typeof payload === 'string' ? (JSON.parse(payload) as PageFrame) : undefined;
      if (frame?.type === 'call') calls.add(frame.id);
    });
    socket.on('framereceived', ({ payload }) => {
      const frame = typeof payload === 'string' ? (JSON.parse(payload) as ShellFrame) : undefined;
      if (frame?.type === 'result' || frame?.type === 'failure') calls.delete(frame.id);
    });
  });
}

export interface WindowOptions {
  /** Of the browser's window: 1280x800 by default. */
  readonly width?: number;
  readonly height?: number;
  /** Nobody has seen the window before: it begins with its welcome. */
  readonly fresh?: boolean;
  /** Of the instance, beside its own. */
  readonly settings?: object;
  /** Another image catalogue than the one that ships; told the instance's directory. */
  readonly vendor?: (directory: string) => ImageVendor;
}

/**
 * A cloud on a simulated host, the shell, and a browser that shows its window: one for a file of tests.
 *
 * ```ts
 * const window = await TestWindow.open();      // beforeAll
 * const page = await window.page('/servers');  // a page of its own
 * await window.close();                        // afterAll
 * ```
 */
export class TestWindow {
  readonly instance: TestInstance;
  readonly shell: Shell;
  readonly server: WebServer;
  readonly #browser: Browser;
  readonly #context: BrowserContext;
  readonly #quit: { readonly count: number };
  /** What pages complained about: errors of scripts and of the content security policy. */
  readonly complaints: string[] = [];

  private constructor(
    instance: TestInstance,
    shell: Shell,
    server: WebServer,
    browser: Browser,
    context: BrowserContext,
    quit: { readonly count: number },
  ) {
    this.instance = instance;
    this.shell = shell;
    this.server = server;
    this.#browser = browser;
    this.#context = context;
    this.#quit = quit;
  }

  /** How often the person has quit. */
  get quits(): number {
    return this.#quit.count;
  }

  static async open(options: WindowOptions = {}): Promise<TestWindow> {
    const instance = new TestInstance('ui', 'simulated', options.settings);
    await instance.start();
    const where: Instance = {
      directory: instance.directory,
      config: instance.configPath,
      port: undefined,
      simulated: true,
    };
    if (options.fresh !== true) {
      const preferences = join(dirname(userPaths(where).openrc), 'window.json');
      mkdirSync(dirname(preferences), { recursive: true });
      writeFileSync(preferences, JSON.stringify({ welcomed: true, language: 'en' }));
    }
    const quit = { count: 0 };
    const front = webFront('browser', () => (quit.count += 1));
    const shell = new Shell(where, front, options.vendor?.(instance.directory));
    const place = { name: randomBytes(8).toString('hex'), port: 0 };
    const server = new WebServer({ shell, directory: WINDOW, place });
    await server.listen();
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
      colorScheme: 'light',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const window = new TestWindow(instance, shell, server, browser, context, quit);
    const first = await context.newPage();
    await first.goto(server.openingUrl('/none'));
    await first.close();
    return window;
  }

  /** A page at a route, drawn. */
  async page(route: string): Promise<Page> {
    const page = await this.#context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    watch(page);
    await page.goto(`${this.server.origin}${route}`);
    await page.locator('main h1').first().waitFor();
    return page;
  }

  /** Resolves when the page waits for no answer any more, and has drawn what came. */
  async settled(page: Page): Promise<void> {
    let quiet = 0;
    while (quiet < 3) {
      await page.waitForTimeout(50);
      quiet = (open.get(page)?.size ?? 0) === 0 ? quiet + 1 : 0;
    }
  }

  /** The demo cloud, made as the window makes it. */
  async demo(): Promise<DemoResult> {
    const paths = userPaths({
      directory: this.instance.directory,
      config: undefined,
      port: undefined,
      simulated: true,
    });
    return await makeDemo({
      helper: this.instance.client,
      guestImage: () => simulatedGuest(join(this.instance.directory, 'images')),
      keyPath: paths.demoKey,
      knownHostsPath: paths.knownHosts,
      progress: { update: () => undefined, line: () => undefined },
      waitForSsh: false,
    });
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.server.close();
    this.shell.close();
    await this.instance.stop();
    rmSync(this.instance.directory, { recursive: true, force: true });
  }
}
