import { words, type Expectations } from './expectation.ts';

/** Who may do what at the identity service, by upstream's default policy. */
export const IDENTITY: Expectations = {
  open: words(`
    tokens:create users:password`),
  anyone: words(`
    auth:catalog auth:projects auth:domains auth:system credentials:list
    credentials:create registered-limits:list registered-limits:show limits:model limits:list
    regions:list regions:show`),
  reader: words(`limits:show`),
  adminOfSeen: words(`limits:update limits:delete`),
  readerNamed: words(`
    projects:show project-tags:list project-tags:check`),
  hidden: words(`
    credentials:show credentials:update credentials:delete     trusts:show trusts:delete trusts:roles trusts:role`),
  admin: words(`
    tokens:show tokens:check tokens:revoke users:list users:create users:show users:update users:delete users:projects
    users:groups projects:list projects:create projects:update projects:delete domains:list
    domains:create domains:show domains:update domains:delete project-tags:replace project-tags:clear
    project-tags:create project-tags:delete groups:list groups:create groups:show groups:update
    groups:delete groups:users groups:add-user groups:check-user groups:remove-user roles:list
    roles:create roles:show roles:update roles:delete roles:implied roles:imply roles:implication
    roles:check-implication roles:no-longer-imply roles:inferences project-user-grants:list
    project-user-grants:check project-user-grants:create project-user-grants:revoke
    project-group-grants:list project-group-grants:check project-group-grants:create
    project-group-grants:revoke domain-user-grants:list domain-user-grants:check
    domain-user-grants:create domain-user-grants:revoke domain-group-grants:list
    domain-group-grants:check domain-group-grants:create domain-group-grants:revoke
    system-user-grants:list system-user-grants:check system-user-grants:create system-user-grants:revoke
    system-group-grants:list system-group-grants:check system-group-grants:create
    system-group-grants:revoke inherited-project-user-grants:list inherited-project-user-grants:check
    inherited-project-user-grants:create inherited-project-user-grants:revoke
    inherited-project-group-grants:list inherited-project-group-grants:check
    inherited-project-group-grants:create inherited-project-group-grants:revoke
    inherited-domain-user-grants:list inherited-domain-user-grants:check
    inherited-domain-user-grants:create inherited-domain-user-grants:revoke
    inherited-domain-group-grants:list inherited-domain-group-grants:check
    inherited-domain-group-grants:create inherited-domain-group-grants:revoke role-assignments:list
    application-credentials:list application-credentials:create application-credentials:show
    application-credentials:delete access-rules:list access-rules:show access-rules:delete ec2:list
    ec2:create ec2:show ec2:delete ec2:login domain-config:default domain-config:show
    domain-config:update domain-config:delete domain-config-group:default domain-config-group:show
    domain-config-group:update domain-config-group:delete domain-config-option:default
    domain-config-option:show domain-config-option:update domain-config-option:delete
    domain-config:create endpoint-groups:list endpoint-groups:create endpoint-groups:show
    endpoint-groups:check endpoint-groups:update endpoint-groups:delete endpoint-shown:add
    endpoint-shown:check endpoint-shown:show endpoint-shown:remove endpoint-shown:projects
    endpoint-group-shown:add endpoint-group-shown:check endpoint-group-shown:show
    endpoint-group-shown:remove endpoint-group-shown:projects endpoint-filter:endpoints
    endpoint-filter:groups endpoint-groups:endpoints registered-limits:create registered-limits:update
    registered-limits:delete limits:create policies:list policies:create policies:show policies:update
    policies:delete consumers:list consumers:create consumers:show consumers:update consumers:delete
    trusts:list trusts:list-slash trusts:create regions:create regions:update regions:delete regions:put
    services:list services:create services:show services:update services:delete endpoints:list
    endpoints:create endpoints:show endpoints:update endpoints:delete`),
};
