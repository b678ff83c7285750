/** What the doctor can find. Scripts rely on the codes; docs/operations.md lists them. */

import { EXIT, type Failure } from '../failure.ts'

type Severity = 'error' | 'warning' | 'info'

const { usage, damaged, unavailable } = EXIT

/** For an error, the doctor's exit code. */
export const FINDINGS = {
  node_old: ['error', unavailable],
  sqlite_old: ['error', unavailable],
  verifier_slow: ['warning'],
  disk_full: ['error', unavailable],
  disk_low: ['warning'],
  folder_unwritable: ['error', unavailable],
  read_only: ['info'],
  files_open: ['warning'],
  files_foreign: ['warning'],
  lock_held: ['info'],
  unfinished: ['info'],
  no_ledger: ['error', usage],
  book_missing: ['error', damaged],
  guard_missing: ['error', damaged],
  version: ['error', usage],
  store_damaged: ['error', damaged],
  unavailable: ['error', unavailable],
  older_copy: ['error', damaged],
  other_history: ['error', damaged],
  no_checkpoint: ['warning'],
  unsigned: ['info'],
  guard_new: ['info'],
  mirror: ['info'],
  clock_behind: ['warning'],
  clock_manual: ['info'],
  wal_large: ['warning'],
  rows_differ: ['error', damaged],
  closing_late: ['warning'],
  no_keys: ['info'],
  keys_damaged: ['error', damaged],
  passphrase_wrong: ['error', usage],
  sequencer_key_missing: ['error', unavailable],
  operator_key_missing: ['info'],
  account_key_missing: ['warning'],
  retired_key_missing: ['warning'],
  rotation_pending: ['info'],
  rotation_recent: ['info'],
  unanswered: ['warning'],
} as const satisfies Record<string, readonly ['error', number] | readonly ['warning' | 'info']>

type FindingCode = keyof typeof FINDINGS

export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  readonly message: string
  /** What to do about it. */
  readonly remedy: string
}

export function finding(code: FindingCode, message: string, remedy: string): Finding {
  return { code, severity: FINDINGS[code][0], message, remedy }
}

/** The gravest error decides: damage before what is unavailable, and that before wrong usage. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const codes = findings.map(({ code }) => FINDINGS[code][1]).filter((code) => code !== undefined)
  return [damaged, unavailable, usage].find((code) => codes.some((one) => one === code)) ?? EXIT.done
}

/** A check that could not be carried out is a finding too. */
export function findingOf({ code, message, exitCode }: Failure): Finding {
  if (code === 'damaged') return finding('store_damaged', message, RESTORE)
  if (exitCode === unavailable) return finding('unavailable', message, 'Do what the sentence says, and ask again.')
  return finding('version', message, 'The version that made it can use it as it is; docs/operations.md tells how to upgrade.')
}

export const RESTORE =
  'Keep the folder as it is. nimledger verify tells the first defect, nimledger restore FILE [--from MIRROR] brings back a copy.'
