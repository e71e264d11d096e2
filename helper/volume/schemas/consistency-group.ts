import { Type } from 'typebox';
import { Bool, Id, Links, Name, Time, Uuid, nullable, opt, strict } from './common.ts';

/** As upstream, open: clients of that time send who they are and a status along, which nobody looks at. */
const open = Type.Object;

const Ids = nullable(Type.String({ maxLength: 65_535 }));
const naming = { name: opt(Name), description: opt(Name) };

export const ConsistencyGroupCreate = open({
  consistencygroup: open({
    ...naming,
    /** Ids or names with commas between. */
    volume_types: Type.String({ minLength: 1, maxLength: 65_535 }),
    availability_zone: opt(nullable(Type.String({ minLength: 1, maxLength: 255 }))),
  }),
});
export const ConsistencyGroupFromSource = open({
  'consistencygroup-from-src': open({
    ...naming,
    cgsnapshot_id: opt(nullable(Uuid)),
    source_cgid: opt(nullable(Uuid)),
  }),
});
export const ConsistencyGroupDelete = open({ consistencygroup: opt(open({ force: opt(Bool) })) });
export const ConsistencyGroupUpdate = open({
  consistencygroup: open({ ...naming, add_volumes: opt(Ids), remove_volumes: opt(Ids) }),
});
export const CgsnapshotCreate = open({ cgsnapshot: open({ ...naming, consistencygroup_id: Uuid }) });

const summary = strict({ id: Id, name: nullable(Type.String()) });
const group = strict({
  id: Id,
  status: Type.String(),
  availability_zone: Type.String(),
  created_at: Time,
  name: nullable(Type.String()),
  description: nullable(Type.String()),
  volume_types: Type.Array(Id),
});
const groupLinks = { consistencygroup_links: opt(Links) };
export const ConsistencyGroupMade = strict({ consistencygroup: summary });
export const ConsistencyGroupShown = strict({ consistencygroup: group });
export const ConsistencyGroupList = strict({ consistencygroups: Type.Array(summary), ...groupLinks });
export const ConsistencyGroupDetails = strict({ consistencygroups: Type.Array(group), ...groupLinks });

const snapshot = strict({
  id: Id,
  consistencygroup_id: Id,
  status: Type.String(),
  created_at: Time,
  name: nullable(Type.String()),
  description: nullable(Type.String()),
});
export const CgsnapshotMade = strict({ cgsnapshot: summary });
export const CgsnapshotShown = strict({ cgsnapshot: snapshot });
export const CgsnapshotList = strict({ cgsnapshots: Type.Array(summary) });
export const CgsnapshotDetails = strict({ cgsnapshots: Type.Array(snapshot) });
