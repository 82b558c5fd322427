/* The order of alerts, and where one leads. Pure. */
import type { Alert, LogEvent, Severity } from './types.ts';

const severities: Severity[] = ['info', 'low', 'medium', 'high', 'critical', 'fatal'];

/* The worst first, the newest first among equals: by what does not move while one aims at a button. */
export function bySeverity(alerts: Alert[]): Alert[] {
  const weight = (alert: Alert): number => severities.indexOf(alert.severity);
  return [...alerts].sort((a, b) => weight(b) - weight(a) || (a.first < b.first ? 1 : -1));
}

/* The screen of what an event of the gateway's own log is about: a rollout, by its name or an attempt's, or a device; '': none. */
export function placeOf({ log, cls, obj }: Pick<LogEvent, 'log' | 'cls' | 'obj'>): string {
  if (!log.startsWith('audit/')) return ''; // a device may write what it likes
  const found = /^(?:ro|at)-([a-z0-9]{16})\b/.exec(obj);
  if (found) return `/rollouts/ro-${found[1]}`;
  return cls.startsWith('device.') && /^[a-z0-9-]+$/.test(obj) ? `/devices/${obj}` : '';
}
