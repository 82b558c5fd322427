/*
 * live: the page's side of gw.v1 (docs/live.md): one connection for all that is watched, which comes back by itself.
 *
 *     connecting ──► live ──► waiting ──► connecting …      lost: after 0.5 s × 2ⁿ with full jitter, at most 30 s
 *         │                     │
 *         └──────► signed-out ◄─┘                           the gateway answers, but not to us: retry() goes on
 *
 * Subscriptions outlive connections: after a new one each is asked for again, with what it held (resume). Everything
 * that is outside (socket, clock, chance, the question whether we are signed in) is given, so tests hold all strings.
 */
import { Rows, type Pair } from './rows.ts';

export const SUBPROTOCOL = 'gw.v1';
const ACK_MS = 1000;
const ACK_MESSAGES = 64;
const ACK_BYTES = 64 * 1024;
const PING_MS = 20_000;
const PONG_MS = 10_000;
const PROBE_MS = 3000;
const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 30_000;

export type LiveState = 'connecting' | 'live' | 'waiting' | 'signed-out' | 'stopped';
export type Reach = 'signed-in' | 'signed-out' | 'unreachable';

export interface LiveSocket {
  send(text: string): void;
  close(): void;
}

export interface LiveIo {
  open(on: { open(): void; message(text: string): void; close(code: number): void }): LiveSocket;
  after(ms: number, run: () => void): () => void; // returns how to call it off
  now(): number;
  random(): number; // 0 ≤ x < 1
  reach(): Promise<Reach>;
}

export interface Ask {
  topic: string;
  q?: string;
  win?: [offset: number, count: number];
}

interface Message {
  t: string;
  n?: number;
  id?: number;
  epoch?: string;
  seq?: number;
  total?: number;
  rows?: Pair<unknown>[];
  up?: Pair<unknown>[];
  del?: string[];
  more?: boolean;
  events?: unknown[];
  dropped?: number;
  detail?: string;
}

/* What somebody watches. `changed` is called after every message that concerned it. */
export class Subscription {
  readonly id: number;
  ask: Ask;
  rows = new Rows<unknown>();
  error = '';
  epoch = '';
  seq = -1; // of the state that the rows show; -1: they show none
  offset = 0; // of the first row among all that match
  events: ((events: unknown[]) => void) | undefined;
  lag: ((dropped: number) => void) | undefined;
  began: (() => void) | undefined; // events come from here on; those of the time before do not
  changed: () => void;

  constructor(id: number, ask: Ask, changed: () => void) {
    this.id = id;
    this.ask = ask;
    this.changed = changed;
  }

  message(resume: boolean): object {
    this.#settled = false;
    this.#underway = false;
    const { topic, q, win } = this.ask;
    return {
      t: 'sub',
      id: this.id,
      topic,
      ...(q ? { q } : {}),
      ...(win ? { win } : {}),
      ...(resume && this.seq >= 0 ? { resume: { epoch: this.epoch, seq: this.seq } } : {}),
    };
  }

  take(m: Message): void {
    if (m.t === 'snap' && !this.#underway) {
      this.rows.restart();
      this.#underway = true;
    }
    this.rows.apply(m.rows ?? m.up ?? [], m.del ?? [], m.total ?? 0, m.more === true);
    if (m.epoch) this.epoch = m.epoch;
    if (m.more !== true) {
      this.#underway = false;
      if (this.#settled && m.seq !== undefined) {
        this.seq = m.seq;
        this.offset = this.ask.win?.[0] ?? 0;
      }
    }
    this.error = '';
  }

  /* What we hold is not what we would be told changes of. */
  forget(): void {
    this.seq = -1;
    this.#underway = false;
  }

  /* The gateway has what we asked for; what came before was an answer to something else. */
  settle(): void {
    this.#settled = true;
  }

  #settled = false;
  #underway = false; // a snap has begun
}

export class LiveClient {
  state: LiveState = 'stopped';
  heard = 0; // when the gateway last said something
  changed: () => void = () => {};
  #io: LiveIo;
  #socket: LiveSocket | null = null;
  #subs = new Map<number, Subscription>();
  #lastId = 0;
  #tries = 0;
  #n = 0;
  #unacked = { messages: 0, bytes: 0 };
  #callOff = new Map<string, () => void>();

  constructor(io: LiveIo) {
    this.#io = io;
  }

  start(): void {
    if (this.state === 'stopped' || this.state === 'signed-out') this.#connect();
  }

  stop(): void {
    this.#drop();
    this.#enter('stopped');
  }

  /* The network or the person is back: no need to wait longer. */
  retry(): void {
    if (this.state === 'waiting' || this.state === 'signed-out') {
      this.#tries = 0;
      this.#connect();
    }
  }

  /* A request did not get through: does this connection? */
  probe(): void {
    if (this.state === 'live' && !this.#callOff.has('life')) this.#ping(PROBE_MS);
  }

  subscribe(ask: Ask, changed: () => void): Subscription {
    const sub = new Subscription(++this.#lastId, ask, changed);
    this.#subs.set(sub.id, sub);
    if (this.state === 'live') this.#send(sub.message(false));
    return sub;
  }

  /* Another part of the same topic: the gateway sends the differences. */
  change(sub: Subscription, ask: Ask): void {
    sub.ask = ask;
    sub.error = '';
    sub.forget();
    if (this.state === 'live') this.#send(sub.message(false));
  }

  unsubscribe(sub: Subscription): void {
    if (this.#subs.delete(sub.id) && this.state === 'live') this.#send({ t: 'unsub', id: sub.id });
  }

  #enter(state: LiveState): void {
    this.state = state;
    this.changed();
  }

  #timer(name: string, ms: number, run: () => void): void {
    this.#callOff.get(name)?.();
    this.#callOff.set(name, this.#io.after(ms, run));
  }

  /* Forgets the connection, its timers and whatever it may still say. */
  #drop(): void {
    for (const callOff of this.#callOff.values()) callOff();
    this.#callOff.clear();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #connect(): void {
    this.#drop();
    this.#n = 0;
    this.#unacked = { messages: 0, bytes: 0 };
    this.#enter('connecting');
    const mine: LiveSocket = this.#io.open({
      open: () => {
        if (this.#socket === mine) this.#send({ t: 'hello', v: 1 });
      },
      message: (text) => {
        if (this.#socket === mine) this.#message(text);
      },
      close: () => {
        if (this.#socket === mine) this.#lost();
      },
    });
    this.#socket = mine;
    this.#timer('life', PING_MS + PONG_MS, () => this.#lost());
  }

  #lost(): void {
    this.#drop();
    this.#enter('waiting');
    const wait = this.#io.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 16);
    void this.#io.reach().then((reach) => {
      if (this.state !== 'waiting' || this.#callOff.has('retry')) return;
      if (reach === 'signed-out') this.#enter('signed-out');
      else this.#timer('retry', wait, () => this.#connect());
    });
  }

  #send(message: object): void {
    this.#socket?.send(JSON.stringify(message));
    this.#timer('ping', PING_MS, () => this.#ping());
  }

  #ping(wait = PONG_MS): void {
    this.#send({ t: 'ping' });
    this.#timer('life', wait, () => this.#lost());
  }

  #message(text: string): void {
    this.heard = this.#io.now();
    this.#callOff.get('life')?.();
    this.#callOff.delete('life');
    let m: Message;
    try {
      m = JSON.parse(text) as Message;
    } catch {
      return this.#lost();
    }
    if (m.n !== undefined) {
      if (m.n !== this.#n + 1) return this.#gap();
      this.#n = m.n;
    }
    this.#handle(m);
    if (m.n !== undefined) this.#owe(text.length);
  }

  /* A message is missing: what we hold may be wrong, so nothing of it is resumed. */
  #gap(): void {
    for (const sub of this.#subs.values()) sub.forget();
    this.#lost();
  }

  #owe(bytes: number): void {
    this.#unacked.messages++;
    this.#unacked.bytes += bytes;
    if (this.#unacked.messages >= ACK_MESSAGES || this.#unacked.bytes >= ACK_BYTES) this.#ack();
    else if (this.#unacked.messages === 1) this.#timer('ack', ACK_MS, () => this.#ack());
  }

  #ack(): void {
    this.#callOff.get('ack')?.();
    this.#callOff.delete('ack');
    this.#unacked = { messages: 0, bytes: 0 };
    this.#send({ t: 'ack', n: this.#n });
  }

  #handle(m: Message): void {
    if (m.t === 'hello') return this.#hello();
    const sub = m.id === undefined ? undefined : this.#subs.get(m.id);
    if (!sub) return;
    switch (m.t) {
      case 'ok':
        sub.settle();
        return sub.began?.();
      case 'snap':
      case 'd':
        sub.take(m);
        break;
      case 'resync':
        sub.forget();
        break;
      case 'ev':
        sub.events?.(m.events ?? []);
        break;
      case 'lag':
        sub.lag?.(m.dropped ?? 0);
        break;
      case 'err':
        sub.error = m.detail ?? '';
        break;
      default:
        return;
    }
    sub.changed();
  }

  #hello(): void {
    this.#tries = 0;
    this.#enter('live');
    for (const sub of this.#subs.values()) this.#send(sub.message(true));
  }
}
