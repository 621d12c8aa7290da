import react from '@vitejs/plugin-react';
import type { HtmlTagDescriptor, Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// `make dev`: pages from here, everything else from a running server.
const server = process.env.CARILLON_DEV_SERVER ?? 'http://127.0.0.1:8080';
const proxy = {
  '/api': { target: server, changeOrigin: true },
  '/ws': { target: server, ws: true, changeOrigin: true },
};

/**
 * What each visit needs is named in index.html, so that it is fetched beside the entry and not after it: the file that draws, and the typeface,
 * without which the first list would be laid out twice.
 */
const beside: Plugin = {
  name: 'beside',
  transformIndexHtml: {
    order: 'post',
    handler(_html, { bundle, chunk: entry }) {
      if (!bundle) return []; // hot reload: nothing is bundled
      const page = Object.values(bundle).find((one) => one.type === 'chunk' && one.name === 'page');
      if (page?.type !== 'chunk') throw new Error('what draws the page is in no file of its own');
      const link = (attrs: HtmlTagDescriptor['attrs'], file: string): HtmlTagDescriptor => ({ tag: 'link', attrs: { ...attrs, crossorigin: true, href: `/${file}` }, injectTo: 'head' });
      return [
        ...[...(page.viteMetadata?.importedCss ?? [])].map((file) => link({ rel: 'stylesheet' }, file)),
        ...[page.fileName, ...page.imports].filter((file) => file !== entry?.fileName).map((file) => link({ rel: 'modulepreload' }, file)),
        ...Object.keys(bundle).filter((file) => file.endsWith('.woff2')).map((file) => link({ rel: 'preload', as: 'font', type: 'font/woff2' }, file)),
      ];
    },
  },
};

export default defineConfig({
  plugins: [react(), beside],
  build: {
    target: 'es2022',
    // The oldest with light-dark() and field-sizing or a graceful lack of it.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The server's policy allows neither inline scripts nor data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    // One file each: what asks for the tasks, and what draws them.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/, priority: 3 },
            { name: 'start', tags: ['$initial'], priority: 2 },
            { name: 'page', test: /src[\\/]page\.tsx$/, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy },
  preview: { proxy, headers: { 'Content-Security-Policy': "default-src 'self'" } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
