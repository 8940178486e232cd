import { defineConfig } from 'vitest/config';

// While developing, everything that is not the map itself is asked of a running server.
const server = process.env['DOTHI_URL'] ?? 'http://127.0.0.1:8080';
const api = ['/ogc', '/tiles', '/styles', '/fonts', '/sprites', '/land-use', '/query', '/health', '/ready', '/admin/uploads', '/admin/jobs'];

export default defineConfig({
  // Scripts find one another whatever path the server stands under; in the pages the server puts it in (src/http/web.rs).
  base: './',
  // MapLibre's worker is an ES module with imports of its own.
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // Every asset is a file with a hash in its name: the server may then send them as immutable,
    // and a strict Content-Security-Policy needs no exception for fonts or icons.
    assetsInlineLimit: 0,
    // MapLibre alone is about a megabyte before compression; it is needed at once, so it is not split.
    chunkSizeWarningLimit: 1600,
    rollupOptions: {
      // The pages of the API name their script, so it has no hash.
      input: { index: 'index.html', import: 'admin/import.html', preview: 'src/preview.ts' },
      output: { entryFileNames: ({ name }) => (name === 'preview' ? 'preview.js' : 'assets/[name]-[hash].js') },
    },
  },
  server: { proxy: Object.fromEntries(api.map((path) => [path, { target: server }])) },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
