/*
 * embed.mjs DIST OUT.c: every file of the built page as a compressed byte array, for protocols/page/page_files.h.
 * gzip at level 9 is deterministic, so the same sources make the same file.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

function filesBelow(dir) {
  return readdirSync(dir, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(dir, entry.name)) : [join(dir, entry.name)]));
}

function bytesOf(buffer) {
  const rows = [];
  for (let at = 0; at < buffer.length; at += 32) rows.push([...buffer.subarray(at, at + 32)].join(',') + ',');
  return rows.join('\n');
}

const [dist, out] = process.argv.slice(2);
const arrays = [];
const rows = [];
let total = 0;
for (const [n, path] of filesBelow(dist).entries()) {
  const name = '/' + relative(dist, path);
  const type = types[extname(path)];
  if (!type) throw new Error(`${name}: no content type is known for it`);
  const raw = readFileSync(path);
  const packed = gzipSync(raw, { level: 9 });
  const etag = createHash('sha256').update(raw).digest('hex').slice(0, 32);
  total += packed.length;
  arrays.push(`static const unsigned char file_${n}[] = {\n${bytesOf(packed)}\n};`);
  rows.push(`    {"${name}", "${type}", "\\"${etag}\\"", file_${n}, sizeof(file_${n}), ${name.startsWith('/assets/')}},`);
}
writeFileSync(
  out + '.new',
  `/* Made by web-ui/embed.mjs at build time. */\n#include "page_files.h"\n\n${arrays.join('\n')}\n\n` +
    `const struct page_file page_files[] = {\n${rows.join('\n')}\n};\n` +
    `const size_t page_file_count = sizeof(page_files) / sizeof(page_files[0]);\n`,
);
renameSync(out + '.new', out);
console.log(`page: ${rows.length} files, ${total} bytes compressed`);
