/* What the REST interface answers (protocols/rest/openapi.json) and what the rows of the live protocol are. */

export type Role = 'viewer' | 'operator' | 'admin';
export type DeviceState = 'invited' | 'pending' | 'active' | 'quarantined' | 'rejected' | 'revoked' | 'retired';
export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical' | 'fatal';

export interface Session {
  name: string;
  role: Role;
  csrf: string;
  began: string;
  ends: string;
}

export interface Claim {
  gateway: string;
  claimed: boolean;
  server_key_sha256: string;
}

export interface Status {
  gateway: string;
  version: string;
  started: string;
  claimed: boolean;
  keys_separated: boolean;
  broker_up: boolean;
  keyd_up: boolean;
  registry: { confirmed: boolean; generation: string };
  door_open_until: string | null;
  devices: Record<DeviceState, number>;
  refused: Record<string, string>;
  storage: Storage;
  online: number;
  live_connections: number;
  port_mqtt: number;
  port_devices: number;
  port_operators: number;
  server_key_sha256: string;
}

export interface Storage {
  journal_full: boolean;
  failed_commits: string;
  dropped: string;
  events: string;
  state_failed_commits: string;
  unsigned: boolean;
  checkpoints_denied: string;
  state_wal_bytes: string;
  journal_wal_bytes: string;
  state_wal_max_bytes: string;
  journal_wal_max_bytes: string;
}

export interface Device {
  id: string;
  name: string;
  state: DeviceState;
  online: boolean;
  seen: string | null;
  source: string;
  certificate: { sha256: string; not_after: string } | null;
  inventory?: Inventory | null;
  created: string;
  changed: string;
  rev: string;
}

export interface Pending {
  id: string;
  spki_sha256: string;
  source: string;
  created: string;
  expires: string;
  approved: boolean;
}

export interface Invitation {
  invitation: string;
  expires: string;
}

export interface VendorKey {
  keyid: string;
  name: string;
  added: string;
}

export interface ReleaseFile {
  name: string;
  role: 'artifact' | 'sbom' | 'advisory' | 'notes';
  format: string;
  sha256: string;
  size: number;
  for: string | null;
}

export interface Release {
  id: string;
  product: string;
  version: string;
  release_counter: number;
  security_floor: number;
  channel: string;
  security_only: boolean;
  state: 'staged' | 'withdrawn';
  damaged: string | null;
  released_at: string;
  expires_at: string;
  imported: string;
  imported_by: string;
  changed: string;
  bytes: number;
  file_count: number;
  signers: string[];
  trusted_signers: number;
  threshold: number;
  trusted: boolean;
  rev: string;
  files?: ReleaseFile[];
}

export interface User {
  name: string;
  role: Role;
  disabled: boolean;
  created: string;
  rev: string;
  sessions: number;
}

export type TokenRole = 'viewer' | 'operator' | 'metrics';

export interface Token {
  name: string;
  role: TokenRole;
  made_by: string | null;
  created: string | null;
  expires: string | null;
  used: string | null;
}

export interface NewToken extends Token {
  token: string;
}

export interface LogEvent {
  log: string;
  seq: string;
  arrived: string;
  format: string;
  t: string | null;
  cls: string;
  sev: Severity;
  res: 'ok' | 'fail' | 'denied' | null;
  subj: string;
  obj: string;
  program: string;
  msg: string;
  text?: string;
  base64?: string;
}

export interface Log {
  log: string;
  equivocated: boolean; // the device sent something else under numbers that were stored
  size: string;
  signed_size: string;
}

export interface Done {
  ok: true;
  detail: string;
}

export type AlertState = 'new' | 'acknowledged' | 'snoozed' | 'resolved';

export interface Alert {
  id: string;
  class: string;
  device: string | null; // null: the gateway itself
  severity: Severity;
  state: AlertState;
  first: string;
  last: string;
  count: string;
  until: string | null;
  changed: string;
  by: string | null;
  note: string;
  message: string;
  evidence: { log: string; seq: string } | null;
  rev: string;
}

export type AttemptState =
  | 'planned' | 'offered' | 'accepted' | 'downloading' | 'downloaded' | 'installing' | 'rebooting' | 'confirming' | 'deferred'
  | 'ok' | 'failed' | 'rejected' | 'rolled_back' | 'cancelled' | 'timed_out' | 'unreachable';
export type Counts = Partial<Record<AttemptState, number>>;
export type Hold = 'gate' | 'sample' | 'unreachable' | 'failures' | 'soak';
export type RolloutState = 'draft' | 'running' | 'paused' | 'holding' | 'aborting' | 'aborted' | 'rolling_back' | 'rolled_back' | 'finished';

export interface WavePlan {
  select: 'list' | 'percent' | 'query' | 'rest';
  percent?: number;
  query?: string;
  devices?: string[];
  typed?: string; // the page's own: the list as it is being typed
  max_concurrent: number;
  gate: { ok_pct: number; min_sample: number; unreachable_pct: number; soak_ms: number };
}

export interface Plan {
  waves: WavePlan[];
  abort: { failure_pct: number; min_decided: number; action: 'hold' | 'abort' | 'rollback' };
  confirm_ms: number;
  step_ms: number;
  total_ms: number;
  postpone_max_ms: number;
  back_concurrent?: number;
  seed?: string;
}

export interface Wave {
  wave: number; // from 1
  state: 'waiting' | 'open' | 'soaking' | 'passed' | 'stopped';
  devices: number;
  counts: Counts;
  decided: number;
  failures: number;
  holders: number;
  back_devices: number;
  back_counts: Counts;
  waived: Hold[];
  waits_for: 'reports' | 'soak' | 'person' | null;
  soak_until: string | null;
  hold: Hold | null;
}

export interface Rollout {
  id: string;
  state: RolloutState;
  hold: Hold | null;
  hold_wave: number | null;
  unplanned: number;
  finding_holders: boolean;
  name: string;
  release: string;
  product: string;
  version: string;
  release_counter: number;
  devices: number;
  counts: Counts;
  holders: number;
  back_devices: number;
  back_counts: Counts;
  plan: Plan;
  waves: Wave[];
  created: string;
  created_by: string;
  changed: string;
  reason: string;
  rev: string;
}

export interface Preview {
  devices: number;
  plan: Plan;
  waves: Wave[];
  left_out: { not_active: number; not_fit: number; running_it: number; in_another_rollout: number };
}

export interface Attempt {
  id: string;
  rollout: string;
  device: string;
  wave: number;
  back: boolean;
  state: AttemptState;
  code: string | null;
  progress_pct: number;
  online: boolean;
  cancelling: boolean;
  release: string | null;
  version: string | null;
  before: string | null;
  offered: string | null;
  since: string | null;
  until: string | null;
  created: string;
}

export interface Inventory {
  product: string | null;
  hardware: string | null;
  version: string | null;
  release: string | null;
  boot: string | null;
  agent: string | null;
  uptime_s: number;
  slots: Record<string, unknown>[] | null;
  attributes: Record<string, string> | null;
  floor_confirmed: number;
  told: string;
}
