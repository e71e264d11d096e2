import { transaction } from '../../db/index.ts';
import { badRequest, forbidden, notFound } from '../../errors/error.ts';
import {
  deleteDomainOption,
  domainOptions,
  putDomainOption,
  type DomainOptionRow,
} from '../store/extension.ts';
import { present } from './attributes.ts';
import type { IdentityContext } from './context.ts';
import { findDomain } from './projects.ts';

type Value = string | number | boolean | null;
type Options = Readonly<Record<string, Value>>;
export type Config = Readonly<Record<string, Options>>;
type Given = Readonly<Record<string, Value | Options>>;

/** Part of a configuration: all of it, a group, or one option of a group. */
export interface Part {
  readonly group?: string;
  readonly option?: string;
}

/**
 * What upstream lets a domain set, with upstream's defaults. Deskcloud keeps it for clients and has no LDAP: the
 * users of all domains are its own.
 */
export const DEFAULTS: Config = {
  identity: { driver: 'sql', list_limit: null },
  ldap: {
    url: 'ldap://localhost',
    user: null,
    suffix: 'cn=example,cn=com',
    query_scope: 'one',
    page_size: 0,
    user_tree_dn: null,
    user_filter: null,
    user_objectclass: 'inetOrgPerson',
    user_id_attribute: 'cn',
    user_name_attribute: 'sn',
    user_mail_attribute: 'mail',
    user_enabled_attribute: 'enabled',
    group_tree_dn: null,
    group_filter: null,
    group_objectclass: 'groupOfNames',
    group_id_attribute: 'cn',
    group_name_attribute: 'ou',
    group_member_attribute: 'member',
    use_tls: false,
  },
};

/** Kept and never shown (S21). */
const SENSITIVE: Readonly<Record<string, readonly string[]>> = { ldap: ['password'] };

/** @throws {CloudError} forbidden for what no domain can set. */
function checkPart({ group, option }: Part): void {
  if (group === undefined) return;
  const known = DEFAULTS[group];
  if (known === undefined)
    throw forbidden(`Invalid domain specific configuration: group ${group} is not supported.`);
  if (option !== undefined && !(option in known) && SENSITIVE[group]?.includes(option) !== true)
    throw forbidden(
      `Invalid domain specific configuration: option ${option} in group ${group} is not supported.`,
    );
}

/** The part in upstream's form: an option's alone is `{option: value}`. */
function cut(config: Config, { group, option }: Part, what: string): object {
  if (group === undefined) return config;
  const options = config[group];
  const found = option === undefined ? options : options?.[option];
  if (options === undefined || found === undefined) throw notFound(`Could not find ${what}.`);
  return option === undefined ? { [group]: options } : { [option]: found };
}

export function defaultConfig(part: Part): object {
  checkPart(part);
  return cut(DEFAULTS, part, `option ${part.option} in group ${part.group}`);
}

const stored = ({ db }: IdentityContext, domainId: string): readonly DomainOptionRow[] => {
  present(findDomain(db, domainId), 'domain', domainId);
  return domainOptions(db, domainId);
};

const inPart =
  ({ group, option }: Part) =>
  (row: DomainOptionRow): boolean =>
    (group === undefined || row.option_group === group) && (option === undefined || row.name === option);

/** @throws {CloudError} notFound when nothing of it is set. */
export function showConfig(identity: IdentityContext, domainId: string, part: Part): object {
  checkPart(part);
  const config: Record<string, Record<string, Value>> = {};
  for (const { option_group: group, name, value } of stored(identity, domainId)) {
    if (SENSITIVE[group]?.includes(name) === true) continue;
    (config[group] ??= {})[name] = JSON.parse(value) as Value;
  }
  const what = `configuration of domain ${domainId}${part.group === undefined ? '' : `, group ${part.group}`}`;
  if (Object.keys(config).length === 0) throw notFound(`Could not find ${what}.`);
  return cut(config, part, what);
}

/** What a body sets, which must be within the part that the path names. */
function settings(body: Given, part: Part): DomainOptionRow[] {
  const groups: [string, Options][] = [];
  if (part.group !== undefined && part.option !== undefined) {
    const value = body[part.option];
    const only = Object.keys(body).length === 1;
    if (value === undefined || (typeof value === 'object' && value !== null) || !only)
      throw badRequest('Invalid domain specific configuration: the body has to set the option of the path.');
    groups.push([part.group, { [part.option]: value }]);
  } else {
    for (const [group, options] of Object.entries(body)) {
      if (typeof options !== 'object' || options === null)
        throw badRequest(`Invalid domain specific configuration: group ${group} has to hold options.`);
      if (part.group !== undefined && group !== part.group)
        throw forbidden('Invalid domain specific configuration: the body has to hold the group of the path.');
      groups.push([group, options]);
    }
  }
  return groups.flatMap(([group, options]) =>
    Object.entries(options).map(([name, value]) => {
      checkPart({ group, option: name });
      return { option_group: group, name, value: JSON.stringify(value) };
    }),
  );
}

/** Sets all there is. */
export function replaceConfig(identity: IdentityContext, domainId: string, body: Given): object {
  return transaction(identity.db, () => {
    const rows = settings(body, {});
    for (const row of stored(identity, domainId)) deleteDomainOption(identity.db, domainId, row);
    for (const row of rows) putDomainOption(identity.db, domainId, row);
    return showConfig(identity, domainId, {});
  });
}

/**
 * Sets some options of what is there.
 * @throws {CloudError} notFound when there is nothing of that part yet.
 */
export function changeConfig(identity: IdentityContext, domainId: string, part: Part, body: Given): object {
  return transaction(identity.db, () => {
    checkPart(part);
    if (!stored(identity, domainId).some(inPart(part)))
      throw notFound(`Could not find the configuration of domain ${domainId} that is to be changed.`);
    for (const row of settings(body, part)) putDomainOption(identity.db, domainId, row);
    return showConfig(identity, domainId, {});
  });
}

/** @throws {CloudError} notFound when nothing of it is set. */
export function removeConfig(identity: IdentityContext, domainId: string, part: Part): void {
  transaction(identity.db, () => {
    checkPart(part);
    const rows = stored(identity, domainId).filter(inPart(part));
    if (rows.length === 0) throw notFound(`Could not find the configuration of domain ${domainId}.`);
    for (const row of rows) deleteDomainOption(identity.db, domainId, row);
  });
}
