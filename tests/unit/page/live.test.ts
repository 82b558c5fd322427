/* The page's side of gw.v1 (docs/live.md), with the socket, the clock, chance and the session in the test's hands. */
import assert from 'node:assert/strict';
import { LiveClient, type LiveIo, type Reach } from '../../../web-ui/src/lib/live.ts';
import { run, test } from './result.ts';

interface Sent {
  t: string;
  [key: string]: unknown;
}

class World {
  sockets: { sent: Sent[]; closed: boolean; on: Parameters<LiveIo['open']>[0] }[] = [];
  timers: { at: number; run: () => void; off: boolean }[] = [];
  time = 0;
  chance = 1;
  reach: Reach = 'signed-in';
  client: LiveClient;

  constructor() {
    this.client = new LiveClient({
      open: (on) => {
        const socket = { sent: [] as Sent[], closed: false, on };
        this.sockets.push(socket);
        return { send: (text) => socket.sent.push(JSON.parse(text) as Sent), close: () => (socket.closed = true) };
      },
      after: (ms, body) => {
        const timer = { at: this.time + ms, run: body, off: false };
        this.timers.push(timer);
        return () => (timer.off = true);
      },
      now: () => this.time,
      random: () => this.chance,
      reach: () => Promise.resolve(this.reach),
    });
  }

  get socket() {
    return this.sockets.at(-1)!;
  }
  say(message: object): void {
    this.socket.on.message(JSON.stringify(message));
  }
  sent(t: string): Sent[] {
    return this.socket.sent.filter((one) => one.t === t);
  }
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter((timer) => !timer.off && timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.time = next.at;
      next.off = true;
      next.run();
    }
    this.time = end;
  }
  /* Connected, and said hello. */
  up(): void {
    this.client.start();
    this.socket.on.open();
    this.say({ t: 'hello', v: 1, epoch: 'e1' });
  }
  async lose(): Promise<void> {
    this.socket.on.close(1006);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('says hello first, and asks when it was answered', () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices', q: 'a', win: [0, 10] }, () => {});
  world.client.start();
  assert.equal(world.client.state, 'connecting');
  world.socket.on.open();
  assert.deepEqual(world.socket.sent, [{ t: 'hello', v: 1 }]);
  world.say({ t: 'hello', v: 1, epoch: 'e1' });
  assert.equal(world.client.state, 'live');
  assert.deepEqual(world.sent('sub'), [{ t: 'sub', id: sub.id, topic: 'devices', q: 'a', win: [0, 10] }]);
});

test('holds what a snapshot and its changes come to', () => {
  const world = new World();
  let told = 0;
  const sub = world.client.subscribe({ topic: 'devices' }, () => told++);
  world.up();
  world.say({ t: 'ok', id: sub.id });
  world.say({ t: 'snap', n: 1, id: sub.id, epoch: 'e1', seq: 5, total: 3, rows: [['a', 1], ['b', 2]], more: true });
  world.say({ t: 'd', n: 2, id: sub.id, seq: 6, total: 3, up: [['a', 10]], del: [], more: true });
  world.say({ t: 'snap', n: 3, id: sub.id, epoch: 'e1', seq: 6, total: 3, rows: [['c', 3]], more: false });
  world.say({ t: 'd', n: 4, id: sub.id, seq: 7, total: 2, up: [['c', 30]], del: ['b'], more: false });
  assert.deepEqual(sub.rows.list(), [10, 30]);
  assert.equal(sub.seq, 7);
  assert.equal(told, 4);
});

test('comes back with what it held, and keeps its rows until it is told to forget them', async () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices' }, () => {});
  world.up();
  world.say({ t: 'ok', id: sub.id });
  world.say({ t: 'snap', n: 1, id: sub.id, epoch: 'e1', seq: 5, total: 1, rows: [['a', 1]], more: false });
  await world.lose();
  assert.equal(world.client.state, 'waiting');
  world.pass(500);
  world.socket.on.open();
  world.say({ t: 'hello', v: 1, epoch: 'e1' });
  assert.deepEqual(world.sent('sub')[0]!['resume'], { epoch: 'e1', seq: 5 });
  world.say({ t: 'ok', id: sub.id });
  world.say({ t: 'd', n: 1, id: sub.id, seq: 8, total: 2, up: [['b', 2]], del: [], more: false });
  assert.deepEqual(sub.rows.list(), [1, 2]);
  assert.equal(sub.seq, 8);
});

test('after another epoch shows the old rows until the new ones are all there', async () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices' }, () => {});
  world.up();
  world.say({ t: 'ok', id: sub.id });
  world.say({ t: 'snap', n: 1, id: sub.id, epoch: 'e1', seq: 5, total: 1, rows: [['a', 1]], more: false });
  await world.lose();
  world.pass(500);
  world.socket.on.open();
  world.say({ t: 'hello', v: 1, epoch: 'e2' });
  world.say({ t: 'ok', id: sub.id });
  world.say({ t: 'resync', id: sub.id, why: 'epoch' });
  assert.equal(sub.seq, -1);
  world.say({ t: 'snap', n: 1, id: sub.id, epoch: 'e2', seq: 1, total: 2, rows: [['b', 2]], more: true });
  assert.deepEqual(sub.rows.list(), [1]);
  world.say({ t: 'snap', n: 2, id: sub.id, epoch: 'e2', seq: 1, total: 2, rows: [['c', 3]], more: false });
  assert.deepEqual(sub.rows.list(), [2, 3]);
  assert.equal(sub.epoch, 'e2');
});

test('a snapshot that was cut short begins anew', async () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices' }, () => {});
  world.up();
  world.say({ t: 'ok', id: sub.id });
  world.say({ t: 'snap', n: 1, id: sub.id, epoch: 'e1', seq: 5, total: 9, rows: [['a', 1]], more: true });
  await world.lose();
  world.pass(500);
  world.socket.on.open();
  world.say({ t: 'hello', v: 1, epoch: 'e1' });
  assert.equal(world.sent('sub')[0]!['resume'], undefined);
  world.say({ t: 'ok', id: sub.id });
  world.say({ t: 'snap', n: 1, id: sub.id, epoch: 'e1', seq: 6, total: 1, rows: [['b', 2]], more: false });
  assert.deepEqual(sub.rows.list(), [2]);
});

test('a missing message means that nothing held is trusted', async () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices' }, () => {});
  world.up();
  world.say({ t: 'ok', id: sub.id });
  world.say({ t: 'snap', n: 1, id: sub.id, epoch: 'e1', seq: 5, total: 1, rows: [['a', 1]], more: false });
  world.say({ t: 'd', n: 3, id: sub.id, seq: 7, total: 1, up: [['z', 9]], del: [], more: false });
  assert.equal(world.socket.closed, true);
  assert.deepEqual(sub.rows.list(), [1]);
  await world.lose();
  world.pass(500);
  world.socket.on.open();
  world.say({ t: 'hello', v: 1, epoch: 'e1' });
  assert.equal(world.sent('sub')[0]!['resume'], undefined);
});

test('what cannot be read ends the connection', () => {
  const world = new World();
  world.up();
  world.socket.on.message('{"t":');
  assert.equal(world.client.state, 'waiting');
  assert.equal(world.socket.closed, true);
});

test('acknowledges after a second, and at once when much has come', () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices' }, () => {});
  world.up();
  world.say({ t: 'd', n: 1, id: sub.id, seq: 1, total: 0, up: [], del: [], more: false });
  assert.deepEqual(world.sent('ack'), []);
  world.pass(1000);
  assert.deepEqual(world.sent('ack'), [{ t: 'ack', n: 1 }]);
  for (let n = 2; n <= 65; n++) world.say({ t: 'd', n, id: sub.id, seq: n, total: 0, up: [], del: [], more: false });
  assert.deepEqual(world.sent('ack').at(-1), { t: 'ack', n: 65 });
  world.say({ t: 'd', n: 66, id: sub.id, seq: 66, total: 1, up: [['a', 'x'.repeat(70_000)]], del: [], more: false });
  assert.deepEqual(world.sent('ack').at(-1), { t: 'ack', n: 66 });
});

test('gives a sign of life, and goes when it gets none', async () => {
  const world = new World();
  world.up();
  world.pass(20_000);
  assert.equal(world.sent('ping').length, 1);
  world.say({ t: 'pong', now: 'x' });
  world.pass(20_000);
  assert.equal(world.sent('ping').length, 2);
  assert.equal(world.client.state, 'live');
  world.pass(10_000);
  assert.equal(world.client.state, 'waiting');
});

test('asks at once whether it still lives when a request did not get through', () => {
  const world = new World();
  world.up();
  world.client.probe();
  world.pass(2000);
  world.client.probe(); // many may fail: the first question stands
  assert.equal(world.sent('ping').length, 1);
  world.pass(1000);
  assert.equal(world.client.state, 'waiting');
  world.client.probe();
  assert.equal(world.sent('ping').length, 1);
});

test('waits longer each time, with jitter, and never more than half a minute', async () => {
  const world = new World();
  world.client.start();
  const waits: number[] = [];
  for (let n = 0; n < 9; n++) {
    const count = world.sockets.length;
    await world.lose();
    const before = world.time;
    while (world.sockets.length === count) world.pass(250);
    waits.push(world.time - before);
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  world.chance = 0.5;
  const count = world.sockets.length;
  await world.lose();
  world.pass(15_000);
  assert.equal(world.sockets.length, count + 1);
  world.socket.on.open();
  world.say({ t: 'hello', v: 1, epoch: 'e1' });
  await world.lose();
  world.pass(250);
  assert.equal(world.sockets.length, count + 2, 'once it was live it begins at the bottom again');
});

test('stops when the session has ended, and goes on when it is told to', async () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices' }, () => {});
  world.up();
  world.reach = 'signed-out';
  await world.lose();
  assert.equal(world.client.state, 'signed-out');
  world.pass(600_000);
  assert.equal(world.sockets.length, 1);
  world.client.retry();
  world.socket.on.open();
  world.say({ t: 'hello', v: 1, epoch: 'e1' });
  assert.equal(world.sent('sub')[0]!['id'], sub.id);
});

test('when the person comes back it does not wait any longer', async () => {
  const world = new World();
  world.client.start();
  await world.lose();
  world.client.retry();
  assert.equal(world.sockets.length, 2);
});

test('nothing of a connection that was given up counts', async () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices' }, () => {});
  world.up();
  const old = world.socket;
  await world.lose();
  world.client.retry();
  old.on.message(JSON.stringify({ t: 'snap', n: 1, id: sub.id, epoch: 'e1', seq: 1, total: 1, rows: [['a', 1]], more: false }));
  old.on.close(1006);
  assert.deepEqual(sub.rows.list(), []);
  assert.equal(world.client.state, 'connecting');
});

test('another query keeps the rows, and what was still on its way for the old one is not resumed', () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices' }, () => {});
  world.up();
  world.say({ t: 'ok', id: sub.id });
  world.say({ t: 'snap', n: 1, id: sub.id, epoch: 'e1', seq: 5, total: 2, rows: [['a', 1], ['b', 2]], more: false });
  world.client.change(sub, { topic: 'devices', q: 'b', win: [100, 50] });
  assert.deepEqual(world.sent('sub').at(-1), { t: 'sub', id: sub.id, topic: 'devices', q: 'b', win: [100, 50] });
  world.say({ t: 'd', n: 2, id: sub.id, seq: 6, total: 2, up: [], del: [], more: false });
  assert.equal(sub.seq, -1);
  assert.equal(sub.offset, 0);
  world.say({ t: 'ok', id: sub.id });
  world.say({ t: 'd', n: 3, id: sub.id, seq: 6, total: 1, up: [], del: ['a'], more: false });
  assert.deepEqual(sub.rows.list(), [2]);
  assert.equal(sub.seq, 6);
  assert.equal(sub.offset, 100);
});

test('a query that cannot be read is an error of that subscription alone', () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices', q: '"' }, () => {});
  world.up();
  world.say({ t: 'err', id: sub.id, code: 'query', detail: 'a quote is open' });
  assert.equal(sub.error, 'a quote is open');
  assert.equal(world.client.state, 'live');
  world.client.change(sub, { topic: 'devices' });
  assert.equal(sub.error, '');
});

test('events and what was left out reach whoever follows a log', () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'log' }, () => {});
  const seen: unknown[] = [];
  sub.events = (events) => seen.push(...events);
  sub.lag = (dropped) => seen.push(dropped);
  world.up();
  world.say({ t: 'ev', n: 1, id: sub.id, events: [1, 2] });
  world.say({ t: 'lag', n: 2, id: sub.id, dropped: 7 });
  assert.deepEqual(seen, [1, 2, 7]);
});

test('whoever follows a log hears where its events begin, again after each loss', async () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'log' }, () => {});
  let begun = 0;
  sub.began = () => begun++;
  world.up();
  assert.equal(begun, 0);
  world.say({ t: 'ok', id: sub.id });
  assert.equal(begun, 1);
  await world.lose();
  world.pass(500);
  world.socket.on.open();
  world.say({ t: 'hello', v: 1, epoch: 'e1' });
  world.say({ t: 'ok', id: sub.id });
  assert.equal(begun, 2);
});

test('what is not watched any more is given up, and what still comes for it is ignored', () => {
  const world = new World();
  const sub = world.client.subscribe({ topic: 'devices' }, () => assert.fail('told'));
  world.up();
  world.client.unsubscribe(sub);
  assert.deepEqual(world.sent('unsub'), [{ t: 'unsub', id: sub.id }]);
  world.say({ t: 'd', n: 1, id: sub.id, seq: 1, total: 0, up: [], del: [], more: false });
  assert.equal(world.client.state, 'live');
});

await run('page live');
