/* How states look: never by colour alone. */
import { text } from '../lib/text.ts';
import type { AlertState, AttemptState, Device, DeviceState, Release, RolloutState, Severity } from '../lib/types.ts';
import type { IconName } from './icons.ts';

export type Tone = 'ok' | 'warn' | 'bad' | 'accent' | 'quiet';
export interface Look {
  tone: Tone;
  icon: IconName;
  word: string;
}

const states: Record<DeviceState, [Tone, IconName]> = {
  invited: ['accent', 'mail'],
  pending: ['warn', 'clock'],
  active: ['ok', 'ok'],
  quarantined: ['warn', 'shield'],
  rejected: ['quiet', 'cross'],
  revoked: ['bad', 'stop'],
  retired: ['quiet', 'ring'],
};

export function deviceLook(state: DeviceState): Look {
  const [tone, icon] = states[state];
  return { tone, icon, word: text.deviceState[state] };
}

export function presenceLook(device: Device): Look {
  return device.online
    ? { tone: 'ok', icon: 'dot', word: text.presence.online }
    : { tone: 'quiet', icon: 'ring', word: device.seen ? text.presence.offline : text.presence.never };
}

const severities: Record<Severity, [Tone, IconName]> = {
  info: ['quiet', 'dot'],
  low: ['quiet', 'dot'],
  medium: ['accent', 'dot'],
  high: ['warn', 'warn'],
  critical: ['bad', 'warn'],
  fatal: ['bad', 'stop'],
};

export function severityLook(severity: Severity): Look {
  const [tone, icon] = severities[severity] ?? severities.info;
  return { tone, icon, word: text.severity[severity] ?? severity };
}

export const good = (word: string): Look => ({ tone: 'ok', icon: 'ok', word });
export const bad = (word: string): Look => ({ tone: 'bad', icon: 'warn', word });
export const warning = (word: string): Look => ({ tone: 'warn', icon: 'warn', word });
export const quiet = (word: string): Look => ({ tone: 'quiet', icon: 'ring', word });

const rollouts: Record<RolloutState, [Tone, IconName]> = {
  draft: ['quiet', 'ring'],
  running: ['accent', 'play'],
  paused: ['warn', 'pause'],
  holding: ['warn', 'warn'],
  aborting: ['bad', 'stop'],
  aborted: ['bad', 'stop'],
  rolling_back: ['warn', 'back'],
  rolled_back: ['quiet', 'back'],
  finished: ['ok', 'ok'],
};

export function rolloutLook(state: RolloutState): Look {
  const [tone, icon] = rollouts[state] ?? rollouts.draft;
  return { tone, icon, word: text.rollout.state[state] };
}

const attempts: Partial<Record<AttemptState, [Tone, IconName]>> = {
  ok: ['ok', 'ok'],
  failed: ['bad', 'cross'],
  rejected: ['bad', 'cross'],
  rolled_back: ['bad', 'back'],
  timed_out: ['bad', 'clock'],
  unreachable: ['warn', 'warn'],
  cancelled: ['quiet', 'stop'],
  planned: ['quiet', 'ring'],
  deferred: ['quiet', 'clock'],
};

export function attemptLook(state: AttemptState): Look {
  const [tone, icon] = attempts[state] ?? ['accent', 'play'];
  return { tone, icon, word: text.rollout.attempt[state] ?? state };
}

const alerts: Record<AlertState, [Tone, IconName]> = {
  new: ['bad', 'alert'],
  acknowledged: ['accent', 'ok'],
  snoozed: ['quiet', 'clock'],
  resolved: ['ok', 'ok'],
};

export function alertLook(state: AlertState): Look {
  const [tone, icon] = alerts[state] ?? alerts.new;
  return { tone, icon, word: text.alert.state[state] };
}

export function releaseLook(release: Release): Look {
  if (release.state === 'withdrawn') return { tone: 'quiet', icon: 'stop', word: text.release.withdrawn };
  if (release.damaged) return { tone: 'bad', icon: 'warn', word: text.release.damagedHere };
  return release.trusted ? good(text.release.staged) : warning(text.release.untrusted);
}
