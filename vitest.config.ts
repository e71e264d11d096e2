import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Tests that touch the machine have it to themselves: one file after the other. */
const alone = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 300_000 } as const;

/** Guests are emulated, and start slowly. */
const patient = { testTimeout: 900_000, hookTimeout: 900_000 } as const;

/** Starts helpers, as one program each. */
const startsHelpers = { globalSetup: 'test/support/bundled-helpers.ts' } as const;

const NEEDS_THE_MACHINE = 'test/libvirtd-restart.e2e.test.ts';

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          // By default vitest leaves one processor free, and that is half of a small machine.
          maxWorkers: '100%',
          include: ['{helper,main,renderer,resources,scripts,bench,test}/**/*.test.ts'],
          exclude: ['**/*.host.test.ts', '**/*.e2e.test.ts', '**/*.ui.test.ts', '**/node_modules/**'],
          testTimeout: 30_000,
        },
      },
      {
        // Real devices, libvirt, images; needs root.
        test: { name: 'host', include: ['{helper,main,resources}/**/*.host.test.ts'], ...alone },
      },
      {
        // The window in a browser, over a cloud on a simulated host. Two at a time is what a small machine bears.
        test: {
          name: 'ui',
          include: ['test/ui/**/*.ui.test.ts'],
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          ...startsHelpers,
        },
      },
      {
        // The whole helper with real guests, from outside; needs root. Most of it is waiting for guests.
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          exclude: [NEEDS_THE_MACHINE],
          maxWorkers: 3,
          ...patient,
          ...startsHelpers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // What ends the machine's libvirtd cannot have others beside it.
        test: {
          name: 'e2e-alone',
          include: [NEEDS_THE_MACHINE],
          ...alone,
          ...patient,
          ...startsHelpers,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
