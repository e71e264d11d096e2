import type { Absence } from '../http/index.ts';

const VOLUMES = 'There is no block storage service yet.';

/** What Nova has and Deskcloud has not; helper/API.md shows it. */
export const computeAbsent: readonly Absence[] = [
  {
    what: 'Volumes: attaching, and the old proxies',
    paths: [
      'POST /servers/{server_id}/os-volume_attachments',
      'PUT /servers/{server_id}/os-volume_attachments/{volume_id}',
      'DELETE /servers/{server_id}/os-volume_attachments/{volume_id}',
      '/os-volumes',
      '/os-snapshots',
    ],
    why: VOLUMES,
  },
  {
    what: 'Shares of a server',
    paths: ['/servers/{server_id}/shares'],
    why: 'Later than microversion 2.93.',
  },
];
