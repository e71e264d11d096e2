import { defineConfig } from 'vitest/config';

/** Tests that touch the machine have it to themselves: one file after the other. */
const alone = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 300_000 } as const;

/** Guests are emulated, and start slowly. */
const patient = { testTimeout: 600_000, hookTimeout: 900_000 } as const;

const NEEDS_THE_MACHINE = 'test/crash.e2e.test.ts';

export default defineConfig({
  test: {
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
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The whole helper with real guests, from outside; needs root. Most of it is waiting for guests.
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          exclude: [NEEDS_THE_MACHINE],
          maxWorkers: 2,
          ...patient,
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
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
