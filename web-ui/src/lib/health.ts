/* What is wrong with the gateway itself, as sentences. Pure. */
import { text } from './text.ts';
import type { Status } from './types.ts';

export function troublesOf(status: Status): string[] {
  const { storage } = status;
  const rules: [boolean, string][] = [
    [!status.broker_up, text.trouble.broker],
    [!status.keyd_up, text.trouble.keyd],
    [status.broker_up && !status.registry.confirmed, text.trouble.registry],
    [storage.journal_full, text.trouble.journalFull],
    [storage.checkpoints_denied !== '0', text.trouble.denied],
    [status.keyd_up && storage.unsigned && storage.checkpoints_denied === '0', text.trouble.unsigned],
    [Number(storage.state_wal_bytes) > Number(storage.state_wal_max_bytes), text.trouble.stateWal],
    [Number(storage.journal_wal_bytes) > Number(storage.journal_wal_max_bytes), text.trouble.journalWal],
    [!status.keys_separated, text.trouble.keys],
  ];
  return rules.filter(([holds]) => holds).map(([, sentence]) => sentence);
}
