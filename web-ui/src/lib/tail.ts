/*
 * tail: the newest events of a log as people watch them: at most `max`, the oldest go. While it is paused, what comes
 * waits beside it (as bounded) and is counted. Pure.
 */

export class Tail<T> {
  readonly max: number;
  shown: T[] = []; // oldest first
  waiting: T[] = [];
  paused = false;
  fresh = 0; // that came since the pause
  dropped = 0; // that the gateway left out
  #keyOf: (event: T) => string;
  #keys = new Set<string>();

  constructor(max: number, keyOf: (event: T) => string) {
    this.max = max;
    this.#keyOf = keyOf;
  }

  /* Events that are there already (a search and the stream may both bring one) are left out. */
  add(events: T[]): void {
    const fresh = events.filter((event) => !this.#keys.has(this.#keyOf(event)));
    for (const event of fresh) this.#keys.add(this.#keyOf(event));
    if (this.paused) {
      this.waiting.push(...fresh);
      this.fresh += fresh.length;
      this.#cut(this.waiting);
    } else {
      this.shown.push(...fresh);
      this.#cut(this.shown);
    }
  }

  /* What was found further back goes before the rest, as far as there is room; returns how many went in. */
  addOlder(events: T[]): number {
    const fresh = events.filter((event) => !this.#keys.has(this.#keyOf(event)));
    const room = Math.max(0, this.max - this.shown.length);
    const kept = fresh.slice(Math.max(0, fresh.length - room));
    for (const event of kept) this.#keys.add(this.#keyOf(event));
    this.shown.unshift(...kept);
    return kept.length;
  }

  lag(dropped: number): void {
    this.dropped += dropped;
  }

  resume(): void {
    this.paused = false;
    this.fresh = 0;
    this.shown.push(...this.waiting);
    this.waiting = [];
    this.#cut(this.shown);
  }

  clear(): void {
    this.shown = [];
    this.waiting = [];
    this.fresh = 0;
    this.dropped = 0;
    this.#keys.clear();
  }

  #cut(list: T[]): void {
    if (list.length <= this.max) return;
    for (const event of list.splice(0, list.length - this.max)) this.#keys.delete(this.#keyOf(event));
  }
}
