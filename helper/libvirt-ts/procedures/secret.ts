/** Secrets that libvirt keeps for disks: values go in and are never shown. */
import { i32, none, opaque, secret, string, u32, uuid, withDefault } from '../codec.ts';
import { secretRef } from '../types.ts';
import { rpc } from './rpc.ts';

const flags = withDefault(u32, 0);

export const secretProcedures = {
  secretDefineXml: rpc(142, { xml: string, flags }, secretRef),
  secretSetValue: rpc(144, { secret: secretRef, value: secret(opaque(65_536)), flags }, none),
  secretUndefine: rpc(146, { secret: secretRef }, none),
  secretGetXmlDesc: rpc(143, { secret: secretRef, flags }, string),
  secretLookupByUuid: rpc(141, { uuid }, secretRef),
  /** `usageType` is one of SecretUsage. */
  secretLookupByUsage: rpc(147, { usageType: i32, usageId: string }, secretRef),
};
