/* What the page makes of a rollout: segments of a bar, what may be done now, the times in a plan. Pure. */
import { text } from './text.ts';
import type { AttemptState, Counts, Plan, Rollout, RolloutState, WavePlan } from './types.ts';

/* In the order of a bar: from the left what is done and under way, from the right what went wrong. */
export type Part = 'ok' | 'confirming' | 'installing' | 'downloading' | 'offered' | 'failed' | 'unreachable' | 'cancelled' | 'waiting';
const parts: Record<Part, AttemptState[]> = {
  ok: ['ok'],
  confirming: ['confirming'],
  installing: ['installing', 'rebooting'],
  downloading: ['downloading', 'downloaded'],
  offered: ['offered', 'accepted'],
  waiting: ['planned', 'deferred'],
  cancelled: ['cancelled'],
  unreachable: ['unreachable'],
  failed: ['failed', 'rejected', 'rolled_back', 'timed_out'],
};
export const partNames = Object.keys(parts) as Part[];

export interface Segment {
  part: Part;
  n: number;
  from: number; // of 1000
  width: number;
}

export function segmentsOf(counts: Counts, total: number): Segment[] {
  let at = 0;
  const list: Segment[] = [];
  for (const part of partNames) {
    const n = parts[part].reduce((sum, state) => sum + (counts[state] ?? 0), 0);
    if (n === 0 || total === 0) continue;
    const width = (n * 1000) / total;
    list.push({ part, n, from: at, width });
    at += width;
  }
  return list;
}

/* How the way back goes or went; null: nobody goes back. */
export interface Back {
  ok: number;
  failed: number;
  left: number;
  unreachable: number;
  toGo: number;
}

export function backOf(rollout: Pick<Rollout, 'back_devices' | 'back_counts'>): Back | null {
  if (!rollout.back_devices) return null;
  const sum = (part: Part): number => parts[part].reduce((all, state) => all + (rollout.back_counts[state] ?? 0), 0);
  const [ok, failed, left, unreachable] = [sum('ok'), sum('failed'), sum('cancelled'), sum('unreachable')];
  return { ok, failed, left, unreachable, toGo: rollout.back_devices - ok - failed - left - unreachable };
}

/* A rollback that is through and has not reached so many. */
export const stillHeld = (rollout: Pick<Rollout, 'state' | 'holders'>): number => (rollout.state === 'rolled_back' ? rollout.holders : 0);

/* Why a wave holds, in numbers. */
export function holdOf(rollout: Rollout): string {
  const wave = rollout.waves[(rollout.hold_wave ?? 0) - 1];
  const plan = rollout.plan.waves[(rollout.hold_wave ?? 0) - 1];
  if (!rollout.hold || !wave || !plan) return '';
  const { decided, failures, devices, counts } = wave;
  return text.rollout.hold[rollout.hold]({ ok: counts.ok ?? 0, decided, failures, unreachable: counts.unreachable ?? 0, devices, gate: plan.gate, stop: rollout.plan.abort.failure_pct });
}

/* How it goes on from here, for one who looks at it for the first time. */
export function nextOf(rollout: Rollout): string {
  const { state, waves, version, holders } = rollout;
  const words = text.rollout.next;
  const have = holders ? words.have(holders, version) : '';
  switch (state) {
    case 'draft':
      return words.draft(waves[0]?.devices ?? 0, version);
    case 'running': {
      const wave = waves.find((one) => one.state === 'open' || one.state === 'soaking');
      if (!wave) return '';
      const after = waves[wave.wave];
      const now = wave.state === 'soaking' ? words.soak(wave.wave, waves.length) : words.reports(wave.wave, waves.length, wave.devices - wave.decided);
      return `${now} ${after ? words.then(after.wave, after.devices) : words.end}`;
    }
    case 'rolling_back':
      return words.rolling_back(backOf(rollout)?.toGo ?? 0);
    case 'aborted':
    case 'finished':
      return `${words[state]} ${have}`;
    case 'paused':
    case 'holding':
    case 'aborting':
    case 'rolled_back':
      return words[state];
  }
}

export type Act = 'start' | 'pause' | 'resume' | 'abort' | 'rollback';

export function actsOf(state: RolloutState): Act[] {
  const acts: Record<RolloutState, Act[]> = {
    draft: ['start', 'abort'],
    running: ['pause', 'abort', 'rollback'],
    paused: ['resume', 'abort', 'rollback'],
    holding: ['resume', 'pause', 'abort', 'rollback'],
    aborting: ['rollback'],
    aborted: ['rollback'],
    rolling_back: ['abort'],
    rolled_back: ['rollback'],
    finished: ['rollback'],
  };
  return acts[state] ?? [];
}

export const ended = (rollout: Rollout): boolean => ['aborted', 'rolled_back', 'finished'].includes(rollout.state);

/* The thresholds of a wave as places on its bar, of 1000: how many ok it needs, and how many failures stop it. */
export function marksOf(plan: Plan, wave: WavePlan): { ok: number; stop: number | null } {
  return { ok: wave.gate.ok_pct * 10, stop: plan.abort.failure_pct ? 1000 - plan.abort.failure_pct * 10 : null };
}

export function defaultPlan(): Plan {
  const wave = (percent: number): WavePlan => ({
    select: percent ? 'percent' : 'rest',
    ...(percent ? { percent } : {}),
    max_concurrent: 50,
    gate: { ok_pct: 95, min_sample: 1, unreachable_pct: 20, soak_ms: percent ? 3_600_000 : 0 },
  });
  return {
    waves: [wave(10), wave(50), wave(0)],
    abort: { failure_pct: 20, min_decided: 5, action: 'abort' },
    confirm_ms: 600_000,
    step_ms: 3_600_000,
    total_ms: 86_400_000,
    postpone_max_ms: 604_800_000,
  };
}
