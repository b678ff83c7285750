/**
 * Entries of a log executed again, by the same machine and at their own times: what audits and mirrors share. They decide where
 * the state is kept, and they have to find out whether every signature is good, many at once, before anything rests on it.
 */

import { InvariantError } from '../base/assert.ts'
import { tryFromHex } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type SignedTransaction, type Tools } from '../domain/envelope.ts'
import { authenticate, execute, type Signer } from '../domain/machine.ts'
import { encodeOutcome, type Outcome } from '../domain/outcome.ts'
import type { Changes } from '../domain/run.ts'
import type { StateSummary } from '../domain/state-root.ts'
import { formatMilliseconds, type Milliseconds } from '../domain/time.ts'
import { type Moment, type Rows, signatoriesOf } from '../domain/view.ts'
import type { CheckPoint } from '../log/enrolment.ts'
import { leafHash } from '../log/merkle.ts'
import { parseEntry } from './entry.ts'
import { groupLength } from './groups.ts'
import type { LoggedEntry, StoredEntry } from './store.ts'
import type { SignatureCheck, Verifier } from './verifier.ts'

/** Something that contradicts the log, at an entry or at a stored value. */
export interface Defect {
  readonly index?: number
  readonly table?: string
  readonly key?: string
  readonly what: string
  readonly message: string
}

/** What an entry reads, as it stands before the entry. */
export interface EntryRows extends Rows {
  /** Whether these are still all that the entry reads, after the changes of the entries before it. */
  holdsAt(time: Milliseconds): boolean
}

/** The state after the entries that were taken over. */
export interface ReplayState<Found extends EntryRows> {
  /** What entries read, looked for together. */
  prefetch(entries: readonly ReadEntry[]): Promise<readonly Found[]>
  /** The state of all books; a defect where an entry before turns out to be bad. */
  summary(size: number, time: Milliseconds): Promise<StateSummary | Defect>
}

/** An entry that the rules let pass. */
export interface ExecutedEntry {
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
  /** The outcome that is stored beside the entry, where that is known. */
  readonly stored: Uint8Array | undefined
}

/** Takes over what an entry did, so that those that follow see it; returns a defect where it must not be taken over. */
type Take<Found> = (executed: ExecutedEntry, rows: Found) => Defect | undefined

export interface ExecutionTools extends Tools {
  readonly isPrimeOrder?: CheckPoint | undefined
}

/** An entry that could be read. */
export interface ReadEntry {
  readonly index: number
  readonly time: Milliseconds
  readonly bytes: Uint8Array
  readonly leaf: Uint8Array
  readonly transaction: SignedTransaction
  readonly stored: Uint8Array | undefined
}

/** Entries that are read before the first of them is executed. */
const GROUP_ENTRIES = 64

/** Entries in order, in groups that are executed one after the other. */
export function* groupsOf(entries: readonly (LoggedEntry | StoredEntry)[]): Generator<readonly (LoggedEntry | StoredEntry)[]> {
  for (let start = 0; start < entries.length; ) {
    const end = start + groupLength(entries, start, GROUP_ENTRIES, ({ bytes }) => bytes.length)
    yield entries.slice(start, end)
    start = end
  }
}

/**
 * Executes a group in order, each entry on the state that those before it left. The first entry must have `index`, and follow one
 * accepted at `lastTime`. Stops at the first defect; the entries before it are taken over.
 */
export async function executeGroup<Found extends EntryRows>(
  tools: ExecutionTools,
  state: ReplayState<Found>,
  entries: readonly (LoggedEntry | StoredEntry)[],
  { index, lastTime }: { readonly index: number; readonly lastTime: Milliseconds },
  take: Take<Found>,
): Promise<Defect | undefined> {
  const read: ReadEntry[] = []
  let unreadable: Defect | undefined
  for (const entry of entries) {
    const one = readEntry(tools, entry, { index: index + read.length, lastTime: read.at(-1)?.time ?? lastTime })
    if ('what' in one) {
      unreadable = one
      break
    }
    read.push(one)
  }
  for (const part of partsOf(read)) {
    const defect = await executePart(tools, state, part, take)
    if (defect !== undefined) return defect
  }
  return unreadable
}

/**
 * The entries in order, in parts whose rows can be looked up together. Some entries look at one that they name, or at all books;
 * these are there only once all before were executed, so each such entry begins a part.
 */
function* partsOf(entries: readonly ReadEntry[]): Generator<readonly ReadEntry[]> {
  let start = 0
  for (let end = 1; end <= entries.length; end++) {
    if (end < entries.length && !looksBack(entries[end]!, entries[start]!.index)) continue
    yield entries.slice(start, end)
    start = end
  }
}

/** Whether the entry can be looked up only after the entries from `start` on were executed. */
function looksBack({ transaction: { definition, body }, index }: ReadEntry, start: number): boolean {
  if (definition.needsSummary === true) return true
  const named = definition.namesEntry?.(body as never)
  return named !== undefined && named >= start && named < index
}

async function executePart<Found extends EntryRows>(
  tools: ExecutionTools,
  state: ReplayState<Found>,
  part: readonly ReadEntry[],
  take: Take<Found>,
): Promise<Defect | undefined> {
  const { sha256, isPrimeOrder } = tools
  const [{ index: start, time: at, transaction: first }] = part as readonly [ReadEntry]
  const summary = first.definition.needsSummary === true ? await state.summary(start, at) : undefined
  if (summary !== undefined && 'what' in summary) return summary
  const prefetched = await state.prefetch(part)
  for (const [i, entry] of part.entries()) {
    const { index, time, transaction } = entry
    const rows = prefetched[i]!.holdsAt(time) ? prefetched[i]! : (await state.prefetch([entry]))[0]!
    const signers = authenticate(sha256, transaction, rows)
    if ('status' in signers) return { index, what: signers.code, message: signers.message }
    const moment: Moment = { index, time, isPrimeOrder, ...(i === 0 && summary && { summary }) }
    const executed = executeOn(tools, entry, signers, rows, moment)
    const defect = 'what' in executed ? executed : take(executed, rows)
    if (defect !== undefined) return defect
  }
  return undefined
}

/** What can be read from the entry alone. */
function readEntry(
  { rules, sha256 }: ExecutionTools,
  entry: LoggedEntry | StoredEntry,
  { index, lastTime }: { readonly index: number; readonly lastTime: Milliseconds },
): ReadEntry | Defect {
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
  const stored = 'outcome' in entry ? entry.outcome : undefined
  return { index, time, bytes, leaf: entry.leaf ?? leafHash(sha256, bytes), transaction, stored }
}

function executeOn(
  { sha256 }: ExecutionTools,
  entry: ReadEntry,
  signers: readonly Signer[],
  rows: Rows,
  moment: Moment,
): ExecutedEntry | Defect {
  const { index, time, bytes, leaf, transaction, stored } = entry
  const result = tryExecute(() => execute(sha256, transaction, signatoriesOf(transaction, signers), rows, moment))
  if (result instanceof InvariantError) return { index, what: 'invariant', message: `${result.message}: this does not hold.` }
  if (result.status === 'refused') return { index, what: result.code, message: result.message }
  const { outcome, changes } = result
  return { index, time, bytes, leaf, transaction, signers, outcome, outcomeBytes: encodeOutcome(outcome), changes, stored }
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

export function signatureChecks({ index, transaction, signers }: ExecutedEntry): EntryCheck[] {
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
