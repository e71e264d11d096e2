import { Type, type TProperties, type TSchema } from 'typebox';
import { OPERATION_STATES } from '../contract/operation.ts';

// The shapes of helper/contract, as they are on the wire.

const strict = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const oneOf = <const W extends string>(...words: readonly W[]) =>
  Type.Union(words.map((word) => Type.Literal(word)));
const text = Type.String();
const number = Type.Number();

const stepNumber = orNull(Type.Union([number, Type.Array(number, { minItems: 2, maxItems: 2 })]));

const summary = {
  id: Type.String({ format: 'uuid' }),
  name: text,
  title: text,
  service: text,
  resource: strict({ type: text, id: text }),
  state: oneOf(...OPERATION_STATES),
  cancelRequested: Type.Boolean(),
  requestId: orNull(text),
  projectId: orNull(text),
  userId: orNull(text),
  createdAt: number,
  startedAt: orNull(number),
  finishedAt: orNull(number),
  stepsDone: Type.Integer(),
  stepsTotal: Type.Integer(),
  error: orNull(strict({ code: text, message: text, step: Type.Optional(text) })),
};

const trace = Type.Union([
  strict({
    kind: Type.Literal('command'),
    argv: Type.Array(text),
    stdin: Type.Optional(text),
    exitCode: orNull(Type.Integer()),
    durationMs: number,
    output: Type.Optional(text),
  }),
  strict({
    kind: Type.Literal('rpc'),
    procedure: text,
    detail: text,
    durationMs: number,
    error: Type.Optional(text),
  }),
  strict({ kind: Type.Literal('xml'), name: text, text }),
  strict({
    kind: Type.Literal('file'),
    action: oneOf('write', 'remove'),
    path: text,
    text: Type.Optional(text),
  }),
  strict({
    kind: Type.Literal('sql'),
    statement: text,
    parameters: Type.Optional(text),
    rows: Type.Optional(Type.Integer()),
  }),
  strict({ kind: Type.Literal('note'), text, data: Type.Optional(Type.Unknown()) }),
]);

/** GET /operations */
export const OperationList = strict({ operations: Type.Array(strict(summary)) });

/** GET /operations/search */
export const OperationSearch = strict({
  operations: Type.Array(
    strict({ ...summary, found: orNull(strict({ step: text, number: stepNumber, text })) }),
  ),
  next: orNull(text),
});

/** GET /operations/{id} */
export const OperationOne = strict({
  operation: strict({
    ...summary,
    plan: Type.Array(strict({ name: text, number: stepNumber, service: text, kind: oneOf('sql', 'host') })),
    steps: Type.Array(
      strict({
        name: text,
        number: stepNumber,
        service: text,
        direction: oneOf('action', 'undo', 'event'),
        attempt: Type.Integer(),
        startedAt: number,
        durationMs: orNull(number),
        outcome: oneOf('running', 'succeeded', 'failed', 'skipped', 'interrupted'),
        reason: orNull(text),
        entries: Type.Array(trace),
      }),
    ),
  }),
});

/** GET /status */
export const Status = strict({
  version: text,
  pid: Type.Integer(),
  startedAt: number,
  host: oneOf('linux', 'simulated'),
  hypervisor: orNull(strict({ accelerator: text, reason: text, version: text })),
  hypervisorProblem: Type.Optional(text),
  endpoint: text,
  region: text,
  owner: text,
  stateDirectory: text,
  servers: Type.Integer(),
  stuckOperations: Type.Integer(),
});

/** GET /setup */
export const Setup = strict({
  findings: Type.Array(
    strict({
      id: text,
      title: text,
      status: oneOf('ok', 'warning', 'missing'),
      detail: text,
      remedy: Type.Optional(text),
      fixable: Type.Boolean(),
    }),
  ),
  packages: Type.Array(text),
  ready: Type.Boolean(),
});

/** GET /external */
export const External = strict({
  physicalNetwork: text,
  cidr: Type.String({ format: 'cidr' }),
  gateway: Type.String({ format: 'ipv4' }),
  allocationStart: Type.String({ format: 'ipv4' }),
  allocationEnd: Type.String({ format: 'ipv4' }),
});

/** GET /storage */
export const Storage = strict({ directory: text, freeBytes: number });

/** GET /network/devices */
export const Devices = strict({
  host: oneOf('linux', 'simulated'),
  devices: Type.Array(
    strict({
      name: text,
      kind: oneOf('bridge', 'tap', 'veth', 'vxlan', 'ifb', 'vlan', 'uplink'),
      namespace: orNull(text),
      bridge: orNull(text),
      peer: orNull(text),
      external: Type.Boolean(),
      up: Type.Boolean(),
      mtu: Type.Integer(),
      macAddress: text,
      addresses: Type.Array(text),
      vni: Type.Optional(Type.Integer()),
    }),
  ),
  namespaces: Type.Array(
    strict({
      name: text,
      kind: oneOf('dhcp', 'router'),
      resourceId: text,
      services: Type.Array(
        strict({ name: oneOf('dnsmasq', 'radvd', 'metadata'), pid: orNull(Type.Integer()) }),
      ),
    }),
  ),
  tables: Type.Array(text),
  filteredPorts: Type.Array(text),
});

/** GET /network/look */
export const Looks = strict({ looks: Type.Array(strict({ command: text, output: text }), { minItems: 1 }) });

/** POST /network/traffic */
export const Watched = strict({ seconds: number });

/** GET /credentials */
export const Credentials = strict({
  authUrl: text,
  username: text,
  password: text,
  projectName: text,
  userDomainName: text,
  projectDomainName: text,
  regionName: text,
});
