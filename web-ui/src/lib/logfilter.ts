/* The filter of the log screen: as URL parameters, as a search (docs/rest.md) and as a live query (docs/live.md). Pure. */
import type { LogEvent, Severity } from './types.ts';

export interface LogFilter {
  device: string;
  audit: boolean;
  sev: '' | Severity; // that severe or more
  text: string;
  before: string; // ISO, UTC: back from there, and nothing that comes; '': from now
}

export function filterOf(params: URLSearchParams): LogFilter {
  const sev = params.get('sev') ?? '';
  const before = Date.parse(params.get('before') ?? '');
  return {
    device: params.get('device') ?? '',
    audit: params.get('audit') === 'true',
    sev: (['low', 'medium', 'high', 'critical', 'fatal'] as const).find((one) => one === sev) ?? '',
    text: params.get('text') ?? '',
    before: isNaN(before) ? '' : new Date(before).toISOString(),
  };
}

export function paramsOf(filter: LogFilter): Record<string, string> {
  return { device: filter.device, audit: filter.audit ? 'true' : '', sev: filter.sev, text: filter.text, before: filter.before };
}

/*
 * Where a search stands that goes back in time, span by span: a search alone goes log by log, so of many devices it would
 * show all of one before the next. Each span is eight times as long as the one before; behind the longest all is left.
 */
export interface Reach {
  from: number; // ms; 0: the beginning
  to: number; // ms; 0: no end
  span: number;
  cursor: string;
}

const FIRST_SPAN = 60_000;
const LONGEST_SPAN = 40 * 86_400_000;

/* `least`: nothing before that is wanted (0: everything is). `to`: nothing from then on (0: no end). */
export function firstReach(now: number, least: number, to = 0): Reach {
  return { from: Math.max(least, (to || now) - FIRST_SPAN), to, span: FIRST_SPAN, cursor: '' };
}

/* Nothing before that is wanted (0: everything is). The hours count from now: back from another time they say nothing. */
export function leastOf({ before }: LogFilter, hours: number, now: number): number {
  return hours && !before ? now - hours * 3_600_000 : 0;
}

/* For a field of a form, in the zone of whoever looks; '' for none. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  return iso && new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/* After an answer; null: all has been searched. */
export function nextReach(reach: Reach, next: string | null, least: number): Reach | null {
  if (next !== null) return { ...reach, cursor: next };
  if (reach.from <= least) return null;
  const span = reach.span * 8;
  const from = span > LONGEST_SPAN ? least : Math.max(least, reach.from - span);
  return { from, to: reach.from, span, cursor: '' };
}

export function searchPath(filter: LogFilter, { from, to, cursor }: Reach, limit: number): string {
  const query = new URLSearchParams({ limit: String(limit) });
  if (filter.audit) query.set('audit', 'true');
  else if (filter.device) query.set('device', filter.device);
  if (filter.sev) query.set('min_sev', filter.sev);
  if (filter.text) query.set('text', filter.text);
  if (from) query.set('from', new Date(from).toISOString());
  if (to) query.set('to', new Date(to).toISOString());
  if (cursor) query.set('cursor', cursor);
  return `/api/v1/log-search?${query.toString()}`;
}

export function liveQuery(filter: LogFilter): string {
  const terms: string[] = [];
  if (filter.audit) terms.push('audit:true');
  else if (filter.device) terms.push(`device:${filter.device}`);
  if (filter.sev) terms.push(`sev>=${filter.sev}`);
  if (filter.text) terms.push(`"${filter.text.replace(/(["\\])/g, '\\$1')}"`);
  return terms.join(' ');
}

export const eventKey = (event: LogEvent): string => `${event.log} ${event.seq}`;

/* Whose log: "dev/pump-1/8f…" is pump-1's; the audit log and the root log are the gateway's own. */
export function deviceOf(event: LogEvent): string {
  const [kind, name] = event.log.split('/');
  return kind === 'dev' ? (name ?? '') : '';
}

export const bestEffort = (event: LogEvent): boolean => event.log.split('/')[2] === 'line';

/* Oldest first, by arrival; of one log by number. */
export function inOrder(events: LogEvent[]): LogEvent[] {
  return [...events].sort((a, b) => {
    if (a.log === b.log) return a.seq.length - b.seq.length || (a.seq < b.seq ? -1 : a.seq > b.seq ? 1 : 0);
    return a.arrived < b.arrived ? -1 : a.arrived > b.arrived ? 1 : 0;
  });
}

