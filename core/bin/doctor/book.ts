/**
 * The ledger in the folder: its databases, the guard against the book, the clock, a sample, and when the books were last closed.
 */

import { InvariantError } from '../../base/assert.ts'
import { Malformed } from '../../base/malformed.ts'
import { entryCount, plural } from '../../base/plural.ts'
import { DAY_SECONDS, formatMilliseconds, formatSeconds, type Milliseconds, wholeSeconds } from '../../domain/time.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { BOOK, GUARD, hasDatabase } from '../../drivers/sqlite/database.ts'
import { isSqliteMirror } from '../../drivers/sqlite/mirror-store.ts'
import { readStaleBefore } from '../../drivers/sqlite/restoration.ts'
import { lastTime, readPlatform, trialBalance } from '../../ledger/queries.ts'
import { closingDue } from '../../ledger/scheduler.ts'
import { spotCheck } from '../../ledger/spot-check.ts'
import { StoreError, type StoreReader } from '../../ledger/store.ts'
import { signedSize } from '../../ledger/tree.ts'
import { readCheckpoint } from '../../log/checkpoint.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { type Finding, finding, RESTORE } from './finding.ts'

/** Clocks may differ by so much without anything being wrong. */
const CLOCK_TOLERANCE_MS = 2_000

/** Whether there is a ledger to look into; if not, why. */
export function* databases(dir: string): Generator<Finding> {
  const [hasBook, hasGuard] = [hasDatabase(dir, BOOK), hasDatabase(dir, GUARD) || isSqliteMirror(dir)]
  if (!hasBook && !hasGuard)
    yield finding('no_ledger', `There is no ledger in ${dir}.`, 'Give its folder with --dir, or found one: init.')
  else if (!hasBook) {
    const message = `There is no ${BOOK.file} in ${dir}, only what stood beside it.`
    yield finding(
      'book_missing',
      message,
      'nimledger restore FILE brings it back; the guard that is left keeps it from forking the log.',
    )
  } else if (!hasGuard) {
    const remedy =
      `If ${GUARD.file} is anywhere, bring the newest one back. If it is lost: nimledger --dir ${JSON.stringify(dir)} restore ` +
      `${JSON.stringify(dir)} audits the book and makes a new guard, under which notes made before are stale.`
    yield finding('guard_missing', `There is no ${GUARD.file} in ${dir}: nobody knows what was signed last.`, remedy)
  }
}

export async function* book(dir: string, store: StoreReader, now: Milliseconds): AsyncGenerator<Finding> {
  for (const { message } of (await store.defects()).slice(0, 1)) yield finding('store_damaged', message, RESTORE)
  yield* await head(dir, store)
  const platform = await readPlatform(store)
  const last = await lastTime(store)
  if (platform.clock === 'manual')
    yield finding('clock_manual', 'The clock of this ledger is manual.', 'Nothing: its time moves when a command says --at.')
  else if (last > now + CLOCK_TOLERANCE_MS) {
    const message = `The clock says ${formatMilliseconds(now)}, and the last entry is of ${formatMilliseconds(last)}.`
    const remedy = 'Set the clock by a time server. Until it has caught up, all entries get the time of the last one.'
    yield finding('clock_behind', message, remedy)
  }
  yield* await sample(store)
  const due = await closingDue(store, await store.size())
  const time = platform.clock === 'manual' ? wholeSeconds(last) : wholeSeconds(now)
  if (due !== undefined && time >= due + DAY_SECONDS && !isSqliteMirror(dir)) {
    const message = `The books should have been closed at ${formatSeconds(due)}.`
    const remedy = `Run the hub, or nimledger renew --until ${formatSeconds(time)} every day: balances are proven by closings.`
    yield finding('closing_late', message, remedy)
  }
}

/** The checkpoint against the book. */
async function head(dir: string, store: StoreReader): Promise<Finding[]> {
  if (isSqliteMirror(dir)) return [finding('mirror', 'This is a mirror of another ledger.', 'Nothing: sync keeps it up to date.')]
  const staleBefore = readStaleBefore(dir)
  const found: Finding[] = []
  if (staleBefore > 0) {
    const message = `The guard was made anew; notes made before ${formatSeconds(staleBefore)} are refused as stale.`
    found.push(finding('guard_new', message, 'Nothing: whoever is refused signs again.'))
  }
  const signed = await store.checkpoint()
  if (signed === undefined) {
    return [...found, finding('no_checkpoint', 'Nothing is signed yet.', 'The next command that submits signs what is there.')]
  }
  const claimed = readCheckpoint(signed)
  const size = await store.size()
  if (!(claimed instanceof Malformed) && claimed.size > size) {
    const message = `${BOOK.file} has ${entryCount(size)}, and a checkpoint of ${claimed.size} was signed: it is an older copy.`
    return [...found, finding('older_copy', message, RESTORE)]
  }
  const verifier = createVerifier()
  try {
    const covered = await signedSize(sha256, store, signed, verifier)
    if (covered === size) return found
    const message = `${plural(size - covered, 'entry at the end is', 'entries at the end are')} not covered by a checkpoint yet.`
    return [...found, finding('unsigned', message, 'Nothing: the next command that submits signs them.')]
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'damaged')) throw error
    return [...found, finding('other_history', error.message, RESTORE)]
  } finally {
    await verifier.close()
  }
}

async function sample(store: StoreReader): Promise<Finding[]> {
  try {
    await trialBalance(store, true)
    const wrong = await spotCheck(LEDGER_TOOLS, store)
    return wrong === undefined ? [] : [finding('rows_differ', wrong, RESTORE)]
  } catch (error) {
    if (error instanceof InvariantError) return [finding('rows_differ', `This does not hold: ${error.message}.`, RESTORE)]
    throw error
  }
}
