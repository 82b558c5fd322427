/* The order of alerts, and where one leads. Pure. */
import type { Alert, LogEvent, Severity } from './types.ts';

const severities: Severity[] = ['info', 'low', 'medium', 'high', 'critical', 'fatal'];

/* The worst first, the newest first among equals: by what does not move while one aims at a button. */
export function bySeverity(alerts: Alert[]): Alert[] {
  const weight = (alert: Alert): number => severities.indexOf(alert.severity);
  return [...alerts].sort((a, b) => weight(b) - weight(a) || (a.first < b.first ? 1 : -1));
}

/* The rollout that an event of the gateway's own log is about, by the name of it or of an attempt of it; '': none. */
export function rolloutOf({ log, obj }: Pick<LogEvent, 'log' | 'obj'>): string {
  const found = log.startsWith('audit/') ? /^(?:ro|at)-([a-z0-9]{16})\b/.exec(obj) : null;
  return found ? `/rollouts/ro-${found[1]}` : '';
}
