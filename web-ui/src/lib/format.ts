/* Values as people read them. Pure; `now` is given. */
import { text } from './text.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
const shortDay = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const number = new Intl.NumberFormat('en');

/* "2 min. ago", "in 3 days" */
export function age(time: number, now: number): string {
  const ms = time - now;
  const size = Math.abs(ms);
  if (size < 5 * SECOND) return text.now;
  if (size < MINUTE) return relative.format(Math.round(ms / SECOND), 'second');
  if (size < HOUR) return relative.format(Math.round(ms / MINUTE), 'minute');
  if (size < DAY) return relative.format(Math.round(ms / HOUR), 'hour');
  if (size < 60 * DAY) return relative.format(Math.round(ms / DAY), 'day');
  return day.format(time);
}

/* Of another day than now: with the day. */
export const clockTime = (time: number, now: number): string =>
  day.format(time) === day.format(now) ? clock.format(time) : text.dayTime(shortDay.format(time), clock.format(time));
export const dayTime = (time: number): string => text.dayTime(day.format(time), clock.format(time));
export const utc = (iso: string): string => text.utc(iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ''));
export const count = (n: number): string => number.format(n);

export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  return text.quantity(unit === 0 || n >= 100 ? String(Math.round(n)) : n.toFixed(1), units[unit]!);
}

/* In groups of four, as people compare them. */
export const fingerprint = (hex: string): string[] => hex.match(/.{1,4}/g) ?? [];

export function duration(ms: number): string {
  if (ms < MINUTE) return text.quantity(String(Math.round(ms / SECOND)), 's');
  if (ms < 2 * HOUR) return text.quantity(String(Math.round(ms / MINUTE)), 'min');
  if (ms < 2 * DAY) return text.quantity(String(Math.round(ms / HOUR)), 'h');
  return text.quantity(String(Math.round(ms / DAY)), 'd');
}
