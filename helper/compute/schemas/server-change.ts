import { Type } from 'typebox';
import { mv } from '../../http/index.ts';
import {
  Bool,
  Description,
  DiskConfig,
  Hostname,
  Metadata,
  Name,
  Uuid,
  byVersion,
  nullable,
  strict,
} from './common.ts';
import { basicProperties, CHANGES, detailProperties, groups } from './server.ts';

/** Bodies of rebuild, resize and createImage. */

const Password = Type.String({ maxLength: 255, format: 'text' });

export const Rebuild = byVersion(['2.1', '2.19', '2.54', '2.57', '2.63', '2.90'], (version) =>
  strict({
    rebuild: Type.Object(
      {
        imageRef: Uuid,
        name: Type.Optional(Name),
        adminPass: Type.Optional(Password),
        metadata: Type.Optional(Metadata),
        preserve_ephemeral: Type.Optional(Bool),
        'OS-DCF:diskConfig': Type.Optional(DiskConfig),
        accessIPv4: Type.Optional(Type.String({ format: 'ipv4' })),
        accessIPv6: Type.Optional(Type.String({ format: 'ipv6' })),
        ...(version < mv('2.57')
          ? {
              personality: Type.Optional(
                Type.Array(
                  strict({
                    path: Type.String(),
                    contents: Type.String({ format: 'base64' }),
                  }),
                ),
              ),
            }
          : {
              user_data: Type.Optional(nullable(Type.String({ format: 'base64', maxLength: 65_535 }))),
            }),
        ...(version >= mv('2.19') ? { description: Type.Optional(Description) } : {}),
        ...(version >= mv('2.54') ? { key_name: Type.Optional(nullable(Name)) } : {}),
        ...(version >= mv('2.63')
          ? {
              trusted_image_certificates: Type.Optional(
                nullable(
                  Type.Array(Type.String({ minLength: 1 }), {
                    minItems: 1,
                    maxItems: 50,
                    uniqueItems: true,
                  }),
                ),
              ),
            }
          : {}),
        ...(version >= mv('2.90') ? { hostname: Type.Optional(Hostname) } : {}),
      },
      { additionalProperties: false },
    ),
  }),
);

export interface RebuildRequest {
  readonly imageRef: string;
  readonly name?: string;
  readonly adminPass?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly 'OS-DCF:diskConfig'?: string;
  readonly accessIPv4?: string;
  readonly accessIPv6?: string;
  readonly personality?: readonly { readonly path: string; readonly contents: string }[];
  readonly user_data?: string | null;
  readonly description?: string | null;
  readonly key_name?: string | null;
  readonly trusted_image_certificates?: readonly string[] | null;
  readonly hostname?: string;
}

const REBUILT = [...new Set([...CHANGES, '2.54', '2.57'] as const)].toSorted(
  (a, b) => Number(a.slice(2)) - Number(b.slice(2)),
);

export const Rebuilt = byVersion(REBUILT, (version) =>
  strict({
    server: strict({
      ...(version >= mv('2.75') ? detailProperties(version) : basicProperties(version)),
      ...groups(version),
      adminPass: Type.String(),
      ...(version >= mv('2.54') ? { key_name: nullable(Type.String()) } : {}),
      ...(version >= mv('2.57') ? { user_data: nullable(Type.String()) } : {}),
    }),
  }),
);

export const Resize = strict({
  resize: Type.Object(
    {
      flavorRef: Type.Union([Type.String({ minLength: 1, format: 'text' }), Type.Integer()]),
      'OS-DCF:diskConfig': Type.Optional(DiskConfig),
    },
    { additionalProperties: false },
  ),
});
export const ConfirmResize = strict({ confirmResize: Type.Unknown() });
export const RevertResize = strict({ revertResize: Type.Unknown() });

export const CreateImage = strict({
  createImage: Type.Object(
    { name: Name, metadata: Type.Optional(Metadata) },
    { additionalProperties: false },
  ),
});
export const ImageCreated = [{ from: mv('2.45'), schema: strict({ image_id: Uuid }) }];

export const CreateBackup = strict({
  createBackup: Type.Object(
    {
      name: Name,
      backup_type: Type.String(),
      rotation: Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^[0-9]{1,9}$' })]),
      metadata: Type.Optional(Metadata),
    },
    { additionalProperties: false },
  ),
});
