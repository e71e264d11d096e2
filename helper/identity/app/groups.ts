import type { Static } from 'typebox';
import { transaction } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import type { GroupCreate, GroupUpdate } from '../schemas/group.ts';
import {
  addMember,
  deleteGroup,
  findGroup,
  findGroupByName,
  insertGroup,
  memberIds,
  removeMember,
  updateGroup,
  type GroupRow,
} from '../store/group.ts';
import { deleteTokensOfUser } from '../store/token.ts';
import { findUser } from '../store/user.ts';
import { extrasOf, mergeExtras, parseObject, present, unchanged } from './attributes.ts';
import { newId, type IdentityContext } from './context.ts';
import { findDomain } from './projects.ts';

const KNOWN = ['name', 'domain_id', 'description'];

export const groupView = (base: string, row: GroupRow): object => ({
  ...parseObject(row.extra),
  id: row.id,
  name: row.name,
  domain_id: row.domain_id,
  description: row.description,
  links: { self: `${base}/groups/${row.id}` },
});

const duplicate = (name: string) =>
  conflict(`Conflict occurred attempting to store group - Duplicate entry found with name ${name}.`);

/** @throws {CloudError} notFound (domain), conflict (name). */
export function createGroup(
  { db }: IdentityContext,
  body: Static<typeof GroupCreate>['group'],
  fallbackDomain: string,
): GroupRow {
  return transaction(db, () => {
    const domainId = body.domain_id ?? fallbackDomain;
    present(findDomain(db, domainId), 'domain', domainId);
    if (findGroupByName(db, domainId, body.name) !== undefined) throw duplicate(body.name);
    const row: GroupRow = {
      id: newId(),
      name: body.name,
      domain_id: domainId,
      description: body.description ?? '',
      extra: mergeExtras('{}', extrasOf(body, KNOWN)),
    };
    insertGroup(db, row);
    return row;
  });
}

export function changeGroup(
  { db }: IdentityContext,
  id: string,
  body: Static<typeof GroupUpdate>['group'],
): GroupRow {
  return transaction(db, () => {
    const row = present(findGroup(db, id), 'group', id);
    unchanged('domain ID', body.domain_id, row.domain_id);
    if (body.name !== undefined && body.name !== row.name) {
      if (findGroupByName(db, row.domain_id, body.name) !== undefined) throw duplicate(body.name);
    }
    const changed = {
      ...row,
      name: body.name ?? row.name,
      description: body.description === undefined ? row.description : (body.description ?? ''),
      extra: mergeExtras(row.extra, extrasOf(body, KNOWN)),
    };
    updateGroup(db, changed);
    return changed;
  });
}

/** Its members lose what they had through it: their tokens go, as upstream revokes them. */
export function removeGroup({ db }: IdentityContext, id: string): void {
  transaction(db, () => {
    present(findGroup(db, id), 'group', id);
    for (const userId of memberIds(db, id)) deleteTokensOfUser(db, userId);
    deleteGroup(db, id);
  });
}

export function joinGroup({ db }: IdentityContext, groupId: string, userId: string): void {
  transaction(db, () => {
    present(findGroup(db, groupId), 'group', groupId);
    present(findUser(db, userId), 'user', userId);
    addMember(db, groupId, userId);
  });
}

/** Revokes the user's tokens, as upstream does. */
export function leaveGroup({ db }: IdentityContext, groupId: string, userId: string): void {
  transaction(db, () => {
    present(findGroup(db, groupId), 'group', groupId);
    present(findUser(db, userId), 'user', userId);
    if (!removeMember(db, groupId, userId))
      throw notFound(`User '${userId}' not found in group '${groupId}'.`);
    deleteTokensOfUser(db, userId);
  });
}
