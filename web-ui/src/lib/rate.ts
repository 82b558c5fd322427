/* From a counter that is seen now and then to a rate over time, for a chart. Bounded; pure. */

export class RateSeries {
  readonly span: number; // seconds that are kept
  times: number[] = []; // seconds
  rates: (number | null)[] = []; // a second; null: the counter went back, or nobody looked
  #last: { at: number; total: number } | null = null;

  constructor(span: number) {
    this.span = span;
  }

  add(atMs: number, total: number): void {
    const last = this.#last;
    if (last && atMs - last.at < 900) return;
    this.#last = { at: atMs, total };
    if (!last) return;
    const seconds = (atMs - last.at) / 1000;
    this.times.push(atMs / 1000);
    this.rates.push(total < last.total || seconds > 30 ? null : (total - last.total) / seconds);
    while (this.times.length > 0 && this.times[0]! < atMs / 1000 - this.span) {
      this.times.shift();
      this.rates.shift();
    }
  }
}
