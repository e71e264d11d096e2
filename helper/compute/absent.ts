import type { Absence } from '../http/index.ts';

/** What Nova has and Deskcloud has not; helper/API.md shows it. */
export const computeAbsent: readonly Absence[] = [
  {
    what: 'Shares of a server',
    paths: ['/servers/{server_id}/shares'],
    why: 'Later than microversion 2.93.',
  },
];
