/*
 * rows: what one subscription of a state topic holds (docs/live.md): rows in the order of their keys. Pure.
 *
 * A new set that comes in several pages is put together aside, so that what people see changes at once and not row by
 * row; only the very first one grows before their eyes.
 */

/* The answer to an act may come before the live row tells of it, which then is of yesterday. */
export function newer<T extends { rev: string }>(live: T | undefined, answer: T | null): T | null {
  return live && (!answer || BigInt(live.rev) >= BigInt(answer.rev)) ? live : answer;
}

export type Pair<T> = [key: string, row: T];

interface Held<T> {
  keys: string[]; // in order
  rows: Map<string, T>;
}

/* Keys are ASCII: the order of UTF-16 units is that of bytes. */
function placeOf(keys: string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Rows<T> {
  total = 0;
  complete = false;
  #shown: Held<T> = { keys: [], rows: new Map() };
  #aside: Held<T> | null = null;

  /* Everything will come anew. */
  restart(): void {
    this.complete = false;
    this.#aside = { keys: [], rows: new Map() };
    if (this.#shown.keys.length === 0) this.#shown = this.#aside;
  }

  /* One message, whole: deletions first. */
  apply(up: Pair<T>[], del: string[], total: number, more: boolean): void {
    const held = this.#aside ?? this.#shown;
    for (const key of del) {
      if (!held.rows.delete(key)) continue;
      held.keys.splice(placeOf(held.keys, key), 1);
    }
    for (const [key, row] of up) {
      if (!held.rows.has(key)) held.keys.splice(placeOf(held.keys, key), 0, key);
      held.rows.set(key, row);
    }
    this.total = total;
    this.complete = !more;
    if (more) return;
    this.#shown = held;
    this.#aside = null;
  }

  list(): T[] {
    return this.#shown.keys.map((key) => this.#shown.rows.get(key)!);
  }

  get(key: string): T | undefined {
    return this.#shown.rows.get(key);
  }
}
