import { Type, type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  API_METHODS,
  API_SERVICES,
  type CallInput,
  type CallName,
  type ShellStreams,
  type StreamName,
} from '../contract/shell.ts';
import type { PageFrame } from '../contract/frame.ts';

const closed = { additionalProperties: false } as const;
const Nothing = Type.Object({}, closed);
/** A resource's id: never a path of more than one part, nor an option. */
const Id = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$' });
const ProjectId = Type.String({ pattern: '^[A-Za-z0-9]{1,64}$' });
const Size = Type.Integer({ minimum: 1, maximum: 1000 });

const ApiRequest = Type.Object(
  {
    service: Type.Union(API_SERVICES.map((service) => Type.Literal(service))),
    method: Type.Union(API_METHODS.map((method) => Type.Literal(method))),
    // Printable, without fragment and backslash; '..' is looked for where the address is made.
    path: Type.String({ pattern: '^/[!"$-[\\]-~]*$', maxLength: 8192 }),
    projectId: Type.Union([ProjectId, Type.Null()]),
    body: Type.Optional(Type.Unknown()),
    contentType: Type.Optional(Type.String({ pattern: '^application/[a-z0-9.+-]+$', maxLength: 100 })),
    microversion: Type.Optional(Type.String({ pattern: '^(latest|[0-9]{1,3}\\.[0-9]{1,3})$' })),
  },
  closed,
);

/** What each call may be given. */
export const CALL_INPUTS = {
  info: Nothing,
  api: ApiRequest,
  projects: Nothing,
  user: Nothing,
  startHelper: Nothing,
  stopHelper: Type.Object({ guests: Type.Union([Type.Literal('keep'), Type.Literal('shutdown')]) }, closed),
  quit: Type.Object({ cloud: Type.Union([Type.Literal('keep'), Type.Literal('shutdown')]) }, closed),
  helperLog: Type.Object({ lines: Type.Integer({ minimum: 1, maximum: 5000 }) }, closed),
  removalPlan: Nothing,
  imageCache: Type.Object({ clear: Type.Boolean() }, closed),
  setupReport: Nothing,
  imageDownload: Type.Object(
    { projectId: ProjectId, imageId: Id, name: Type.String({ maxLength: 255 }) },
    closed,
  ),
  imageCatalogue: Nothing,
  accessFiles: Type.Object({ projectId: ProjectId }, closed),
  writeAccessFiles: Nothing,
  preferences: Nothing,
  setPreferences: Type.Record(
    Type.String({ pattern: '^[a-zA-Z][a-zA-Z0-9._-]{0,63}$' }),
    Type.Union([
      Type.String({ maxLength: 1024 }),
      Type.Number(),
      Type.Boolean(),
      Type.Array(Type.String({ maxLength: 256 }), { maxItems: 256 }),
    ]),
    { maxProperties: 256 },
  ),
  openExternal: Type.Object(
    { url: Type.String({ pattern: '^https://[a-z0-9.-]+(/|$)', maxLength: 2048 }) },
    closed,
  ),
} as const satisfies Record<CallName, TSchema>;

/** What each stream may be opened with, and what the page may then send; null: nothing but bytes. */
export const STREAM_INPUTS = {
  events: { input: Nothing, send: null },
  setupFix: { input: Nothing, send: null },
  uninstall: { input: Nothing, send: null },
  demo: { input: Nothing, send: null },
  imageUpload: {
    input: Type.Object({ projectId: ProjectId, imageId: Id, size: Type.Integer({ minimum: 0 }) }, closed),
    send: null,
  },
  imageFetch: {
    input: Type.Object(
      {
        id: Id,
        projectId: ProjectId,
        visibility: Type.Union([Type.Literal('public'), Type.Literal('private')]),
      },
      closed,
    ),
    send: null,
  },
  console: {
    input: Type.Object(
      {
        projectId: ProjectId,
        serverId: Id,
        kind: Type.Union([Type.Literal('vnc'), Type.Literal('serial')]),
      },
      closed,
    ),
    send: null,
  },
  terminal: {
    input: Type.Object(
      {
        projectId: ProjectId,
        cols: Size,
        rows: Size,
        run: Type.Union([
          Type.Object({ kind: Type.Literal('shell') }, closed),
          Type.Object(
            {
              kind: Type.Literal('ssh'),
              serverId: Id,
              user: Type.String({ pattern: '^[a-z_][a-z0-9_-]{0,31}$' }),
              address: Type.String({ pattern: '^[0-9a-f:.]{2,45}$' }),
            },
            closed,
          ),
        ]),
      },
      closed,
    ),
    send: Type.Object({ cols: Size, rows: Size }, closed),
  },
} as const satisfies Record<StreamName, { input: TSchema; send: TSchema | null }>;

/** Fails to compile where a schema lets through what the contract's type does not. */
type Agrees<Given, Wanted> = Given extends Wanted ? true : never;
type CallsAgree = { [K in CallName]: Agrees<Static<(typeof CALL_INPUTS)[K]>, CallInput<K>> };
type StreamsAgree = {
  [K in StreamName]: Agrees<Static<(typeof STREAM_INPUTS)[K]['input']>, ShellStreams[K]['input']>;
};
true satisfies CallsAgree[CallName];
true satisfies StreamsAgree[StreamName];

const compiled = new Map<TSchema, ReturnType<typeof Compile>>();

/** Whether a value is what the schema wants; schemas are compiled at their first use. */
export function fits(schema: TSchema, value: unknown): boolean {
  let check = compiled.get(schema);
  if (check === undefined) {
    check = Compile(schema);
    compiled.set(schema, check);
  }
  return check.Check(value);
}

const Frame = Type.Union([
  Type.Object(
    {
      type: Type.Union([Type.Literal('call'), Type.Literal('open')]),
      id: Type.Integer({ minimum: 1 }),
      name: Type.String({ maxLength: 64 }),
      input: Type.Unknown(),
    },
    closed,
  ),
  Type.Object({ type: Type.Literal('message'), id: Type.Integer(), value: Type.Unknown() }, closed),
  Type.Object(
    { type: Type.Union([Type.Literal('end'), Type.Literal('cancel')]), id: Type.Integer() },
    closed,
  ),
  Type.Object(
    { type: Type.Literal('credit'), id: Type.Integer(), count: Type.Integer({ minimum: 1 }) },
    closed,
  ),
]);

/** A frame's form; of `input` and `value` nothing is known yet, and `name` may be none. */
export type RawFrame = Beginning | Following;
export interface Beginning {
  readonly type: 'call' | 'open';
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}
export type Following = Exclude<PageFrame, { type: 'call' | 'open' }>;

/** @returns undefined for what is no frame. */
export function asFrame(value: unknown): RawFrame | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ((value as { type?: unknown }).type === 'bytes') {
    const { id, bytes } = value as { id?: unknown; bytes?: unknown };
    return Number.isInteger(id) && bytes instanceof Uint8Array
      ? { type: 'bytes', id: id as number, bytes }
      : undefined;
  }
  return fits(Frame, value) ? (value as RawFrame) : undefined;
}
