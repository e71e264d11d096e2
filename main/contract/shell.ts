/**
 * What the window may ask of the desktop shell: the one interface between a page, which has no rights of its own, and
 * the process that has those of the desktop's user. Two carriers bring it across: Electron's context bridge, and a
 * WebSocket on loopback. The shell checks every input against ../shell/inputs.ts, which must agree with the types here.
 */
import type { ChangeEvent } from '../../helper/contract/change.ts';
import type { TrafficEvent } from '../../helper/contract/devices.ts';
import type { LaggedEvent, OperationEvent } from '../../helper/contract/operation.ts';
import type { SetupProgress, SetupReport } from '../../helper/contract/setup.ts';
import type { HelperStatus } from '../../helper/contract/status.ts';

/** Questions with one answer each. Each may be rejected with a {@link ShellFailure}. */
export interface ShellCalls {
  /** Who serves this page. */
  info(input: Empty): ShellInfo;
  /** A call of the cloud's APIs as the desktop's user in a project. Any status of the service is an answer. */
  api(input: ApiRequest): ApiAnswer;
  /** The projects that the desktop's user can work in. */
  projects(input: Empty): readonly Project[];
  /** As whom the page works in the cloud. */
  user(input: Empty): CloudUser;
  /** Starts the helper if it does not run, asking the person for the right to where that is needed. */
  startHelper(input: Empty): HelperState;
  stopHelper(input: { readonly guests: 'keep' | 'shutdown' }): HelperState;
  /** Ends the window, wherever it is shown; with 'shutdown' the cloud before it. */
  quit(input: { readonly cloud: 'keep' | 'shutdown' }): Empty;
  /** The last lines of the helper's log, oldest first. */
  helperLog(input: { readonly lines: number }): readonly string[];
  /** What uninstalling takes away. */
  removalPlan(input: Empty): RemovalPlan;
  /** Images that were downloaded or built, on the person's disk: a second use needs no download. */
  imageCache(input: { readonly clear: boolean }): ImageCache;
  /** What this machine has and lacks. */
  setupReport(input: Empty): SetupReport;
  /** A path on this page's own origin from which the image's bytes come, once. */
  imageDownload(input: { readonly projectId: string; readonly imageId: string; readonly name: string }): {
    readonly path: string;
  };
  /** Vendors' images that can be downloaded, and whether one was before. */
  imageCatalogue(input: Empty): readonly CatalogueEntry[];
  /** Files by which other clients reach the cloud, with the password in them. */
  accessFiles(input: { readonly projectId: string }): AccessFiles;
  /** Puts the cloud into the person's clouds.yaml; other clouds in it stay. */
  writeAccessFiles(input: Empty): { readonly cloudsYaml: string; readonly openrc: string };
  preferences(input: Empty): Preferences;
  setPreferences(input: Preferences): Empty;
  /** Opens a page outside in the person's browser. False: this front end cannot, and the page may by itself. */
  openExternal(input: { readonly url: string }): { readonly opened: boolean };
}

/** Longer exchanges: the page opens one, both sides send, either may end it. */
export interface ShellStreams {
  /** Everything that happens, from now on. */
  events: Stream<Empty, never, ShellEvent>;
  /** Mends what the set-up check found. Ends with an error that names what is left. */
  setupFix: Stream<Empty, never, SetupProgress>;
  /** Takes the cloud off the machine, with all that is in it. Nothing is asked: the page has. */
  uninstall: Stream<Empty, never, SetupProgress>;
  /** Makes the demo cloud, or finds it there. The last message is of type 'done'. */
  demo: Stream<Empty, never, DemoMessage>;
  /** The page sends the image's bytes and ends; the shell tells how far they came, and ends when they are stored. */
  imageUpload: Stream<
    { readonly projectId: string; readonly imageId: string; readonly size: number },
    never,
    { readonly sent: number }
  >;
  /**
   * Downloads an image of the catalogue, verifies it, and puts it into the cloud. Cancelled, what has come is kept for
   * the next try, and nothing is left in the cloud.
   */
  imageFetch: Stream<
    { readonly id: string; readonly projectId: string; readonly visibility: 'public' | 'private' },
    never,
    FetchProgress
  >;
  /** A guest's screen (RFB) or serial line; bytes both ways. */
  console: Stream<
    { readonly projectId: string; readonly serverId: string; readonly kind: 'vnc' | 'serial' },
    never,
    never
  >;
  /** A terminal of the desktop's user; bytes both ways. */
  terminal: Stream<
    TerminalRequest,
    { readonly cols: number; readonly rows: number },
    { readonly exit: number }
  >;
}

/** `In`: opens it. `Send`: messages of the page. `Receive`: messages of the shell. Bytes may go beside them. */
export interface Stream<In, Send, Receive> {
  readonly input: In;
  readonly send: Send;
  readonly receive: Receive;
}

export type Empty = Readonly<Record<string, never>>;

export type CallName = keyof ShellCalls;
export type CallInput<K extends CallName> = Parameters<ShellCalls[K]>[0];
export type CallOutput<K extends CallName> = ReturnType<ShellCalls[K]>;
export type StreamName = keyof ShellStreams;

/** Which window this is in. */
export type FrontKind = 'electron' | 'window' | 'browser';

export interface ShellInfo {
  readonly version: string;
  readonly front: FrontKind;
  /** True when the helper makes no guest and no device. */
  readonly simulated: boolean;
  /** Set for an instance of its own directory. */
  readonly directory: string | null;
  readonly helperLogPath: string;
  /** What the person's desktop speaks, as 'zh-CN'. */
  readonly language: string;
}

/** Where the helper stands. `text` is for a person: cause and remedy. */
export type HelperState =
  | { readonly state: 'unknown' | 'starting' | 'stopped' }
  | {
      readonly state: 'running';
      readonly status: HelperStatus;
      /** It had died, and was started again: milliseconds since the epoch. */
      readonly restartedAt?: number;
    }
  /** 'died': it ran and ended by itself, and its start needs the person's word. */
  | { readonly state: 'failed' | 'died'; readonly text: string };

export const API_SERVICES = [
  'identity',
  'compute',
  'image',
  'network',
  'volume',
  'placement',
  'deskcloud',
] as const;
export type ApiService = (typeof API_SERVICES)[number];
export const API_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export interface ApiRequest {
  readonly service: ApiService;
  readonly method: (typeof API_METHODS)[number];
  /** Below the version's root, with the query: '/servers/detail?limit=100'. */
  readonly path: string;
  /** Null: the administrator's own project. Ignored by 'deskcloud'. */
  readonly projectId: string | null;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Instead of 'application/json', as PATCH of images wants. */
  readonly contentType?: string;
  /** '2.93'; of compute, volume and placement. The newest that Deskcloud's window is written for by default. */
  readonly microversion?: string;
}

export interface ApiAnswer {
  readonly status: number;
  /** `req-<uuid>`; null when nothing answered. */
  readonly requestId: string | null;
  /** Parsed JSON, or text where it is none; null when empty. */
  readonly body: unknown;
}

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly domainId: string;
  readonly enabled: boolean;
}

export interface CloudUser {
  readonly id: string;
  readonly name: string;
  readonly domainId: string;
}

/** An image of resources/images/catalogue.json, as much of it as a person decides by. */
export interface CatalogueEntry {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly url: string;
  readonly osDistro: string;
  readonly defaultUser: string;
  readonly minDiskGiB: number;
  readonly minRamMiB: number;
  readonly approximateMiB: number;
  /** It is on the person's disk already, whole. */
  readonly downloaded: boolean;
}

/** How far the fetching of an image is. */
export interface FetchProgress {
  readonly stage: 'download' | 'upload';
  /** Bytes. */
  readonly done: number;
  readonly total: number;
  /** The image that is being made of it, from the stage 'upload' on. */
  readonly imageId: string | null;
}

/** What uninstalling takes away, by what it is, with its place. */
export interface RemovalPlan {
  /** Directories that go with all that is in them. */
  readonly directories: readonly {
    readonly what: 'log' | 'user' | 'cache';
    readonly path: string;
    /** Null: not this person's to look into. */
    readonly bytes: number | null;
  }[];
  /** The file in which the cloud's entries go, and others' stay. */
  readonly cloudsYaml: string;
}

export interface ImageCache {
  readonly path: string;
  readonly bytes: number;
}

export interface AccessFiles {
  readonly cloudsYaml: string;
  readonly openrc: string;
  /** Where the person's own files are, whether they are there or not. */
  readonly paths: { readonly cloudsYaml: string; readonly openrc: string };
}

/** What the window remembers of its person. Each key is a page's own business. */
export type Preferences = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export type ShellEvent =
  | OperationEvent
  | ChangeEvent
  | TrafficEvent
  | LaggedEvent
  /** The helper's stream is open (again): what was shown before may be old. */
  | { readonly type: 'connected' }
  | ({ readonly type: 'helper' } & HelperState)
  /** Somebody outside asked for a page: a deep link, a notification, the tray. */
  | { readonly type: 'navigate'; readonly route: string }
  | Notice;

/** Work that took its time has ended, or any work has failed: of what a person who looks elsewhere is told. */
export interface Notice {
  readonly type: 'notice';
  readonly outcome: 'finished' | 'failed' | 'stuck';
  /** The operation's own: "Create server 'demo-server'". */
  readonly title: string;
  /** Why it failed. */
  readonly reason: string | null;
  /** Where the window shows more. */
  readonly route: string;
}

export type DemoMessage =
  | { readonly type: 'progress'; readonly fraction: number; readonly text: string }
  | { readonly type: 'line'; readonly text: string }
  | {
      readonly type: 'done';
      readonly serverId: string;
      readonly projectId: string;
      readonly fixedIp: string;
      readonly floatingIp: string;
      readonly changed: boolean;
      /** The command for a terminal. */
      readonly ssh: string;
    };

export interface TerminalRequest {
  readonly projectId: string;
  readonly cols: number;
  readonly rows: number;
  /** An SSH session in a server, or the person's shell with the cloud's OS_* variables. */
  readonly run:
    | { readonly kind: 'shell' }
    | { readonly kind: 'ssh'; readonly serverId: string; readonly user: string; readonly address: string };
}

/** Why the shell could not do what it was asked. */
export interface ShellFailure {
  /** 'input': the page asked wrongly. 'helper': it does not answer. 'failed': anything else. */
  readonly code: 'input' | 'helper' | 'cancelled' | 'failed';
  /** For a person: cause and remedy. */
  readonly message: string;
}
