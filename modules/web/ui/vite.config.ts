import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `make dev`: pages from here, everything else from a running server.
const server = process.env.CARILLON_DEV_SERVER ?? 'http://127.0.0.1:8080';
const proxy = {
  '/api': { target: server, changeOrigin: true },
  '/ws': { target: server, ws: true, changeOrigin: true },
};

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // The oldest with light-dark() and field-sizing or a graceful lack of it.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The server's policy allows neither inline scripts nor data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy },
  preview: { proxy, headers: { 'Content-Security-Policy': "default-src 'self'" } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
