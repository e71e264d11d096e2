import type { Absence } from '../http/index.ts';

/** What cinder has and Deskcloud has not (yet); helper/API.md shows it. */
export const volumeAbsent: readonly Absence[] = [
  {
    what: 'Attachments',
    paths: ['/attachments', 'POST /volumes/{volume_id}/action (os-attach, os-detach, os-reserve, ...)'],
    why: 'Not there yet: servers cannot use volumes so far.',
  },
  {
    what: 'Backups',
    paths: ['/backups'],
    why: 'Not there yet.',
  },
  {
    what: 'Groups and their snapshots',
    paths: ['/groups', '/group_snapshots', '/group_types', '/consistencygroups', '/cgsnapshots'],
    why: 'Not there yet; consistency groups were replaced by groups upstream.',
  },
  {
    what: 'Managing volumes that were made elsewhere',
    paths: ['/manageable_volumes', '/manageable_snapshots', '/os-volume-manage', '/os-snapshot-manage'],
    why: 'Not there yet.',
  },
  {
    what: 'Replication',
    paths: ['PUT /os-services/failover_host'],
    why: 'There is one host, so there is nothing to replicate to.',
  },
  {
    what: 'Log levels of services',
    paths: ['PUT /os-services/get-log', 'PUT /os-services/set-log'],
    why: 'All services are one process with one log.',
  },
];
