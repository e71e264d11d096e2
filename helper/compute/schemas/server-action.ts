import { Type } from 'typebox';
import { mv } from '../../http/index.ts';
import { byVersion, nullable, strict } from './common.ts';

/** Bodies of POST /servers/{id}/action and of remote consoles. */

const Anything = Type.Unknown();

export const OsStart = strict({ 'os-start': Anything });
export const OsStop = strict({ 'os-stop': Anything });
export const Pause = strict({ pause: Anything });
export const Unpause = strict({ unpause: Anything });
export const Suspend = strict({ suspend: Anything });
export const Resume = strict({ resume: Anything });
export const Unlock = strict({ unlock: Anything });

export const Lock = [
  { from: mv('2.1'), schema: strict({ lock: Anything }) },
  {
    from: mv('2.73'),
    schema: strict({
      lock: nullable(
        strict({
          locked_reason: Type.Optional(Type.String({ minLength: 1, maxLength: 255, format: 'text' })),
        }),
      ),
    }),
  },
];

export interface LockBody {
  readonly lock?: { readonly locked_reason?: string } | null;
}

export const Reboot = strict({
  reboot: strict({ type: Type.Enum(['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']) }),
});

export const ResetState = strict({
  'os-resetState': strict({ state: Type.Enum(['active', 'error']) }),
});

export const GetConsoleOutput = strict({
  'os-getConsoleOutput': nullable(
    Type.Object(
      {
        length: Type.Optional(
          Type.Union([
            Type.Integer({ minimum: -1 }),
            Type.String({ pattern: '^-?[0-9]{1,9}$' }),
            Type.Null(),
          ]),
        ),
      },
      { additionalProperties: false },
    ),
  ),
});

export const ConsoleOutput = strict({ output: Type.String() });

export const GetVncConsole = strict({
  'os-getVNCConsole': strict({ type: Type.Enum(['novnc', 'xvpvnc']) }),
});
export const GetSerialConsole = strict({
  'os-getSerialConsole': strict({ type: Type.Enum(['serial']) }),
});
export const GetSpiceConsole = strict({
  'os-getSPICEConsole': strict({ type: Type.Enum(['spice-html5']) }),
});

export const Console = strict({
  console: strict({ type: Type.String(), url: Type.String({ format: 'uri' }) }),
});

export const RemoteConsoleCreate = byVersion(['2.6', '2.8'], (version) =>
  strict({
    remote_console: strict({
      protocol: Type.Enum(['vnc', 'spice', 'serial', 'rdp', ...(version >= mv('2.8') ? ['mks'] : [])]),
      type: Type.Enum([
        'novnc',
        'xvpvnc',
        'spice-html5',
        'serial',
        'rdp-html5',
        ...(version >= mv('2.8') ? ['webmks'] : []),
      ]),
    }),
  }),
);

export const RemoteConsole = strict({
  remote_console: strict({
    protocol: Type.String(),
    type: Type.String(),
    url: Type.String({ format: 'uri' }),
  }),
});
