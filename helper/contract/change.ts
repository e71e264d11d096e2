/**
 * Something in the cloud is not as it was: a hint to look again, for who shows it. GET /deskcloud/v1/events?changes=true
 * sends these beside the operations' events, after the commit, each thing once however often it was written meanwhile.
 */
export interface ChangeEvent {
  readonly type: 'changed';
  readonly kind: ChangeKind;
  /** The id by which the API knows the thing (of a key pair, its name). */
  readonly id: string;
  /** Null where it belongs to no project. */
  readonly projectId: string | null;
  readonly deleted: boolean;
}

/** The kinds that are watched; of these, a thing's parts (a rule, a tag, a fixed IP) count as the thing itself. */
export type ChangeKind =
  | 'address_group'
  | 'aggregate'
  | 'application_credential'
  /** Somebody was given a role, or it was taken away; its id is the user's or the group's. */
  | 'assignment'
  | 'domain'
  | 'flavor'
  | 'floatingip'
  | 'group'
  | 'image'
  | 'keypair'
  | 'network'
  | 'port'
  | 'project'
  | 'qos_policy'
  /** The limits of a project; its id is the project's, or 'default' for everybody's. */
  | 'quota'
  | 'role'
  | 'router'
  | 'security_group'
  | 'server'
  | 'server_group'
  | 'subnet'
  | 'trunk'
  | 'user'
  | 'volume'
  | 'volume_snapshot'
  | 'volume_backup'
  | 'volume_group'
  | 'volume_group_snapshot'
  | 'volume_group_type'
  | 'volume_type';
