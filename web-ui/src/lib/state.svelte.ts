/* What the whole page shares: who is signed in, where we are, the clock, the live connection, what was said last. */
import { get, identity, Problem, remove } from './api.ts';
import { LiveClient, SUBPROTOCOL, type Ask, type LiveIo, type LiveState, type Reach, type Subscription } from './live.ts';
import { screenOf, type Screen } from './route.ts';
import type { Claim, Role, Session } from './types.ts';

const ranks: Record<Role, number> = { viewer: 1, operator: 2, admin: 3 };

type Gate = 'asking' | 'unreachable' | 'claim' | 'sign-in' | 'in';

class Page {
  gate = $state<Gate>('asking');
  claim = $state.raw<Claim | null>(null);
  session = $state.raw<Session | null>(null);
  again = $state(false); // the session ended while the page is open: sign in over it
  screen = $state.raw<Screen>({ name: 'overview' });
  query = $state.raw(new URLSearchParams());
  now = $state(Date.now());
  notice = $state<{ text: string; bad: boolean } | null>(null);
  live = $state<LiveState>('stopped');
  heard = $state(0);
  turn = $state(0); // counts live connections: what was read once is read again with each

  can(role: Role): boolean {
    return this.session !== null && ranks[this.session.role] >= ranks[role];
  }
}

export const page = new Page();

/* ── where we are ── */

function locate(): void {
  page.screen = screenOf(location.pathname);
  page.query = new URLSearchParams(location.search);
}

export function go(path: string, replace = false): void {
  const samePlace = path.split('?')[0] === location.pathname;
  if (replace) history.replaceState(null, '', path);
  else if (path !== location.pathname + location.search) history.pushState(null, '', path);
  locate();
  if (samePlace) return;
  scrollTo(0, 0);
  requestAnimationFrame(() => document.getElementById('main')?.focus({ preventScroll: true }));
}

/* Links of the page are followed without a load; others, and those with a modifier, are the browser's. */
export function followLinks(event: MouseEvent): void {
  const link = (event.target as Element).closest?.('a');
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (link.pathname.startsWith('/api/') || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

/* ── who we are ── */

export function enter(session: Session): void {
  page.session = session;
  identity.csrf = session.csrf;
  page.gate = 'in';
  page.again = false;
  client.start();
  client.retry();
}

let finding = false;

/* One at a time: the failure of one that hung would take away the form that a later one has shown. */
export async function findOut(): Promise<void> {
  if (finding) return;
  finding = true;
  const patience = AbortSignal.timeout(20_000);
  try {
    enter(await get<Session>('/api/v1/session', patience));
  } catch (error) {
    page.gate = error instanceof Problem && (error.status === 401 || error.status === 403) ? await outside(patience) : 'unreachable';
  }
  finding = false;
}

async function outside(patience: AbortSignal): Promise<Gate> {
  try {
    page.claim = await get<Claim>('/api/v1/claim', patience);
    return page.claim.claimed ? 'sign-in' : 'claim';
  } catch {
    return 'unreachable';
  }
}

export async function signOut(): Promise<void> {
  client.stop();
  try {
    await remove('/api/v1/session');
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) say(String((error as Error).message), true);
  }
  identity.csrf = '';
  page.session = null;
  page.again = false;
  await findOut();
}

identity.signedOut = () => {
  page.again = true;
};

/* ── what was said ── */

export function say(text: string, bad = false): void {
  page.notice = { text, bad };
}

/* Runs an act; what went wrong is shown. True when it was done. */
export async function attempt(act: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await act();
    if (done) say(done);
    return true;
  } catch (error) {
    say((error as Error).message, true);
    return false;
  }
}

/* ── what changes by itself ── */

async function reach(): Promise<Reach> {
  try {
    const response = await fetch('/api/v1/session', { cache: 'no-store' });
    return response.status === 401 ? 'signed-out' : response.ok ? 'signed-in' : 'unreachable';
  } catch {
    return 'unreachable';
  }
}

const io: LiveIo = {
  open(on) {
    const socket = new WebSocket(`wss://${location.host}/api/v1/live`, SUBPROTOCOL);
    socket.onopen = () => on.open();
    socket.onmessage = (event) => on.message(event.data as string);
    socket.onclose = (event) => on.close(event.code);
    return socket;
  },
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  now: Date.now,
  random: Math.random,
  reach,
};

const client = new LiveClient(io);
client.changed = () => {
  page.live = client.state;
  if (client.state === 'live') {
    page.heard = Date.now();
    page.turn++;
  }
  if (client.state === 'signed-out') page.again = true;
};

identity.unreachable = () => client.probe();

export interface Watched<T> {
  readonly rows: T[];
  readonly offset: number; // of the first row among all that match
  readonly total: number;
  readonly complete: boolean;
  readonly error: string;
}

/* The rows of a topic, for as long as the component that calls this lives. `ask` may change what is asked for. */
export function watch<T>(ask: () => Ask | null): Watched<T> {
  let seen = $state.raw<Watched<T>>({ rows: [], offset: 0, total: 0, complete: false, error: '' });
  const asked = $derived(JSON.stringify(ask()));
  let sub: Subscription | null = null;
  const show = (): void => {
    if (!sub) return;
    const { rows, error, offset } = sub;
    if (rows.complete || !seen.complete || error)
      seen = { rows: rows.list() as T[], offset, total: rows.total, complete: rows.complete, error };
  };
  const drop = (): void => {
    if (sub) client.unsubscribe(sub);
    sub = null;
  };
  $effect(() => {
    const wanted = JSON.parse(asked) as Ask | null;
    if (sub && wanted && sub.ask.topic === wanted.topic) return client.change(sub, wanted);
    drop();
    if (wanted) sub = client.subscribe(wanted, show);
  });
  $effect(() => drop);
  return {
    get rows() {
      return seen.rows;
    },
    get offset() {
      return seen.offset;
    },
    get total() {
      return seen.total;
    },
    get complete() {
      return seen.complete;
    },
    get error() {
      return seen.error;
    },
  };
}

/* A list that is read and not watched: when the component begins, when `also` changes, and with each new connection. */
export function listing<T>(path: string, key: string, also: () => unknown = () => null) {
  let rows = $state.raw<T[] | null>(null); // null: nobody knows yet
  let problem = $state('');
  let asked = 0;
  let answered = 0; // an answer to what was asked before that one is of yesterday
  async function load(): Promise<void> {
    const mine = ++asked;
    let found: T[] | null = null;
    let failed = '';
    try {
      found = (await get<Record<string, T[]>>(path))[key] ?? [];
    } catch (error) {
      failed = (error as Error).message;
    }
    if (mine < answered) return;
    answered = mine;
    rows = found ?? rows;
    problem = failed;
  }
  $effect(() => {
    void [page.turn, also()];
    void load();
  });
  return {
    load,
    get rows() {
      return rows;
    },
    get problem() {
      return problem;
    },
  };
}

/* Events of the log as they come, while the component lives. */
export function follow<T>(
  query: () => string | null,
  on: { began(): void; events(events: T[]): void; lag(dropped: number): void; error(text: string): void },
): void {
  $effect(() => {
    const q = query();
    if (q === null) return;
    const sub = client.subscribe(q ? { topic: 'log', q } : { topic: 'log' }, () => on.error(sub.error));
    sub.events = (events) => on.events(events as T[]);
    sub.lag = (dropped) => on.lag(dropped);
    sub.began = () => on.began();
    return () => client.unsubscribe(sub);
  });
}

export function begin(): void {
  locate();
  addEventListener('popstate', locate);
  addEventListener('offline', () => client.probe());
  addEventListener('online', () => client.retry());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) client.retry();
  });
  setInterval(() => {
    if (!document.hidden) page.now = Date.now();
    if (client.state === 'live') page.heard = client.heard;
  }, 1000);
  setInterval(() => {
    if (page.gate === 'unreachable') void findOut();
  }, 5000);
  void findOut();
}
