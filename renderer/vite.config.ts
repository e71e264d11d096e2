import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { shippedParts } from '../scripts/shipped-parts.ts';

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: join(import.meta.dirname, '..', 'node_modules', '.cache', 'vite'),
  plugins: [svelte()],
  define: { __PARTS__: JSON.stringify(shippedParts(join(import.meta.dirname, '..'))) },
  build: {
    outDir: join(import.meta.dirname, '..', 'build', 'renderer'),
    emptyOutDir: true,
    target: 'chrome140',
    // Each asset is a file of the page's own origin: the content security policy lets nothing else in.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
