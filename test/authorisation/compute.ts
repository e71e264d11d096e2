import { words, type Expectations } from './expectation.ts';

/** Who may do what at the compute service, by upstream's default policy. */
export const COMPUTE: Expectations = {
  anyone: words(`
    os-volumes_boot:servers:index os-volumes_boot:servers:detail
    os-volumes:list os-volumes:detail os-snapshots:list os-snapshots:detail
    os-floating-ips:list os-floating-ip-pools os-networks:list os-tenant-networks:list
    extensions:index extensions:show os-admin-actions:reset_network os-baremetal-nodes:create
    os-baremetal-nodes:delete os-baremetal-nodes:action
    servers:index servers:detail images:index images:detail os-security-groups:get flavors:index
    flavors:detail flavors:show flavor-extra-specs:index flavor-extra-specs:show os-keypairs:index
    os-keypairs:create os-quota-sets:defaults limits:index os-server-groups:index
    os-availability-zone:list`),
  reader: words(`
    os-volumes_boot:servers:show
    os-volumes:show os-snapshots:show
    os-floating-ips:show os-networks:show os-tenant-networks:show server-topology:index
    os-server-password:show
    servers:show images:show image-metadata:index image-metadata:show os-security-groups:show
    server-metadata:index server-metadata:show os-server-tags:index os-server-tags:show ips:index
    ips:show os-security-groups:list os-attach-interfaces:list os-attach-interfaces:show
    os-volumes-attachments:index os-volumes-attachments:show os-instance-actions:list os-instance-actions:show`),
  readerNamed: words(`
    os-simple-tenant-usage:show
    os-quota-sets:show os-quota-sets:detail os-server-groups:show`),
  memberHere: words(`
    os-volumes_boot:servers:create
    os-floating-ips:create os-volumes:create os-snapshots:create
    servers:create os-security-groups:create os-server-groups:create`),
  member: words(`
    os-volumes_boot:servers:update os-volumes_boot:servers:delete
    os-volumes:delete os-snapshots:delete
    os-rescue os-rescue:unrescue os-shelve:shelve os-shelve:unshelve
    os-volumes-attachments:create os-volumes-attachments:update os-volumes-attachments:delete
    os-attach-interfaces:create os-attach-interfaces:delete os-floating-ips:delete os-floating-ips:add
    os-floating-ips:remove os-multinic:add os-multinic:remove os-server-password:clear
   
    servers:update servers:delete servers:start servers:stop servers:reboot os-pause-server:pause
    os-pause-server:unpause os-suspend-server:suspend os-suspend-server:resume os-lock-server:lock
    os-lock-server:unlock os-console-output servers:rebuild servers:resize servers:confirm_resize
    servers:revert_resize servers:create_image os-create-backup images:delete image-metadata:create
    image-metadata:update_all image-metadata:update image-metadata:delete os-admin-password
    os-deferred-delete:force os-deferred-delete:restore servers:trigger_crash_dump
    os-security-groups:add os-security-groups:remove os-security-groups:update os-security-groups:delete
    os-security-groups:rule:create os-security-groups:rule:delete os-remote-consoles:vnc
    os-remote-consoles:serial os-remote-consoles:spice os-remote-consoles:create server-metadata:create
    server-metadata:update_all server-metadata:update server-metadata:delete os-server-tags:update_all
    os-server-tags:delete_all os-server-tags:update os-server-tags:delete`),
  memberNamed: words(`
    os-server-groups:delete`),
  owner: words(`
    os-keypairs:show os-keypairs:delete`),
  adminOfSeen: words(`
    os-admin-actions:inject_network_info
    os-shelve:shelve_offload
    servers:migrations:delete
    servers:migrations:show servers:migrations:force_complete
    os-admin-actions:reset_state os-server-diagnostics os-migrate-server:migrate
    os-migrate-server:migrate_live os-evacuate servers:migrations:index`),
  admin: words(`
    os-server-external-events:create os-console-auth-tokens:show os-simple-tenant-usage:list os-instance-usage-audit-log:list
    os-instance-usage-audit-log:show os-aggregates:images os-baremetal-nodes:list os-baremetal-nodes:show
    os-assisted-volume-snapshots:create os-assisted-volume-snapshots:delete os-hosts:list os-hosts:show
    os-hosts:update os-hosts:reboot os-hosts:shutdown os-hosts:startup
    os-migrations:index flavors:create flavors:update flavors:delete flavor-access:index
    flavor-access:add flavor-access:remove flavor-extra-specs:create flavor-extra-specs:update
    flavor-extra-specs:delete os-quota-sets:update os-quota-sets:delete os-quota-class-sets:show
    os-quota-class-sets:update os-services:list os-services:act os-services:update os-services:delete
    os-availability-zone:detail os-hypervisors:list os-hypervisors:detail os-hypervisors:statistics
    os-hypervisors:show os-hypervisors:uptime os-hypervisors:search os-hypervisors:servers
    os-aggregates:index os-aggregates:create os-aggregates:show os-aggregates:update
    os-aggregates:delete os-aggregates:add_host os-aggregates:remove_host os-aggregates:set_metadata`),
};
