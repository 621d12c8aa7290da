// After Vite: tells the service worker what to keep, and puts beside each file of dist its .br and .gz for the server to hand out.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const names = readdirSync('dist', { recursive: true }).map((name) => name.replaceAll('\\', '/'));
const kept = names.filter((name) => name.startsWith('assets/') || ['theme.js', 'icon.svg', 'icon-waiting.svg'].includes(name));
const worker = readFileSync('dist/sw.js', 'utf8');
writeFileSync('dist/sw.js', worker.replace('const files = [];', `const files = ${JSON.stringify(kept.map((name) => `/${name}`).sort())};`));

for (const name of names.filter((one) => /\.(html|js|css|svg|webmanifest)$/.test(one))) {
  const bytes = readFileSync(`dist/${name}`);
  writeFileSync(`dist/${name}.br`, brotliCompressSync(bytes));
  writeFileSync(`dist/${name}.gz`, gzipSync(bytes, { level: 9 }));
}
