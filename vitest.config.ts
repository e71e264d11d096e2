import { defineConfig } from 'vitest/config';

/** Tests that touch the machine have it to themselves: one file after the other. */
const alone = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 300_000 } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{helper,main,resources,scripts,bench,test}/**/*.test.ts'],
          exclude: ['**/*.host.test.ts', '**/*.e2e.test.ts', '**/node_modules/**'],
          testTimeout: 30_000,
        },
      },
      {
        // Real devices, libvirt, images; needs root.
        test: { name: 'host', include: ['{helper,main,resources}/**/*.host.test.ts'], ...alone },
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
