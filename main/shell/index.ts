import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { LinuxDownloader } from '../../helper/host/download/linux.ts';
import { readCatalogue } from '../../resources/images/catalogue.ts';
import type { Preferences, ShellEvent } from '../contract/shell.ts';
import { logOf, type Instance } from '../launch.ts';
import { fixSetup, readSetup } from '../setup.ts';
import { removalPlan, sizeOf, uninstallCloud } from '../uninstall.ts';
import { cloudsYamlText, openrcText, writeUserFiles } from '../user-files.ts';
import { userPaths } from '../user-paths.ts';
import { version } from '../version.ts';
import { CloudAccess, messageOf } from './cloud-access.ts';
import type { Front } from './front.ts';
import { HelperKeeper } from './keeper.ts';
import { watchWork } from './notices.ts';
import { PreferenceFile } from './preferences.ts';
import { serveSession, type CallHandlers, type Carrier, type StreamHandlers } from './session.ts';
import type { ShellStream } from './stream.ts';
import { carryConsole } from './streams/console.ts';
import { runDemo } from './streams/demo.ts';
import { listCatalogue, runImageFetch, type ImageVendor } from './streams/image-fetch.ts';
import { uploadImage } from './streams/image-upload.ts';
import { runTerminal } from './streams/terminal.ts';
import { lastLines } from './tail.ts';

/** What a download's path opens, once. */
interface Ticket {
  readonly projectId: string;
  readonly imageId: string;
  readonly name: string;
  readonly until: number;
}

const TICKET_MS = 60_000;

/** Where downloads are on the page's own origin. */
export const DOWNLOAD_PREFIX = '/download/';

/** An image on its way to the person's disk. */
export interface Download {
  readonly name: string;
  readonly size: string | null;
  readonly stream: ReadableStream<Uint8Array>;
}

/**
 * The desktop shell behind whatever window: serves pages over the contract, keeps the helper running. One for a
 * process; {@link close} it at the end.
 */
export class Shell {
  readonly keeper: HelperKeeper;
  readonly #instance: Instance;
  readonly #front: Front;
  readonly #cloud: CloudAccess;
  readonly #preferences: PreferenceFile;
  readonly #tickets = new Map<string, Ticket>();
  readonly #vendor: ImageVendor;

  /** @param vendor another catalogue than the one that ships; of tests. */
  constructor(instance: Instance, front: Front, vendor?: ImageVendor) {
    this.#instance = instance;
    this.#front = front;
    this.#vendor = vendor ?? {
      catalogue: readCatalogue,
      downloader: new LinuxDownloader(),
      directory: userPaths(instance).imageCache,
    };
    this.keeper = new HelperKeeper(instance);
    this.#cloud = new CloudAccess(this.keeper.client);
    this.#preferences = new PreferenceFile(userPaths(instance));
    this.keeper.on((event) => {
      if (event.type === 'helper') this.#cloud.forget();
    });
    watchWork(this.keeper);
    void this.keeper.run();
  }

  /** Serves a page until its carrier closes. */
  serve(carrier: Carrier): void {
    serveSession(carrier, { calls: this.#calls, streams: this.#streams });
  }

  /** What the person chose in the window. */
  preferences(): Promise<Preferences> {
    return this.#preferences.read();
  }

  /** Shows a route of the window in every page that is open. */
  navigate(route: string): void {
    this.keeper.emit({ type: 'navigate', route });
  }

  /** What a path below {@link DOWNLOAD_PREFIX} stands for; undefined when it is unknown, used or too old. */
  async download(ticket: string): Promise<Download | undefined> {
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (found === undefined || found.until < Date.now()) return undefined;
    const response = await this.#cloud.fetch(found.projectId, 'image', `/images/${found.imageId}/file`, {});
    if (!response.ok || response.body === null)
      throw new Error(messageOf(await response.json().catch(() => null)));
    return { name: found.name, size: response.headers.get('content-length'), stream: response.body };
  }

  close(): void {
    this.keeper.close();
  }

  readonly #calls: CallHandlers = {
    info: () => ({
      version: version(),
      front: this.#front.kind,
      simulated: this.#instance.simulated,
      directory: this.#instance.directory ?? null,
      helperLogPath: logOf(this.#instance),
      language: Intl.DateTimeFormat().resolvedOptions().locale,
    }),
    api: (request, signal) => this.#cloud.api(request, signal),
    projects: (_input, signal) => this.#cloud.projects(signal),
    user: () => this.#cloud.user(),
    imageCatalogue: () => listCatalogue(this.#vendor),
    startHelper: () => this.keeper.start(),
    stopHelper: ({ guests }) => this.keeper.stop(guests),
    quit: async ({ cloud }) => {
      if (cloud === 'shutdown' && this.keeper.state.state === 'running') await this.keeper.stop('shutdown');
      // The answer goes first.
      setImmediate(() => this.#front.quit());
      return {};
    },
    helperLog: ({ lines }) => lastLines(logOf(this.#instance), lines),
    removalPlan: () => removalPlan(this.#instance),
    imageCache: async ({ clear }) => {
      const path = userPaths(this.#instance).imageCache;
      if (clear) await rm(path, { recursive: true, force: true });
      return { path, bytes: await sizeOf(path) };
    },
    setupReport: () => readSetup(this.#instance),
    imageDownload: ({ projectId, imageId, name }) => {
      const now = Date.now();
      for (const [key, { until }] of this.#tickets) if (until < now) this.#tickets.delete(key);
      const ticket = randomBytes(24).toString('base64url');
      this.#tickets.set(ticket, { projectId, imageId, name, until: now + TICKET_MS });
      return { path: `${DOWNLOAD_PREFIX}${ticket}` };
    },
    accessFiles: async ({ projectId }, signal) => {
      const credentials = await this.#cloud.credentials();
      const project = (await this.#cloud.projects(signal)).find((one) => one.id === projectId);
      const given = { ...credentials, projectName: project?.name ?? credentials.projectName };
      const { cloudsYaml, openrc } = userPaths(this.#instance);
      return {
        cloudsYaml: cloudsYamlText(given),
        openrc: openrcText(given),
        paths: { cloudsYaml, openrc },
      };
    },
    writeAccessFiles: async () => {
      await writeUserFiles(this.#instance, await this.#cloud.credentials());
      const { cloudsYaml, openrc } = userPaths(this.#instance);
      return { cloudsYaml, openrc };
    },
    preferences: () => this.#preferences.read(),
    setPreferences: async (preferences) => {
      await this.#preferences.write(preferences);
      return {};
    },
    openExternal: async ({ url }) => ({ opened: await this.#front.openExternal(url) }),
  };

  readonly #streams: StreamHandlers = {
    events: (_input, stream) => this.#passEvents(stream),
    setupFix: async (_input, stream) => {
      await fixSetup(this.#instance, (progress) => stream.send(progress));
      const left = (await readSetup(this.#instance)).findings.find((one) => one.status === 'missing');
      if (left !== undefined) throw new Error(`${left.title}: ${left.detail}. ${left.remedy ?? ''}`);
    },
    uninstall: async (_input, stream) => {
      this.keeper.letGo();
      await uninstallCloud(this.#instance, (progress) => stream.send(progress));
    },
    demo: (_input, stream) => runDemo(this.keeper, this.#cloud, this.#instance, stream),
    imageUpload: (input, stream) => uploadImage(this.#cloud, input, stream),
    imageFetch: (input, stream) => runImageFetch(this.#cloud, this.#vendor, input, stream),
    console: (input, stream) => carryConsole(this.#cloud, input, stream),
    terminal: (input, stream) => runTerminal(this.#cloud, userPaths(this.#instance), input, stream),
  };

  /** Everything that happens, until the page wants no more; a page that is too slow is told what it missed. */
  #passEvents(stream: ShellStream<never, ShellEvent>): Promise<void> {
    stream.send({ type: 'helper', ...this.keeper.state });
    let dropped = 0;
    const stop = this.keeper.on((event) => {
      if (stream.isBehind) {
        dropped += 1;
        return;
      }
      if (dropped > 0) stream.send({ type: 'lagged', dropped });
      dropped = 0;
      stream.send(event);
    });
    return new Promise((resolve) => {
      stream.signal.addEventListener('abort', () => {
        stop();
        resolve();
      });
    });
  }
}
