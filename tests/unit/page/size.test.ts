/* What a browser has to load, compressed as it is served: `size.test.ts DIST`. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run, test } from './result.ts';

const LIMIT = 100_000; // bytes

test('all of it is below 100 kB', () => {
  const dist = process.argv[2]!;
  let total = 0;
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) total += gzipSync(readFileSync(join(entry.parentPath, entry.name)), { level: 9 }).length;
  console.log(`# page: ${(total / 1000).toFixed(1)} kB compressed`);
  assert.ok(total > 10_000 && total < LIMIT, `${total} bytes`);
});

test('nothing is inline in index.html', () => {
  const html = readFileSync(join(process.argv[2]!, 'index.html'), 'utf8');
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=/);
  for (const [, attributes, body] of html.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)) {
    assert.match(attributes!, /src="\/assets\//);
    assert.equal(body, '');
  }
});

await run('page size');
