import { hash, randomBytes } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { Secret } from '../../secret.ts';
import { findProject } from '../store/project.ts';
import { deleteReceipt, findReceipt, insertReceipt, type ReceiptRow } from '../store/receipt.ts';
import { findUser } from '../store/user.ts';
import { parseObject } from './attributes.ts';
import { timeText, type IdentityContext } from './context.ts';

/** What a login can be made with. */
const METHODS = ['password', 'token', 'totp', 'application_credential'];
/** Upstream's [receipt] expiration. */
const RECEIPT_MS = 5 * 60 * 1000;

/**
 * The combinations of methods that would let a user in, if those at hand do not. Combinations with a method that
 * there is not are as if they were not written, as upstream has it.
 */
export function lackingMethods(
  { db }: IdentityContext,
  userId: string,
  methods: ReadonlySet<string>,
): readonly string[][] | undefined {
  const options = parseObject(findUser(db, userId)?.options ?? '{}');
  if (options['multi_factor_auth_enabled'] !== true) return undefined;
  const rules = ((options['multi_factor_auth_rules'] ?? []) as string[][]).filter(
    (rule) => rule.length > 0 && rule.every((method) => METHODS.includes(method)),
  );
  if (rules.length === 0 || rules.some((rule) => rule.every((method) => methods.has(method))))
    return undefined;
  return rules;
}

/** Proof of the methods shown so far, to be given with the rest of them. */
export interface Receipt {
  readonly text: Secret;
  readonly body: object;
}

const keyOf = (text: string): Buffer => hash('sha256', text, 'buffer');

export function issueReceipt(
  identity: IdentityContext,
  userId: string,
  methods: readonly string[],
  required: readonly string[][],
): Receipt | undefined {
  const { db, clock } = identity;
  const text = randomBytes(32).toString('base64url');
  const now = clock();
  return transaction(
    db,
    () => {
      const user = findUser(db, userId);
      const domain = user && findProject(db, user.domain_id);
      if (user?.enabled !== 1 || domain?.enabled !== 1) return undefined;
      insertReceipt(db, {
        hash: keyOf(text),
        user_id: userId,
        methods: methods.join(','),
        password_changed_at: user.password_changed_at,
        issued_at: now,
        expires_at: now + RECEIPT_MS,
      });
      return {
        text: new Secret(text),
        body: {
          receipt: {
            methods,
            user: { id: user.id, name: user.name, domain: { id: domain.id, name: domain.name } },
            issued_at: timeText(now),
            expires_at: timeText(now + RECEIPT_MS),
          },
          required_auth_methods: required,
        },
      };
    },
    { durable: false },
  );
}

export const liveReceipt = ({ db, clock }: IdentityContext, text: string): ReceiptRow | undefined =>
  findReceipt(db, keyOf(text), clock());

/** A receipt is good for one login. */
export function endReceipt({ db }: IdentityContext, receipt: ReceiptRow): void {
  deleteReceipt(db, receipt.hash);
}
