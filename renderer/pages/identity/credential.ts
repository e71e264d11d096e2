import type { Api } from '../../cloud/api.ts';

export interface Credential {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly project_id: string;
  /** Without an offset, in UTC; null: no end. */
  readonly expires_at: string | null;
  readonly unrestricted: boolean;
  readonly roles: readonly { readonly id: string; readonly name: string }[];
}

/** With the secret, which is told only when it is made. */
export type NewCredential = Credential & { readonly secret: string };

const pathOf = (userId: string): string => `/users/${userId}/application_credentials`;

/** @throws {ApiError} */
export const readCredentials = async (api: Api, userId: string): Promise<readonly Credential[]> =>
  (await api.get<{ application_credentials: Credential[] }>('identity', pathOf(userId)))
    .application_credentials;

/** Makes one for the project of `api`. @throws {ApiError} */
export async function createCredential(
  api: Api,
  userId: string,
  wanted: {
    readonly name: string;
    readonly description: string;
    /** Ids; empty: all of the caller's. */
    readonly roles: readonly string[];
    readonly expiresAt: Date | undefined;
    readonly unrestricted: boolean;
  },
): Promise<NewCredential> {
  const body = {
    application_credential: {
      name: wanted.name,
      unrestricted: wanted.unrestricted,
      ...(wanted.description === '' ? {} : { description: wanted.description }),
      ...(wanted.roles.length === 0 ? {} : { roles: wanted.roles.map((id) => ({ id })) }),
      ...(wanted.expiresAt === undefined ? {} : { expires_at: wanted.expiresAt.toISOString() }),
    },
  };
  const answer = await api.post<{ application_credential: NewCredential }>('identity', pathOf(userId), body);
  return answer.application_credential;
}

export const endOf = (credential: Credential): Date | undefined =>
  credential.expires_at === null ? undefined : new Date(`${credential.expires_at.replace(/Z$/, '')}Z`);
