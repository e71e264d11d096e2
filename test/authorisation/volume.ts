import type { Expectations } from './expectation.ts';
import { words } from './expectation.ts';

/** Who may do what at the block storage service, by upstream's default policy. */
export const VOLUME: Expectations = {
  anyone: words(`
    volumes:list volumes:detail volumes:summary snapshots:list snapshots:detail types:list types:show
    types:extra_specs:list os-volume-transfer:list os-volume-transfer:detail volume-transfers:list
    volume-transfers:detail messages:list limits:show os-availability-zone:list extensions:list extensions:show
    resource_filters:list attachments:list attachments:detail backups:list
    backups:detail groups:list groups:detail group_snapshots:list
    group_snapshots:detail consistencygroups:list consistencygroups:detail cgsnapshots:list cgsnapshots:detail group_types:list group_types:show`),
  reader: words(`
    volumes:show volumes:encryption volumes:metadata:list volumes:metadata:show volumes:os-show_image_metadata snapshots:show
    snapshots:metadata:list snapshots:metadata:show os-volume-transfer:show volume-transfers:show messages:show
    attachments:show backups:show groups:show group_snapshots:show consistencygroups:show cgsnapshots:show`),
  readerNamed: words('os-quota-sets:show os-quota-sets:defaults'),
  memberHere: words(`
    volumes:create snapshots:create os-volume-transfer:create os-volume-transfer:accept volume-transfers:create
    volume-transfers:accept attachments:create backups:create groups:create groups:create-from-src group_snapshots:create
    consistencygroups:create consistencygroups:create_from_src cgsnapshots:create`),
  member: words(`
    volumes:update volumes:delete volumes:os-extend volumes:os-update_readonly_flag volumes:os-set_bootable
    volumes:os-retype volumes:revert volumes:os-reimage volumes:os-volume_upload_image volumes:os-set_image_metadata
    volumes:os-unset_image_metadata volumes:metadata:create volumes:metadata:replace volumes:metadata:update
    volumes:metadata:delete snapshots:update snapshots:delete snapshots:os-update_snapshot_status
    snapshots:metadata:create snapshots:metadata:replace snapshots:metadata:update snapshots:metadata:delete
    os-volume-transfer:delete volume-transfers:delete messages:delete backups:update backups:delete backups:restore attachments:update attachments:delete
    attachments:os-complete volumes:os-attach volumes:os-detach volumes:os-reserve volumes:os-unreserve
    volumes:os-begin_detaching volumes:os-roll_detaching groups:update groups:delete groups:enable_replication
    groups:disable_replication groups:failover_replication groups:list_replication_targets group_snapshots:delete
    consistencygroups:delete consistencygroups:update cgsnapshots:delete
    volumes:os-initialize_connection volumes:os-terminate_connection`),
  adminOfSeen: words(`
    volumes:os-reset_status volumes:os-migrate_volume volumes:os-migrate_volume_completion volumes:os-force_delete
    snapshots:os-reset_status snapshots:os-force_delete volumes:os-force_detach groups:reset_status
    group_snapshots:reset_status volumes:os-unmanage snapshots:os-unmanage
    backups:export_record backups:os-reset_status backups:os-force_delete`),
  /** What an administrator's extra specs say is for administrators. */
  hidden: words('types:extra_specs:show'),
  admin: words(`
    types:create types:update types:delete types:access types:addProjectAccess types:removeProjectAccess
    types:extra_specs:create types:extra_specs:update types:extra_specs:delete types:encryption:show
    types:encryption:create types:encryption:item types:encryption:update types:encryption:delete default-types:list
    default-types:show default-types:set default-types:unset qos-specs:list qos-specs:create qos-specs:show
    qos-specs:update qos-specs:delete qos-specs:delete_keys qos-specs:associations qos-specs:associate
    qos-specs:disassociate qos-specs:disassociate_all os-quota-sets:update os-quota-sets:delete
    os-quota-class-sets:show os-quota-class-sets:update os-services:list os-services:enable os-services:disable
    os-services:disable-log-reason os-services:freeze os-services:thaw os-hosts:list os-hosts:show
    scheduler-stats:get_pools capabilities:show clusters:list clusters:detail clusters:show workers:cleanup
    backups:import_record
    group_types:create group_types:update group_types:delete group_types:group_specs:list
    group_types:group_specs:create group_types:group_specs:show group_types:group_specs:update
    group_types:group_specs:delete os-volume-manage:list os-volume-manage:detail os-volume-manage:create
    manageable_volumes:list manageable_volumes:detail manageable_volumes:create os-snapshot-manage:list
    os-snapshot-manage:detail os-snapshot-manage:create manageable_snapshots:list manageable_snapshots:detail
    manageable_snapshots:create os-services:failover_host os-services:failover clusters:enable clusters:disable`),
};
