import type { Absence } from '../http/index.ts';

/** What Glance has and Deskcloud has not; helper/API.md shows it. */
export const imageAbsent: readonly Absence[] = [
  {
    what: 'Making tasks',
    paths: ['POST /tasks'],
    why: 'Imports make their tasks themselves (POST /images/{image_id}/import), as upstream has it by default.',
  },
  {
    what: 'Locations of images',
    paths: ['/images/{image_id}/locations'],
    why: 'They name files of the host; upstream keeps them off by default (OSSA-2016-006, OSSA-2024-001).',
  },
];
