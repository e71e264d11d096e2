import { transaction, type Db } from '../../db/index.ts';
import { conflict, forbidden, notFound, tooLarge } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import type { MemberStatus } from '../schemas/member.ts';
import {
  deleteMember,
  findMember,
  insertMember,
  listMembers,
  setMemberStatus,
  type MemberRow,
} from '../store/member.ts';
import type { Image } from '../store/image.ts';
import type { Images } from './image.ts';
import { time } from './view.ts';

/** glance's image_member_quota. */
const MAX_MEMBERS = 128;

/** A membership with the image's owner, for policies to look at. */
export interface Membership extends MemberRow {
  readonly project_id: string | null;
  readonly [attribute: string]: unknown;
}

/** With whom images are shared. Only images of visibility 'shared' have members. */
export class Members {
  readonly #db: Db;
  readonly #now: () => number;
  readonly #images: Images;

  constructor(options: { readonly db: Db; readonly now: () => number; readonly images: Images }) {
    this.#db = options.db;
    this.#now = options.now;
    this.#images = options.images;
  }

  /** Who owns the image sees all its members, a member itself. */
  list(auth: AuthContext, imageId: string): readonly MemberRow[] {
    const image = this.#shared(auth, imageId);
    const members = listMembers(this.#db, imageId);
    return owns(auth, image) ? members : members.filter((one) => one.member_id === auth.projectId);
  }

  /** @throws {CloudError} notFound when there is none, or when it is another project's. */
  get(auth: AuthContext, imageId: string, memberId: string): Membership {
    const image = this.#images.get(auth, imageId);
    const member = findMember(this.#db, imageId, memberId);
    if (member === undefined || !(owns(auth, image) || memberId === auth.projectId)) {
      throw notFound(`${memberId.slice(0, 80)} not found in the member list of the image ${imageId}.`);
    }
    return { ...member, project_id: image.owner_id };
  }

  add(auth: AuthContext, imageId: string, memberId: string): MemberRow {
    return transaction(this.#db, () => {
      this.#images.getOwn(auth, imageId);
      this.#shared(auth, imageId);
      const members = listMembers(this.#db, imageId);
      if (members.some((one) => one.member_id === memberId)) {
        throw conflict(`Image member ${memberId} already exists for image ${imageId}`);
      }
      if (members.length >= MAX_MEMBERS) {
        throw tooLarge(`The limit has been exceeded on the number of allowed image members: ${MAX_MEMBERS}.`);
      }
      const now = this.#now();
      const member: MemberRow = {
        image_id: imageId,
        member_id: memberId,
        status: 'pending',
        created_at: now,
        updated_at: now,
      };
      insertMember(this.#db, member);
      return member;
    });
  }

  answer(auth: AuthContext, imageId: string, memberId: string, status: MemberStatus): MemberRow {
    return transaction(this.#db, () => {
      this.#shared(auth, imageId);
      const member = this.get(auth, imageId, memberId);
      const now = this.#now();
      setMemberStatus(this.#db, imageId, memberId, status, now);
      return { ...member, status, updated_at: now };
    });
  }

  remove(auth: AuthContext, imageId: string, memberId: string): void {
    this.#images.getOwn(auth, imageId);
    this.#shared(auth, imageId);
    if (!deleteMember(this.#db, imageId, memberId)) {
      throw notFound(`${memberId.slice(0, 80)} not found in the member list of the image ${imageId}.`);
    }
  }

  #shared(auth: AuthContext, imageId: string): Image {
    const image = this.#images.get(auth, imageId);
    if (image.visibility !== 'shared') throw forbidden('Only shared images have members.');
    return image;
  }
}

const owns = (auth: AuthContext, image: Image): boolean =>
  auth.roles.has('admin') || (image.owner_id !== null && image.owner_id === auth.projectId);

/** A member as the API shows it. */
export const memberView = (member: MemberRow): Record<string, unknown> => ({
  member_id: member.member_id,
  image_id: member.image_id,
  status: member.status,
  created_at: time(member.created_at),
  updated_at: time(member.updated_at),
  schema: '/v2/schemas/member',
});
