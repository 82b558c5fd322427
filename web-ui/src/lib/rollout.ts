/* What the page makes of a rollout: segments of a bar, what may be done now, the times in a plan. Pure. */
import type { AttemptState, Counts, Plan, Rollout, RolloutState, WavePlan } from './types.ts';

/* In the order of a bar: what is done, what is under way, what went wrong, what is to come. */
export type Part = 'ok' | 'confirming' | 'installing' | 'downloading' | 'offered' | 'failed' | 'unreachable' | 'cancelled' | 'waiting';
const parts: Record<Part, AttemptState[]> = {
  ok: ['ok'],
  confirming: ['confirming'],
  installing: ['installing', 'rebooting'],
  downloading: ['downloading', 'downloaded'],
  offered: ['offered', 'accepted'],
  failed: ['failed', 'rejected', 'rolled_back', 'timed_out'],
  unreachable: ['unreachable'],
  cancelled: ['cancelled'],
  waiting: ['planned', 'deferred'],
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
