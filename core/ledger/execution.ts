/**
 * An entry of a log executed again, by the same machine and at its own time: what audits and mirrors share. Where the state is
 * kept is theirs to say; that every signature is good is for them to find out, many at once, before anything rests on it.
 */

import { InvariantError } from '../base/assert.ts'
import { type Sha256, tryFromHex } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Rules, type SignedTransaction } from '../domain/envelope.ts'
import { authenticate, execute, type Signer } from '../domain/machine.ts'
import { encodeOutcome, type Outcome } from '../domain/outcome.ts'
import type { Changes } from '../domain/run.ts'
import type { StateSummary } from '../domain/state-root.ts'
import { formatMilliseconds, type Milliseconds } from '../domain/time.ts'
import { type Moment, type Rows, signatoriesOf } from '../domain/view.ts'
import { leafHash } from '../log/merkle.ts'
import type { CheckPoint } from '../log/signature.ts'
import { parseEntry } from './entry.ts'
import type { LoggedEntry, StoredEntry } from './store.ts'
import type { SignatureCheck, Verifier } from './verifier.ts'

/** Something that is not as the log says, at an entry or at a stored value. */
export interface Defect {
  readonly index?: number
  readonly table?: string
  readonly key?: string
  readonly what: string
  readonly message: string
}

/** The state after the entries before, as an entry finds it. */
export interface ReplayState {
  /** What tells who signed. */
  signerRows(transaction: SignedTransaction): Promise<Rows>
  /** What the transaction reads. */
  rows(transaction: SignedTransaction, signers: readonly Signer[], moment: Moment): Promise<Rows>
  /** What all books are; a defect where an entry before turns out to be none. */
  summary(size: number, time: Milliseconds): Promise<StateSummary | Defect>
}

/** An entry that the rules let pass. */
export interface Executed {
  readonly index: number
  readonly time: Milliseconds
  readonly bytes: Uint8Array
  readonly leaf: Uint8Array
  readonly transaction: SignedTransaction
  readonly signers: readonly Signer[]
  readonly outcome: Outcome
  /** encodeOutcome's bytes. */
  readonly outcomeBytes: Uint8Array
  readonly changes: Changes
}

export interface ExecutionTools {
  readonly rules: Rules
  readonly sha256: Sha256
  readonly isPrimeOrder?: CheckPoint | undefined
}

/** Executes the entry that has to have `index`, after one accepted at `lastTime`; changes nothing. */
export async function executeEntry(
  { rules, sha256, isPrimeOrder }: ExecutionTools,
  state: ReplayState,
  entry: LoggedEntry | StoredEntry,
  { index, lastTime }: { readonly index: number; readonly lastTime: Milliseconds },
): Promise<Executed | Defect> {
  const at = (what: string, message: string): Defect => ({ index: entry.index, what, message })
  if (entry.index !== index) return { index, what: 'missing_entry', message: `Entry ${index} is missing.` }
  const { bytes } = entry
  const parsed = parseEntry(bytes)
  if (parsed instanceof Malformed) return at('malformed', `${parsed.reason}.`)
  const { time, note } = parsed
  if (time < lastTime)
    return at('time_backwards', `Its time is before that of the entry before, ${formatMilliseconds(lastTime)}.`)
  const transaction = parseSignedTransaction(rules, sha256, note)
  if (transaction instanceof Malformed) return at('malformed', `${transaction.reason}.`)
  const signers = authenticate(sha256, transaction, await state.signerRows(transaction))
  if ('status' in signers) return at(signers.code, signers.message)
  const summary = transaction.definition.needsSummary ? await state.summary(index, time) : undefined
  if (summary !== undefined && 'what' in summary) return summary
  const moment: Moment = { index, time, isPrimeOrder, ...(summary !== undefined && { summary }) }
  const rows = await state.rows(transaction, signers, moment)
  const result = tryExecute(() => execute(sha256, transaction, signatoriesOf(transaction, signers), rows, moment))
  if (result instanceof InvariantError) return at('invariant', `${result.message}: this does not hold.`)
  if (result.status === 'refused') return at(result.code, result.message)
  const { outcome, changes } = result
  const outcomeBytes = encodeOutcome(outcome)
  return { index, time, bytes, leaf: entry.leaf ?? leafHash(sha256, bytes), transaction, signers, outcome, outcomeBytes, changes }
}

/**
 * A log that was sequenced by a broken program may break an invariant: that is a finding about the log, not about this program.
 */
function tryExecute<T>(run: () => T): T | InvariantError {
  try {
    return run()
  } catch (error) {
    if (error instanceof InvariantError) return error
    throw error
  }
}

/** A signature to be checked, and where it stands. */
export type EntryCheck = SignatureCheck & { readonly index: number; readonly signer: Signer }

export function signatureChecks({ index, transaction, signers }: Executed): EntryCheck[] {
  return signers.map((signer, i) => ({
    publicKey: tryFromHex(signer.publicKey)!,
    message: transaction.textBytes,
    signature: transaction.signatures[i]!.signature,
    index,
    signer,
  }))
}

export async function findBadSignature(verifier: Verifier, checks: readonly EntryCheck[]): Promise<Defect | undefined> {
  const valid = await verifier.verify(checks)
  const bad = checks.find((_, i) => !valid[i])
  if (bad === undefined) return undefined
  const { account, keyId } = bad.signer
  const message = `The signature in the name of ${account} does not verify with key ${keyId}.`
  return { index: bad.index, what: 'bad_signature', message }
}

export function repeatedEntry(index: number): Defect {
  return { index, what: 'repeated', message: 'The same transaction is in the log twice.' }
}
