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
import type { CheckPoint } from '../log/enrolment.ts'
import { leafHash } from '../log/merkle.ts'
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
  signerRows(transaction: SignedTransaction): Rows | Promise<Rows>
  /** What the transaction reads. */
  rows(transaction: SignedTransaction, signers: readonly Signer[], moment: Moment): Rows | Promise<Rows>
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

/** An entry that could be read. */
interface Read {
  readonly index: number
  readonly time: Milliseconds
  readonly bytes: Uint8Array
  readonly leaf: Uint8Array
  readonly transaction: SignedTransaction
}

/**
 * Executes the entry that has to have `index`, after one accepted at `lastTime`; changes nothing. The answer is there at once
 * unless something has to be waited for: this runs for every entry, and a promise takes as long as a check.
 */
export function executeEntry(
  tools: ExecutionTools,
  state: ReplayState,
  entry: LoggedEntry | StoredEntry,
  place: { readonly index: number; readonly lastTime: Milliseconds },
): Executed | Defect | Promise<Executed | Defect> {
  const read = readEntry(tools, entry, place)
  if ('what' in read) return read
  const { transaction } = read
  return onceThere(state.signerRows(transaction), (signerRows) => {
    const signers = authenticate(tools.sha256, transaction, signerRows)
    if ('status' in signers) return { index: read.index, what: signers.code, message: signers.message }
    const { isPrimeOrder } = tools
    const moment: Moment = { index: read.index, time: read.time, isPrimeOrder }
    if (transaction.definition.needsSummary === true) return executeOnSummary(tools, state, read, signers, moment)
    return onceThere(state.rows(transaction, signers, moment), (rows) => executeOn(tools, read, signers, rows, moment))
  })
}

function onceThere<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** What the entry says by itself. */
function readEntry(
  { rules, sha256 }: ExecutionTools,
  entry: LoggedEntry,
  { index, lastTime }: { readonly index: number; readonly lastTime: Milliseconds },
): Read | Defect {
  if (entry.index !== index) return { index, what: 'missing_entry', message: `Entry ${index} is missing.` }
  const { bytes } = entry
  const parsed = parseEntry(bytes)
  if (parsed instanceof Malformed) return { index, what: 'malformed', message: `${parsed.reason}.` }
  const { time, note } = parsed
  if (time < lastTime) {
    const message = `Its time is before that of the entry before, ${formatMilliseconds(lastTime)}.`
    return { index, what: 'time_backwards', message }
  }
  const transaction = parseSignedTransaction(rules, sha256, note)
  if (transaction instanceof Malformed) return { index, what: 'malformed', message: `${transaction.reason}.` }
  return { index, time, bytes, leaf: entry.leaf ?? leafHash(sha256, bytes), transaction }
}

async function executeOnSummary(
  tools: ExecutionTools,
  state: ReplayState,
  read: Read,
  signers: readonly Signer[],
  before: Moment,
): Promise<Executed | Defect> {
  const summary = await state.summary(read.index, read.time)
  if ('what' in summary) return summary
  const moment: Moment = { ...before, summary }
  return executeOn(tools, read, signers, await state.rows(read.transaction, signers, moment), moment)
}

function executeOn(
  { sha256 }: ExecutionTools,
  read: Read,
  signers: readonly Signer[],
  rows: Rows,
  moment: Moment,
): Executed | Defect {
  const { index, time, bytes, leaf, transaction } = read
  const result = tryExecute(() => execute(sha256, transaction, signatoriesOf(transaction, signers), rows, moment))
  if (result instanceof InvariantError) return { index, what: 'invariant', message: `${result.message}: this does not hold.` }
  if (result.status === 'refused') return { index, what: result.code, message: result.message }
  const { outcome, changes } = result
  return { index, time, bytes, leaf, transaction, signers, outcome, outcomeBytes: encodeOutcome(outcome), changes }
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
