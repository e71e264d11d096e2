import { Type } from 'typebox';
import { mv, type Microversion } from '../../http/index.ts';
import { quotaKeys, quotaClassKeys, type QuotaKey } from './quota-keys.ts';
import { Bool, byVersion, strict } from './common.ts';

const Limit = Type.Union([
  Type.Integer({ minimum: -1, maximum: 2_147_483_647 }),
  Type.String({ pattern: '^(-1|[0-9]{1,10})$' }),
]);

const each = <T>(keys: readonly QuotaKey[], of: (key: QuotaKey) => T) =>
  Object.fromEntries(keys.map((key) => [key, of(key)]));

const SET_CHANGES = ['2.1', '2.36', '2.57'] as const;
const CLASS_CHANGES = ['2.1', '2.50', '2.57'] as const;

export const QuotaSetUpdate = byVersion(SET_CHANGES, (version) =>
  strict({
    quota_set: strict({
      ...each(quotaKeys(version), () => Type.Optional(Limit)),
      force: Type.Optional(Bool),
      // Sent back by clients that change what they were shown.
      tenant_id: Type.Optional(Type.String()),
    }),
  }),
);
export const QuotaClassUpdate = byVersion(CLASS_CHANGES, (version) =>
  strict({ quota_class_set: strict(each(quotaClassKeys(version), () => Type.Optional(Limit))) }),
);

const limits = (keys: readonly QuotaKey[]) => each(keys, () => Type.Integer());

export const QuotaSetAnswer = byVersion(SET_CHANGES, (version) =>
  strict({ quota_set: strict({ id: Type.String(), ...limits(quotaKeys(version)) }) }),
);
export const QuotaSetUpdated = byVersion(SET_CHANGES, (version) =>
  strict({ quota_set: strict(limits(quotaKeys(version))) }),
);
const Usage = strict({ limit: Type.Integer(), in_use: Type.Integer(), reserved: Type.Integer() });
export const QuotaSetDetail = byVersion(SET_CHANGES, (version) =>
  strict({ quota_set: strict({ id: Type.String(), ...each(quotaKeys(version), () => Usage) }) }),
);
export const QuotaClassAnswer = byVersion(CLASS_CHANGES, (version) =>
  strict({ quota_class_set: strict({ id: Type.String(), ...limits(quotaClassKeys(version)) }) }),
);
export const QuotaClassUpdated = byVersion(CLASS_CHANGES, (version) =>
  strict({ quota_class_set: strict(limits(quotaClassKeys(version))) }),
);

const userQuery = { user_id: Type.Optional(Type.String()) };
export const QuotaQuery = [
  { from: mv('2.1'), schema: Type.Object(userQuery, { additionalProperties: true }) },
  { from: mv('2.75'), schema: strict(userQuery) },
] as const;

const absolute = (version: Microversion) => ({
  maxTotalInstances: Type.Integer(),
  maxTotalCores: Type.Integer(),
  maxTotalRAMSize: Type.Integer(),
  maxTotalKeypairs: Type.Integer(),
  maxServerMeta: Type.Integer(),
  maxServerGroups: Type.Integer(),
  maxServerGroupMembers: Type.Integer(),
  totalInstancesUsed: Type.Integer(),
  totalCoresUsed: Type.Integer(),
  totalRAMUsed: Type.Integer(),
  totalServerGroupsUsed: Type.Integer(),
  ...(version < mv('2.36')
    ? {
        maxTotalFloatingIps: Type.Integer(),
        maxSecurityGroups: Type.Integer(),
        maxSecurityGroupRules: Type.Integer(),
        totalFloatingIpsUsed: Type.Integer(),
        totalSecurityGroupsUsed: Type.Integer(),
      }
    : {}),
  ...(version < mv('2.39') ? { maxImageMeta: Type.Integer() } : {}),
  ...(version < mv('2.57') ? { maxPersonality: Type.Integer(), maxPersonalitySize: Type.Integer() } : {}),
});

export const LimitsAnswer = byVersion(['2.1', '2.36', '2.39', '2.57'], (version) =>
  strict({
    limits: strict({ rate: Type.Array(Type.Never(), { maxItems: 0 }), absolute: strict(absolute(version)) }),
  }),
);
const tenantQuery = { tenant_id: Type.Optional(Type.String()), reserved: Type.Optional(Type.String()) };
export const LimitsQuery = [
  { from: mv('2.1'), schema: Type.Object(tenantQuery, { additionalProperties: true }) },
  { from: mv('2.75'), schema: strict(tenantQuery) },
] as const;
