import { defineConfig } from 'vitest/config';

/** Tests that touch the machine have it to themselves: one file after the other. */
const alone = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 300_000 } as const;

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
        // The whole helper with real guests, from outside; needs root.
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          ...alone,
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
