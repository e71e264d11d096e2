import type { Absence } from '../http/index.ts';

const VOLUMES = 'There is no block storage service yet.';
const GONE = 'nova-network is gone, and so are these upstream (410).';

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
      '/os-assisted-volume-snapshots',
    ],
    why: VOLUMES,
  },
  {
    what: 'Simple tenant usage and the audit of usage',
    paths: ['/os-simple-tenant-usage', '/os-instance_usage_audit_log'],
    why: 'To come.',
  },
  {
    what: 'Topology and password of a server',
    paths: ['/servers/{server_id}/topology', '/servers/{server_id}/os-server-password'],
    why: 'To come.',
  },
  {
    what: 'Single migrations: showing, ending, forcing them',
    paths: ['/servers/{server_id}/migrations/{migration_id}'],
    why: 'There is one host, so no migration is ever under way.',
  },
  { what: 'External events', paths: ['/os-server-external-events'], why: 'To come.' },
  { what: 'Extensions of the API', paths: ['/extensions'], why: 'To come.' },
  {
    what: 'The old proxies of floating IPs and networks',
    paths: ['/os-floating-ips', '/os-floating-ip-pools', '/os-networks', '/os-tenant-networks'],
    why: 'To come.',
  },
  { what: 'Hosts', paths: ['/os-hosts'], why: 'To come.' },
  { what: 'Console tokens', paths: ['/os-console-auth-tokens'], why: 'To come.' },
  {
    what: 'Bare metal nodes, agents of guests, virtual interfaces, RDP consoles',
    paths: ['/os-baremetal-nodes', '/os-agents', '/servers/{server_id}/os-virtual-interfaces'],
    why: 'To come.',
  },
  {
    what: 'Images cached ahead on the hosts of an aggregate',
    paths: ['/os-aggregates/{aggregate_id}/images'],
    why: 'To come.',
  },
  {
    what: 'nova-network: fixed IPs, bulk floating IPs, DNS of floating IPs, default rules',
    paths: [
      '/os-fixed-ips',
      '/os-floating-ips-bulk',
      '/os-floating-ip-dns',
      '/os-security-group-default-rules',
    ],
    why: GONE,
  },
  {
    what: 'Cells v1, CloudPipe, certificates, fping, consoles of Xen',
    paths: ['/os-cells', '/os-cloudpipe', '/os-certificates', '/os-fping', '/servers/{server_id}/consoles'],
    why: 'Upstream has dropped them (410).',
  },
  {
    what: 'Shares of a server',
    paths: ['/servers/{server_id}/shares'],
    why: 'Later than microversion 2.93.',
  },
];
