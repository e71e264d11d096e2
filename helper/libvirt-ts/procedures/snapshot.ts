/** Snapshots of domains. */
import { array, bool, constant, i32, none, only, string, u32, withDefault } from '../codec.ts';
import { domain, LIST_MAX, snapshot } from '../types.ts';
import { longRpc, rpc } from './rpc.ts';

const flags = withDefault(u32, 0);
const dom = domain;

export const snapshotProcedures = {
  domainSnapshotCreateXml: longRpc(185, { dom, xml: string, flags }, snapshot),
  domainSnapshotLookupByName: rpc(189, { dom, name: string, flags }, snapshot),
  domainSnapshotCurrent: rpc(191, { dom, flags }, snapshot),
  domainHasCurrentSnapshot: rpc(190, { dom, flags }, bool),
  domainListAllSnapshots: rpc(
    274,
    { dom, needResults: constant(i32, 1), flags },
    only('snapshots', { snapshots: array(snapshot, LIST_MAX), ret: i32 }),
  ),
  domainSnapshotGetXmlDesc: rpc(186, { snap: snapshot, flags }, string),
  domainRevertToSnapshot: longRpc(192, { snap: snapshot, flags }, none),
  domainSnapshotDelete: longRpc(193, { snap: snapshot, flags }, none),
};
