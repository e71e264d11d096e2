import { statement, type Db } from '../../db/index.ts';
import type { MemberStatus } from '../schemas/member.ts';

/** A project with which an image is shared. */
export interface MemberRow {
  readonly image_id: string;
  readonly member_id: string;
  readonly status: MemberStatus;
  readonly created_at: number;
  readonly updated_at: number;
}

export function findMember(db: Db, imageId: string, memberId: string): MemberRow | undefined {
  const text = 'SELECT * FROM image_member WHERE image_id = ? AND member_id = ?';
  return statement<[string, string], MemberRow>(db, text).get(imageId, memberId);
}

export function listMembers(db: Db, imageId: string): readonly MemberRow[] {
  const text = 'SELECT * FROM image_member WHERE image_id = ? ORDER BY member_id';
  return statement<[string], MemberRow>(db, text).all(imageId);
}

export function insertMember(db: Db, member: MemberRow): void {
  const text = `INSERT INTO image_member (image_id, member_id, status, created_at, updated_at)
    VALUES (?, ?, ?, ?, ?)`;
  const { image_id, member_id, status, created_at, updated_at } = member;
  statement<[string, string, string, number, number]>(db, text).run(
    image_id,
    member_id,
    status,
    created_at,
    updated_at,
  );
}

export function setMemberStatus(
  db: Db,
  imageId: string,
  memberId: string,
  status: MemberStatus,
  now: number,
): void {
  const text = 'UPDATE image_member SET status = ?, updated_at = ? WHERE image_id = ? AND member_id = ?';
  statement<[string, number, string, string]>(db, text).run(status, now, imageId, memberId);
}

/** False when there is no such member. */
export function deleteMember(db: Db, imageId: string, memberId: string): boolean {
  const text = 'DELETE FROM image_member WHERE image_id = ? AND member_id = ?';
  return statement<[string, string]>(db, text).run(imageId, memberId).changes === 1;
}
