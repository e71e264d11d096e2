import { Type } from 'typebox';
import type { SettingValue, SettingsReport } from '../../contract/settings.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';

const Value = Type.Union([
  Type.String({ maxLength: 1024 }),
  Type.Number(),
  Type.Boolean(),
  Type.Null(),
  Type.Array(Type.Union([Type.String({ maxLength: 255 }), Type.Number()]), { maxItems: 64 }),
]);

const Changes = Type.Object(
  { changes: Type.Record(Type.String({ pattern: '^[a-zA-Z._]{1,64}$' }), Value, { minProperties: 1 }) },
  { additionalProperties: false },
);

const Report = Type.Object(
  {
    path: Type.String(),
    settings: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          value: Value,
          running: Value,
          standard: Value,
          effect: Type.Union([Type.Literal('now'), Type.Literal('restart'), Type.Literal('fixed')]),
          source: Type.Union([Type.Literal('default'), Type.Literal('file'), Type.Literal('command line')]),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

/** The settings file, as the helper reads and writes it. */
export interface SettingsFace {
  report(): SettingsReport;
  change(changes: Readonly<Record<string, SettingValue>>): Promise<SettingsReport>;
}

/** The helper's own settings: only for who sits at the desktop. */
export const settingsEndpoints = (settings: SettingsFace): readonly Endpoint[] => [
  endpoint({
    id: 'settings:show',
    method: 'GET',
    path: '/settings',
    policy: 'deskcloud:settings',
    ok: 200,
    response: Report,
    handler: () => settings.report(),
  }),
  endpoint({
    id: 'settings:change',
    method: 'PATCH',
    path: '/settings',
    policy: 'deskcloud:settings',
    body: Changes,
    ok: 200,
    response: Report,
    handler: ({ body }) => settings.change(body.changes),
  }),
];
