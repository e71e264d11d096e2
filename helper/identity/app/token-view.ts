import type { CatalogService } from './catalog.ts';
import { timeText } from './context.ts';
import type { LiveToken } from './tokens.ts';
import type { AccessRuleRow, ApplicationCredentialRow } from '../store/application-credential.ts';

/** The body of an answer about a token. */
export function tokenView(
  { row, roles }: LiveToken,
  more: {
    catalog: readonly CatalogService[] | undefined;
    credential: ApplicationCredentialRow | undefined;
    rules: readonly AccessRuleRow[];
  },
): object {
  const scoped = row.scope_kind !== null;
  return {
    token: {
      methods: row.methods.split(','),
      user: {
        id: row.user_id,
        name: row.user_name,
        domain: { id: row.user_domain_id, name: row.user_domain_name },
        password_expires_at: row.password_expires_at === null ? null : timeText(row.password_expires_at),
      },
      audit_ids: row.audit_chain_id === null ? [row.audit_id] : [row.audit_id, row.audit_chain_id],
      expires_at: timeText(row.expires_at),
      issued_at: timeText(row.issued_at),
      ...scopeView(row),
      ...(scoped ? { roles: roles.map(({ id, name }) => ({ id, name })) } : {}),
      ...trustView(row),
      ...(scoped && more.catalog !== undefined ? { catalog: more.catalog } : {}),
      ...(more.credential === undefined
        ? {}
        : {
            application_credential: {
              id: more.credential.id,
              name: more.credential.name,
              restricted: more.credential.unrestricted === 0,
              ...(more.credential.ruled === 1
                ? {
                    access_rules: more.rules.map(({ id, service, path, method }) => ({
                      id,
                      service,
                      path,
                      method,
                    })),
                  }
                : {}),
            },
          }),
    },
  };
}

const trustView = (row: LiveToken['row']): object =>
  row.trust_id === null
    ? {}
    : {
        'OS-TRUST:trust': {
          id: row.trust_id,
          impersonation: row.trust_impersonation === 1,
          trustor_user: { id: row.trustor_user_id },
          trustee_user: { id: row.trustee_user_id },
        },
      };

function scopeView(row: LiveToken['row']): object {
  if (row.scope_kind === 'system') return { system: { all: true } };
  if (row.scope_kind === 'domain') return { domain: { id: row.scope_id, name: row.scope_name } };
  if (row.scope_kind === null) return {};
  // A domain used as a project is in itself.
  const domain = { id: row.scope_domain_id ?? row.scope_id, name: row.scope_domain_name ?? row.scope_name };
  return {
    project: { id: row.scope_id, name: row.scope_name, domain },
    is_domain: row.scope_is_domain === 1,
  };
}
