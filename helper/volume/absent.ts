import type { Absence } from '../http/index.ts';

/** What cinder has and Deskcloud has not (yet); helper/API.md shows it. */
export const volumeAbsent: readonly Absence[] = [
  {
    what: 'Log levels of services',
    paths: ['PUT /os-services/get-log', 'PUT /os-services/set-log'],
    why: 'All services are one process with one log of one level.',
  },
];
