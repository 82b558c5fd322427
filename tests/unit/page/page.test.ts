/* The pure modules of the page. Run by `tool.sh node`; prints results as the other tests do. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { hasTerm, quoted, setTerm, term, termsOf, toggleTerm, valueOf } from '../../../web-ui/src/lib/filter.ts';
import { age, bytes, duration, fingerprint } from '../../../web-ui/src/lib/format.ts';
import { troublesOf } from '../../../web-ui/src/lib/health.ts';
import { identity, post, postOn, Problem, problemOf } from '../../../web-ui/src/lib/api.ts';
import { bestEffort, deviceOf, filterOf, firstReach, inOrder, leastOf, liveQuery, localTime, nextReach, paramsOf, searchPath } from '../../../web-ui/src/lib/logfilter.ts';
import { keyidOf } from '../../../web-ui/src/lib/pem.ts';
import { qrMatrix, qrPath } from '../../../web-ui/src/lib/qr.ts';
import { RateSeries } from '../../../web-ui/src/lib/rate.ts';
import { bySeverity, placeOf } from '../../../web-ui/src/lib/alerts.ts';
import { actsOf, backOf, defaultPlan, holdOf, marksOf, nextOf, segmentsOf, stillHeld } from '../../../web-ui/src/lib/rollout.ts';
import { pathWith, screenOf } from '../../../web-ui/src/lib/route.ts';
import { newer, Rows } from '../../../web-ui/src/lib/rows.ts';
import { Tail } from '../../../web-ui/src/lib/tail.ts';
import { text } from '../../../web-ui/src/lib/text.ts';
import type { Alert, LogEvent, Rollout, RolloutState, Status, Wave } from '../../../web-ui/src/lib/types.ts';
import { run, test } from './result.ts';

const at = (path: string): URL => new URL(path, import.meta.url);

/* ── rows ── */

test('rows stand in the order of their keys, whatever order they came in', () => {
  const rows = new Rows<number>();
  rows.apply([['b', 2], ['a', 1]], [], 2, false);
  rows.apply([['c', 3], ['a', 10]], ['b'], 2, false);
  assert.deepEqual(rows.list(), [10, 3]);
  assert.equal(rows.get('a'), 10);
  assert.equal(rows.total, 2);
});

test('a set that comes anew is put together aside and shown at once', () => {
  const rows = new Rows<number>();
  rows.apply([['a', 1], ['b', 2]], [], 2, false);
  rows.restart();
  rows.apply([['c', 3]], [], 2, true);
  assert.deepEqual(rows.list(), [1, 2]);
  assert.equal(rows.complete, false);
  rows.apply([['d', 4]], [], 2, false);
  assert.deepEqual(rows.list(), [3, 4]);
  assert.equal(rows.complete, true);
});

test('the very first set grows in sight', () => {
  const rows = new Rows<number>();
  rows.restart();
  rows.apply([['a', 1]], [], 5, true);
  assert.deepEqual(rows.list(), [1]);
});

test('a key that is not there may be deleted', () => {
  const rows = new Rows<number>();
  rows.apply([['a', 1]], ['z'], 1, false);
  assert.deepEqual(rows.list(), [1]);
});

test('a live row that tells of the time before an act does not undo its answer', () => {
  const row = (rev: string) => ({ rev });
  assert.equal(newer(row('9'), row('10'))?.rev, '10');
  assert.equal(newer(row('11'), row('10'))?.rev, '11');
  assert.equal(newer(undefined, row('10'))?.rev, '10');
  assert.equal(newer(row('9'), null)?.rev, '9');
});

/* ── tail ── */

const event = (n: number): { k: string } => ({ k: String(n) });
const numbers = (tail: Tail<{ k: string }>): string => tail.shown.map((one) => one.k).join(' ');

test('a tail holds so many and no more, and lets the oldest go', () => {
  const tail = new Tail<{ k: string }>(3, (one) => one.k);
  tail.add([1, 2, 3, 4, 5].map(event));
  assert.equal(numbers(tail), '3 4 5');
  tail.add([event(3), event(5)]);
  assert.equal(numbers(tail), '3 4 5', 'what is there comes once');
  tail.add([event(1)]);
  assert.equal(numbers(tail), '4 5 1', 'what has gone may come again');
});

test('a paused tail stands still and counts what comes', () => {
  const tail = new Tail<{ k: string }>(3, (one) => one.k);
  tail.add([event(1)]);
  tail.paused = true;
  tail.add([2, 3, 4, 5].map(event));
  assert.equal(numbers(tail), '1');
  assert.equal(tail.fresh, 4);
  assert.equal(tail.waiting.length, 3, 'what waits is bounded as well');
  tail.resume();
  assert.equal(numbers(tail), '3 4 5');
  assert.equal(tail.fresh, 0);
});

test('what is found further back goes before the rest, as far as there is room', () => {
  const tail = new Tail<{ k: string }>(4, (one) => one.k);
  tail.add([5, 6].map(event));
  assert.equal(tail.addOlder([1, 2, 3, 4, 5].map(event)), 2);
  assert.equal(numbers(tail), '3 4 5 6');
  tail.lag(7);
  assert.equal(tail.dropped, 7);
  tail.clear();
  assert.equal(numbers(tail), '');
  assert.equal(tail.dropped, 0);
});

/* ── queries ── */

test('terms are split at spaces outside of quotes', () => {
  assert.deepEqual(termsOf('a:b  name:"pump 7" -tag:lab "x \\" y"'), ['a:b', 'name:"pump 7"', '-tag:lab', '"x \\" y"']);
  assert.deepEqual(termsOf('   '), []);
  assert.deepEqual(termsOf('name:"open end'), ['name:"open end']);
});

test('a term is switched on and off, and leaves the others alone', () => {
  assert.equal(toggleTerm('a:b', 'state:active'), 'a:b state:active');
  assert.equal(toggleTerm('a:b state:active', 'state:active'), 'a:b');
  assert.equal(hasTerm('a:b state:active', 'state:active'), true);
  assert.equal(hasTerm('-state:active', 'state:active'), false);
});

test('a value survives being quoted', () => {
  for (const value of ['plain', 'with space', 'a"b', 'back\\slash', 'ümlaut']) assert.equal(valueOf(term('name', value), 'name'), value);
  assert.equal(quoted('pump-1'), 'pump-1');
  assert.equal(setTerm('name:x a:b', 'name', 'pump 7'), 'a:b name:"pump 7"');
  assert.equal(setTerm('name:x a:b', 'name', ''), 'a:b');
});

/* ── the log's filter ── */

test('a log filter is the same in the address, in a search and in a live query', () => {
  const filter = filterOf(new URLSearchParams('device=pump-1&sev=high&text=a+%22b%22'));
  assert.deepEqual(filter, { device: 'pump-1', audit: false, sev: 'high', text: 'a "b"', before: '' });
  assert.deepEqual(filterOf(new URLSearchParams(pathWith('/log', paramsOf(filter)).split('?')[1])), filter);
  const night = { ...filter, before: '2026-11-23T02:30:00.000Z' };
  assert.deepEqual(filterOf(new URLSearchParams(pathWith('/log', paramsOf(night)).split('?')[1])), night);
  assert.equal(filterOf(new URLSearchParams('before=yesterday')).before, '');
  assert.equal(liveQuery(filter), 'device:pump-1 sev>=high "a \\"b\\""');
  assert.equal(searchPath(filter, { from: 0, to: 0, span: 1, cursor: 'c1' }, 5), '/api/v1/log-search?limit=5&device=pump-1&min_sev=high&text=a+%22b%22&cursor=c1');
});

test('the audit log is nobody else’s, and a severity that is none is left out', () => {
  const filter = filterOf(new URLSearchParams('audit=true&device=pump-1&sev=loud'));
  assert.equal(liveQuery(filter), 'audit:true');
  assert.equal(searchPath(filter, { from: 1000, to: 2000, span: 1, cursor: '' }, 1), '/api/v1/log-search?limit=1&audit=true&from=1970-01-01T00%3A00%3A01.000Z&to=1970-01-01T00%3A00%3A02.000Z');
});

test('the last hours count from now, and say nothing to a search back from a time', () => {
  const now = Date.UTC(2026, 0, 10);
  const from = (params: string): number => leastOf(filterOf(new URLSearchParams(params)), 1, now);
  assert.equal(from(''), now - 3_600_000);
  assert.equal(from('before=2026-01-01T00:00:00Z'), 0);
  assert.equal(leastOf(filterOf(new URLSearchParams()), 0, now), 0);
});

test('a search goes back in time without a hole or an overlap, and ends', () => {
  const now = Date.UTC(2026, 0, 10);
  const night = Date.parse('2026-11-23T02:30:00Z');
  assert.match(searchPath(filterOf(new URLSearchParams()), firstReach(now, 0, night), 10), /from=2026-11-23T02%3A29%3A00.000Z&to=2026-11-23T02%3A30%3A00.000Z/);
  assert.equal(new Date(localTime('2026-11-23T02:30:00.000Z')).toISOString(), '2026-11-23T02:30:00.000Z');
  assert.equal(localTime(''), '');
  let reach = firstReach(now, 0);
  assert.equal(reach.to, 0);
  assert.deepEqual(nextReach(reach, 'c', 0), { ...reach, cursor: 'c' });
  let steps = 0;
  for (;;) {
    const next = nextReach(reach, null, 0);
    if (!next) break;
    assert.equal(next.to, reach.from);
    assert.ok(next.from < next.to);
    reach = next;
    steps++;
  }
  assert.equal(reach.from, 0);
  assert.ok(steps < 10);
  const least = now - 3_600_000;
  assert.equal(nextReach({ from: now - 600_000, to: 0, span: 600_000, cursor: '' }, null, least)!.from, least);
  assert.equal(nextReach({ from: least, to: 0, span: 1, cursor: '' }, null, least), null);
});

test('events stand by arrival, those of one log by number', () => {
  const make = (log: string, seq: string, arrived: string): LogEvent => ({ log, seq, arrived }) as LogEvent;
  const list = inOrder([make('dev/a/1', '10', 't1'), make('dev/a/1', '9', 't1'), make('dev/b/1', '1', 't0'), make('dev/a/1', '2', 't2')]);
  assert.equal(list[0]!.log, 'dev/b/1');
  assert.deepEqual(list.slice(1).map((one) => one.seq), ['2', '9', '10']);
  assert.equal(deviceOf(make('dev/pump-1/00', '0', '')), 'pump-1');
  assert.equal(deviceOf(make('audit/00', '0', '')), '');
  assert.equal(bestEffort(make('dev/pump-1/line/00', '0', '')), true);
});

/* ── where one is ── */

test('a path is a screen, or nowhere', () => {
  assert.deepEqual(screenOf('/'), { name: 'overview' });
  assert.deepEqual(screenOf('/devices/pump-1'), { name: 'device', id: 'pump-1' });
  assert.deepEqual(screenOf('/rollouts/new'), { name: 'rollout-new' });
  for (const path of ['/x', '/devices/', '/devices/a/b', '//', '/log/a', '/overview']) assert.deepEqual(screenOf(path), { name: 'nowhere' }, path);
});

test('the gateway serves the page under each of its screens, and under no other path', () => {
  const source = readFileSync(at('../../../protocols/page/page.c'), 'utf8');
  const table = /screens\[\] = \{([^}]|\{\})*\};/.exec(source)![0];
  const served = [...table.matchAll(/"(\/[^"]*)"/g)].map((match) => match[1]!);
  assert.ok(served.length > 5);
  for (const path of served) assert.notEqual(screenOf(path.replace('{}', 'x')).name, 'nowhere', path);
  for (const path of ['/', '/devices', '/devices/{}', '/releases', '/releases/{}', '/rollouts', '/rollouts/{}', '/log', '/alerts', '/users', '/account'])
    assert.ok(served.includes(path), path);
});

/* ── what people read ── */

test('times are ages, in both directions', () => {
  const now = Date.UTC(2026, 0, 10);
  assert.equal(age(now - 1000, now), 'now');
  assert.match(age(now - 42_000, now), /^42 sec/);
  assert.match(age(now - 3_600_000 * 5, now), /^5 hr/);
  assert.match(age(now + 86_400_000 * 3, now), /^in 3 days/);
  assert.match(age(now - 86_400_000 * 400, now), /2024/);
});

test('sizes, spans and digests are short', () => {
  assert.equal(bytes(999), '999\u00a0B');
  assert.equal(bytes(1500), '1.5\u00a0kB');
  assert.equal(bytes(4_200_000_000), '4.2\u00a0GB');
  assert.equal(duration(90_000), '2\u00a0min');
  assert.deepEqual(fingerprint('0123456789'), ['0123', '4567', '89']);
});

test('a problem document is its sentence, and what is none is a status', () => {
  const problem = problemOf(403, '{"title":"Forbidden","detail":"no trusted key has signed it","check":"signature","file":"a.bin"}');
  assert.equal(problem.message, 'no trusted key has signed it');
  assert.equal(problem.check, 'signature');
  assert.equal(problem.file, 'a.bin');
  assert.match(problemOf(502, '<html>').message, /502/);
});

/* What fetch is asked, and what it answers: the next of `answers`, or the last for ever. */
function fakeFetch(answers: [status: number, body: object][]): { method: string; path: string; match: string | undefined; csrf: string | undefined }[] {
  const asked: { method: string; path: string; match: string | undefined; csrf: string | undefined }[] = [];
  globalThis.fetch = ((path: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>;
    asked.push({ method: init.method ?? 'GET', path, match: headers['If-Match'], csrf: headers['X-GW-CSRF'] });
    const [status, body] = answers[Math.min(asked.length - 1, answers.length - 1)]!;
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  }) as typeof fetch;
  return asked;
}

test('an act goes on when only the revision has moved', async () => {
  identity.csrf = 'token';
  const asked = fakeFetch([[409, { detail: 'it was changed meanwhile' }], [200, { rev: '8', state: 'running' }], [200, { rev: '9', state: 'paused' }]]);
  const now = await postOn('/x', 'pause', { rev: '7', state: 'running' }, (one) => one.state === 'running');
  assert.equal(now.state, 'paused');
  assert.deepEqual(asked.map((one) => `${one.method} ${one.path} ${one.match ?? ''}`), ['POST /x/pause "7"', 'GET /x ', 'POST /x/pause "8"']);
  assert.equal(asked[0]!.csrf, 'token');
  assert.equal(asked[1]!.csrf, undefined, 'a read needs no token');
});

test('an act is refused when what the person saw is not so any more, or never settles', async () => {
  const running = (one: { state: string }): boolean => one.state === 'running';
  fakeFetch([[409, { detail: 'it was changed meanwhile' }], [200, { rev: '8', state: 'aborted' }]]);
  await assert.rejects(postOn('/x', 'pause', { rev: '7', state: 'running' }, running), /changed meanwhile/);
  const same = fakeFetch([[409, { detail: 'it cannot be paused' }], [200, { rev: '7', state: 'running' }]]);
  await assert.rejects(postOn('/x', 'pause', { rev: '7', state: 'running' }, running), /cannot be paused/);
  assert.equal(same.length, 2, 'the same revision is no reason to ask again');
});

test('an answer that nobody is signed in reaches the page, and silence is a sentence', async () => {
  let told = 0;
  identity.csrf = 'token';
  identity.signedOut = () => told++;
  fakeFetch([[401, { detail: 'sign in' }]]);
  await assert.rejects(post('/x'), (error: Problem) => error.status === 401);
  assert.equal(told, 1);
  globalThis.fetch = (() => Promise.reject(new TypeError('network'))) as typeof fetch;
  await assert.rejects(post('/x'), (error: Problem) => error.status === 0 && error.message === 'The gateway did not answer.');
});

test('what is wrong with the gateway is said', () => {
  const storage = { journal_full: false, unsigned: false, checkpoints_denied: '0', state_wal_bytes: '1', state_wal_max_bytes: '2', journal_wal_bytes: '1', journal_wal_max_bytes: '2' };
  const well = { broker_up: true, keyd_up: true, keys_separated: true, registry: { confirmed: true }, storage } as unknown as Status;
  assert.deepEqual(troublesOf(well), []);
  assert.equal(troublesOf({ ...well, broker_up: false, registry: { confirmed: false, generation: '1' } }).length, 1);
  assert.equal(troublesOf({ ...well, storage: { ...well.storage, journal_full: true } }).length, 1);
  assert.deepEqual(troublesOf({ ...well, storage: { ...well.storage, unsigned: true } }), [text.trouble.unsigned]);
  assert.deepEqual(troublesOf({ ...well, keyd_up: false, storage: { ...well.storage, unsigned: true } }), [text.trouble.keyd], 'one cause, one sentence');
});

test('a rate is measured between two looks, and not over a restart', () => {
  const series = new RateSeries(60);
  series.add(0, 100);
  series.add(500, 400);
  series.add(1000, 110);
  series.add(2000, 130);
  series.add(3000, 5);
  assert.deepEqual(series.rates, [10, 20, null]);
  series.add(70_000, 6);
  assert.deepEqual(series.rates, [null], 'what is too old has gone, and a hole is none');
});

/* ── rollouts ── */

test('the segments of a bar have its width', () => {
  const segments = segmentsOf({ ok: 5, failed: 1, timed_out: 1, planned: 3 }, 10);
  assert.deepEqual(segments.map((one) => [one.part, one.n, one.from]), [['ok', 5, 0], ['waiting', 3, 500], ['failed', 2, 800]], 'failures count from the right, where their mark is');
  assert.equal(segments.reduce((sum, one) => sum + one.width, 0), 1000);
  assert.deepEqual(segmentsOf({}, 0), []);
  assert.equal(backOf({ back_devices: 0, back_counts: {} }), null);
  const back = backOf({ back_devices: 8, back_counts: { ok: 1, failed: 1, rejected: 2, cancelled: 1, unreachable: 1, installing: 2 } });
  assert.deepEqual(back, { ok: 1, failed: 3, left: 1, unreachable: 1, toGo: 2 });
  assert.ok(back && text.rollout.back(back) === '1 ok, 3 failed, 1 left out, 1 unreachable, 2 to go');
  assert.equal(stillHeld({ state: 'rolling_back', holders: 3 }), 0);
  assert.equal(text.rollout.stillHeld(stillHeld({ state: 'rolled_back', holders: 1 }), '2.1'), '1 device still holds 2.1.');
});

test('acts fit the state, and marks fit the plan', () => {
  assert.deepEqual(actsOf('draft'), ['start', 'abort']);
  assert.ok(!actsOf('finished').includes('pause'));
  const plan = defaultPlan();
  assert.deepEqual(marksOf(plan, plan.waves[0]!), { ok: 950, stop: 800 });
  plan.abort.failure_pct = 0;
  assert.equal(marksOf(plan, plan.waves[0]!).stop, null);
});

function rollout(state: RolloutState, waves: Partial<Wave>[], more: Partial<Rollout> = {}): Rollout {
  const whole = waves.map((wave, n) => ({ wave: n + 1, devices: 9, decided: 0, failures: 0, counts: {}, ...wave }));
  return { state, waves: whole, version: '2.1', holders: 0, hold: null, hold_wave: null, plan: defaultPlan(), devices: 27, back_devices: 0, back_counts: {}, ...more } as Rollout;
}

test('a rollout says how it goes on', () => {
  const three = (first: Partial<Wave>): Partial<Wave>[] => [first, { state: 'waiting' }, { state: 'waiting', devices: 1 }];
  assert.match(nextOf(rollout('draft', three({ devices: 2 }))), /^Nothing is offered yet\..* wave 1 gets 2\.1: 2 devices\.$/);
  assert.equal(nextOf(rollout('running', three({ state: 'open', decided: 8 }))), 'Wave 1 of 3 is under way: 1 device has not decided yet. If enough are ok, wave 2 comes next: 9 devices.');
  assert.equal(nextOf(rollout('running', three({ state: 'soaking' }))), 'Wave 1 of 3 has passed its gate and soaks. If enough are ok, wave 2 comes next: 9 devices.');
  assert.match(nextOf(rollout('running', [{ state: 'passed' }, { state: 'open' }])), /^Wave 2 of 2 .* It is the last one\.$/);
  assert.match(nextOf(rollout('aborted', [{}], { holders: 3 })), /3 devices have 2\.1 now/);
  assert.equal(nextOf(rollout('rolling_back', [{}], { back_devices: 3, back_counts: { ok: 2 } })), '1 device is still on its way back.');
  for (const state of ['paused', 'holding', 'aborting', 'rolled_back', 'finished'] as const) assert.ok(nextOf(rollout(state, [{}])).length > 20, state);
});

test('a wave that holds says why, in numbers', () => {
  const wave = { state: 'open' as const, decided: 9, failures: 2, counts: { ok: 7, failed: 2, unreachable: 3 } };
  const why = (hold: Rollout['hold']): string => holdOf(rollout('holding', [wave, wave, wave], { hold, hold_wave: 2 }));
  assert.equal(why('gate'), 'All have decided: 7 of 9 are ok, 95 % must be.');
  assert.equal(why('unreachable'), '3 of 9 devices are unreachable, more than 20 %.');
  assert.match(why('failures'), /^2 of 9 .* 20 %/);
  assert.match(why('sample'), /Only 9 have decided, at least 1 must/);
  assert.equal(holdOf(rollout('running', [wave])), '');
});

/* ── alerts ── */

test('the worst alert is first, and the newest of those as bad', () => {
  const alert = (severity: string, first: string): Alert => ({ severity, first }) as Alert;
  const list = bySeverity([alert('low', '4'), alert('critical', '1'), alert('high', '3'), alert('critical', '2')]);
  assert.deepEqual(list.map((one) => one.severity + one.first), ['critical2', 'critical1', 'high3', 'low4']);
});

test('an event of the gateway leads to its rollout or device, one of a device leads nowhere', () => {
  const log = 'audit/20dd8c9bb2e4c1a2';
  const cls = 'rollout.abort';
  assert.equal(placeOf({ log, cls, obj: 'ro-a5gnukjxrykszrrm demo 1.1.0' }), '/rollouts/ro-a5gnukjxrykszrrm');
  assert.equal(placeOf({ log, cls: 'upd.failed', obj: 'at-a5gnukjxrykszrrm-00000006' }), '/rollouts/ro-a5gnukjxrykszrrm');
  assert.equal(placeOf({ log, cls: 'device.enrol', obj: 'pump-1' }), '/devices/pump-1');
  assert.equal(placeOf({ log, cls: 'device.enrol', obj: '../users' }), '');
  assert.equal(placeOf({ log, cls: 'user.add', obj: 'user:ann' }), '');
  assert.equal(placeOf({ log: 'dev/pump-1/20dd8c9bb2e4c1a2', cls, obj: 'ro-a5gnukjxrykszrrm' }), '', 'a device may write what it likes');
});

/* ── codes and keys ── */

test('a QR code is the one that libqrencode makes', () => {
  const golden = JSON.parse(readFileSync(at('qr.golden.json'), 'utf8')) as { text: string; mask: number; rows: string[] }[];
  assert.ok(golden.length >= 4);
  for (const { text, mask, rows } of golden) assert.deepEqual(qrMatrix(text, mask).map((row) => row.join('')), rows, text);
});

test('a QR code grows with its text, up to a limit', () => {
  assert.equal(qrMatrix('a').length, 21);
  assert.equal(qrMatrix('x'.repeat(666)).length, 97);
  assert.throws(() => qrMatrix('x'.repeat(667)), RangeError);
  assert.match(qrPath('a').path, /^M4 4h1v1h-1z/);
  assert.equal(qrPath('a').size, 29);
});

test('the fingerprint of a key is the digest of its bytes', async () => {
  const pem = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';
  const der = Buffer.from(pem.split('\n')[1]!, 'base64');
  const digest = Buffer.from(await crypto.subtle.digest('SHA-256', der)).toString('hex');
  assert.equal(await keyidOf(`some words\n${pem}`), digest);
  assert.equal(await keyidOf('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'), '');
  assert.equal(await keyidOf(''), '');
});

await run('page');
