import { admin, anyone, either, sameUser, type Check, type PolicyRules } from '../http/index.ts';

const service: Check = (auth) => auth.roles.has('service');

/** The target's project is the one that the caller's token is for. */
const ownProject: Check = (auth, target) =>
  auth.projectId !== undefined && target.project_id === auth.projectId;

/** The target's domain is that of the caller's token. */
const ownDomain: Check = (auth, target) =>
  typeof target.domain_id === 'string' &&
  (target.domain_id === auth.domainId || target.domain_id === auth.projectDomainId);

/** The whole cloud may be looked at with role reader on the system. */
const systemReader: Check = (auth) => auth.system === true && auth.roles.has('reader');

/** A domain-scoped token with this role, for what is of that domain. */
const inDomain =
  (role: string): Check =>
  (auth, target) =>
    auth.domainId !== undefined && auth.roles.has(role) && target.domain_id === auth.domainId;
const domainReader = inDomain('reader');

/** Upstream's domain manager; who is or would become an administrator is not its to change. */
const domainManager: Check = (auth, target) =>
  inDomain('manager')(auth, target) && target['administrates'] !== true;

/** Upstream's domain_managed_target_role: what a domain manager may hand out, nothing above its own role. */
const MANAGED_ROLES: readonly unknown[] = ['manager', 'member', 'reader'];

/** The actor of a grant and its target are both in the domain of the caller's token. */
const grantWithin =
  (role: string): Check =>
  (auth, target) =>
    auth.domainId !== undefined &&
    auth.roles.has(role) &&
    target['actor_domain_id'] === auth.domainId &&
    target.domain_id === auth.domainId &&
    (target['role_domain_id'] === null || target['role_domain_id'] === auth.domainId);
const grantReader = grantWithin('reader');
const grantManager: Check = (auth, target) =>
  grantWithin('manager')(auth, target) &&
  target['role_domain_id'] === null &&
  MANAGED_ROLES.includes(target['role_name']);

/** What domain managers need to know for their grants. */
const anyDomainManager: Check = (auth) => auth.domainId !== undefined && auth.roles.has('manager');
const anyDomainReader: Check = (auth) => auth.domainId !== undefined && auth.roles.has('reader');

const trustor: Check = (auth, target) => target['trustor'] === auth.userId;
const trustee: Check = (auth, target) => target['trustee'] === auth.userId;

const rules = (check: Check, ...names: readonly string[]): PolicyRules =>
  Object.fromEntries(names.map((name) => [`identity:${name}`, check]));

/**
 * Upstream's rules. Its administrator is role admin in any scope; a rule that is not here denies (S19).
 * Source: keystone/common/policies.
 */
export const identityRules: PolicyRules = {
  ...rules(either(admin, service, sameUser), 'validate_token', 'check_token'),
  ...rules(either(admin, sameUser), 'revoke_token'),
  ...rules(anyone, 'get_auth_catalog', 'get_auth_projects', 'get_auth_domains', 'get_auth_system'),
  ...rules(anyone, 'get_region', 'list_regions'),
  ...rules(
    either(admin, sameUser, systemReader, domainReader),
    'get_user',
    'list_user_projects',
    'list_groups_for_user',
  ),
  ...rules(
    either(admin, sameUser, systemReader),
    'get_application_credential',
    'list_application_credentials',
    'get_access_rule',
    'list_access_rules',
  ),
  ...rules(either(admin, sameUser), 'delete_application_credential', 'delete_access_rule'),
  // Nobody, not even an administrator, gives out credentials of another user (S14).
  ...rules(sameUser, 'create_application_credential'),
  ...rules(
    either(admin, sameUser),
    'create_credential',
    'get_credential',
    'update_credential',
    'delete_credential',
    'ec2_get_credential',
    'ec2_list_credentials',
    'ec2_create_credential',
    'ec2_delete_credential',
  ),
  ...rules(
    anyone,
    'list_credentials',
    'get_limit_model',
    'list_limits',
    'get_registered_limit',
    'list_registered_limits',
  ),
  ...rules(either(admin, ownProject, ownDomain), 'get_limit'),
  ...rules(either(admin, service), 'ec2tokens_validate'),
  ...rules(trustor, 'create_trust'),
  ...rules(either(admin, trustor), 'delete_trust'),
  ...rules(
    either(admin, trustor, trustee, systemReader),
    'list_trusts',
    'get_trust',
    'list_roles_for_trust',
    'get_role_for_trust',
  ),
  ...rules(
    either(admin, ownProject, systemReader, domainReader),
    'get_project',
    'list_project_tags',
    'get_project_tag',
  ),
  ...rules(either(admin, ownDomain, systemReader), 'get_domain'),
  ...rules(
    either(admin, systemReader, domainReader),
    'list_users',
    'list_projects',
    'get_group',
    'list_groups',
    'list_users_in_group',
    'check_user_in_group',
  ),
  ...rules(
    either(admin, domainManager),
    'create_user',
    'update_user',
    'delete_user',
    'create_project',
    'update_project',
    'delete_project',
    'create_group',
    'update_group',
    'delete_group',
    'add_user_to_group',
    'remove_user_from_group',
  ),
  ...rules(either(admin, systemReader, anyDomainManager), 'get_role', 'list_roles'),
  ...rules(either(admin, systemReader, anyDomainReader), 'list_role_assignments'),
  ...rules(either(admin, systemReader, grantReader), 'check_grant', 'list_grants'),
  ...rules(either(admin, grantManager), 'create_grant', 'revoke_grant'),
  ...rules(
    either(admin, systemReader),
    'list_policies',
    'get_policy',
    'list_consumers',
    'get_consumer',
    'get_domain_config_default',
    'get_domain_config',
    'list_endpoint_groups',
    'get_endpoint_group',
    'list_endpoints_for_project',
    'list_endpoint_groups_for_project',
    'list_endpoints_associated_with_endpoint_group',
    'check_endpoint_in_project',
    'list_projects_for_endpoint',
    'get_endpoint_group_in_project',
    'list_projects_associated_with_endpoint_group',
    'list_domains',
    'get_implied_role',
    'list_implied_roles',
    'check_implied_role',
    'list_role_inference_rules',
    'list_system_grants_for_user',
    'check_system_grant_for_user',
    'list_system_grants_for_group',
    'check_system_grant_for_group',
    'get_service',
    'list_services',
    'get_endpoint',
    'list_endpoints',
  ),
  ...rules(
    admin,
    'create_limits',
    'update_limit',
    'delete_limit',
    'create_registered_limits',
    'update_registered_limit',
    'delete_registered_limit',
    'create_policy',
    'update_policy',
    'delete_policy',
    'create_consumer',
    'update_consumer',
    'delete_consumer',
    'create_domain_config',
    'update_domain_config',
    'delete_domain_config',
    'create_endpoint_group',
    'update_endpoint_group',
    'delete_endpoint_group',
    'add_endpoint_to_project',
    'remove_endpoint_from_project',
    'add_endpoint_group_to_project',
    'remove_endpoint_group_from_project',
    'update_project_tags',
    'create_project_tag',
    'delete_project_tags',
    'delete_project_tag',
    'create_domain',
    'update_domain',
    'delete_domain',
    'create_role',
    'update_role',
    'delete_role',
    'create_implied_role',
    'delete_implied_role',
    'create_system_grant_for_user',
    'revoke_system_grant_for_user',
    'create_system_grant_for_group',
    'revoke_system_grant_for_group',
    'create_service',
    'update_service',
    'delete_service',
    'create_endpoint',
    'update_endpoint',
    'delete_endpoint',
    'create_region',
    'update_region',
    'delete_region',
  ),
};
