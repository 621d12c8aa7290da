// Beside each file of dist its .br and .gz: the server only hands them out.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const compressed = /\.(html|js|css|svg|webmanifest)$/;
for (const name of readdirSync('dist', { recursive: true })) {
  const path = `dist/${name}`;
  if (!compressed.test(path)) continue;
  const bytes = readFileSync(path);
  writeFileSync(`${path}.br`, brotliCompressSync(bytes));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
