import { randomUUID } from 'node:crypto';
import type { Db } from '../../db/index.ts';
import { insertMessage } from '../store/message.ts';

/** How long a message stays: cinder's message_ttl, 30 days. */
const STAYS_MS = 2_592_000_000;

/** cinder's numbers and words of what was tried; from 101 on Deskcloud's own, where cinder leaves no message. */
const ACTIONS = {
  'schedule allocate volume': '001',
  'copy volume to image': '003',
  'copy image to volume': '005',
  'extend volume': '007',
  'create volume from backend storage': '008',
  'create snapshot': '009',
  'delete snapshot': '010',
  'create backup': '013',
  'delete backup': '014',
  'restore backup': '015',
  'reimage volume': '016',
  'delete volume': '101',
  'retype volume': '102',
  'migrate volume': '103',
  'revert volume to snapshot': '104',
  'manage existing volume': '120',
  'manage existing snapshot': '121',
  'create group': '110',
  'delete group': '111',
  'create group snapshot': '112',
  'delete group snapshot': '113',
} as const;
export type MessageAction = keyof typeof ACTIONS;

export interface Reported {
  readonly projectId: string;
  readonly requestId: string | null;
  readonly resource:
    'VOLUME' | 'VOLUME_SNAPSHOT' | 'VOLUME_BACKUP' | 'VOLUME_GROUP' | 'VOLUME_GROUP_SNAPSHOT';
  readonly resourceId: string;
  readonly action: MessageAction;
  /** What went wrong, in words for the owner. */
  readonly detail: string;
  readonly now: number;
  /** cinder's number of the detail; 'an unknown error occurred' by default. */
  readonly detailId?: string;
}

/** Leaves the owner a message about what failed behind an accepted request (GET /messages). */
export function report(db: Db, reported: Reported): void {
  const { action, detail, resource, now } = reported;
  insertMessage(db, {
    id: randomUUID(),
    project_id: reported.projectId,
    request_id: reported.requestId ?? 'req-unknown',
    resource_type: resource,
    resource_uuid: reported.resourceId,
    event_id: `VOLUME_${resource}_${ACTIONS[action]}_${reported.detailId ?? '001'}`,
    message_level: 'ERROR',
    user_message: `${action}:${detail}`,
    created_at: now,
    expires_at: now + STAYS_MS,
  });
}
