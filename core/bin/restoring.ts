/**
 * Restoring: which of the copies at hand is brought back, and what must hold before it is. All copies must have one history; the
 * longest is taken; it must have every entry that anybody here knows to be signed; and it must pass the full audit. Otherwise
 * nothing is changed.
 */

import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { equalBytes } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { entryCount, plural } from '../base/plural.ts'
import { type Seconds, wholeSeconds } from '../domain/time.ts'
import { writeDurably } from '../drivers/durable-file.ts'
import { sha256 } from '../drivers/sha256.ts'
import { createVerifier } from '../drivers/sodium/verifier.ts'
import type { LedgerCopy } from '../drivers/sqlite/backup.ts'
import type { BookReader } from '../drivers/sqlite/reader.ts'
import { openLedgerCopy, Restoration, shownTo } from '../drivers/sqlite/restoration.ts'
import { listKeys, vaultPath } from '../drivers/vault.ts'
import { type AuditReport, audit } from '../ledger/audit.ts'
import { type Genesis, lastTime, readGenesis } from '../ledger/queries.ts'
import { StoreError } from '../ledger/store.ts'
import { frontierAt, signedSize } from '../ledger/tree.ts'
import type { Verifier } from '../ledger/verifier.ts'
import { type Checkpoint, readCheckpoint } from '../log/checkpoint.ts'
import { formatVerifierKey, type VerifierKey } from '../log/note.ts'
import { LEDGER_TOOLS } from './desk.ts'
import { Failure } from './failure.ts'
import { progressBar } from './output.ts'
import type { Place } from './place.ts'
import { LOCK_TIMEOUT_MS } from './sequencer.ts'

interface RestoreOptions {
  readonly file: string
  /** Other copies to consult. */
  readonly from: readonly string[]
  readonly trusted: VerifierKey | undefined
}

interface Restored {
  readonly dir: string
  readonly origin: string
  readonly vkey: string
  readonly size: number
  readonly root: string
  /** The copy that was taken. */
  readonly source: string
  readonly guard: 'kept' | 'new'
  readonly staleBefore?: Seconds
  /** How many keys the folder has now. */
  readonly keys: number
  /** Where the book that was there is kept. */
  readonly replaced?: string
}

/**
 * A copy of the ledger that is at hand. Only its log is read: what follows from the log is derived again and compared in a new
 * copy made from it, which has this program's format.
 */
interface Source extends LedgerCopy {
  readonly path: string
  readonly size: number
  readonly genesis: Genesis
}

/** A checkpoint that somebody here holds. */
interface Known {
  readonly holder: string
  readonly head: Checkpoint
  readonly signed: Uint8Array
}

export async function restoreLedger(place: Place, options: RestoreOptions): Promise<Restored> {
  const sources: Source[] = []
  const verifier = createVerifier()
  try {
    for (const path of [options.file, ...options.from]) sources.push(await openSource(path))
    using restoration = await Restoration.begin(place.dir, LOCK_TIMEOUT_MS)
    return await bringBack(place, options, { restoration, sources, verifier })
  } finally {
    for (const { log } of sources) await log.close()
    await verifier.close()
  }
}

interface Work {
  readonly restoration: Restoration
  readonly sources: readonly Source[]
  readonly verifier: Verifier
}

async function bringBack(place: Place, options: RestoreOptions, { restoration, sources, verifier }: Work): Promise<Restored> {
  const { remembered } = restoration
  const known = await knownCheckpoints(place.dir, remembered?.checkpoint, sources)
  const chosen = chooseSource(place.dir, sources, known)
  if (remembered === undefined) await refuseShorter(place.dir, chosen)
  const newest = known.reduce<Known | undefined>((best, one) => (best && best.head.size >= one.head.size ? best : one), undefined)
  const copy = await restoration.copy(chosen.log, newest?.signed, progressBar('copy'))
  let report: AuditReport
  try {
    await compareHistories(copy, chosen, sources, known, verifier)
    report = await auditCopy(copy, chosen.path, { trusted: options.trusted, verifier, isUnsigned: newest === undefined })
  } finally {
    await copy.close()
  }
  const { genesis } = chosen
  const staleBefore = remembered === undefined ? await staleTime(place, chosen) : undefined
  const beginning = staleBefore === undefined ? undefined : { staleBefore, checkpoint: newest?.signed }
  restoreKeys(place.dir, sources[0]!.keys)
  const replaced = restoration.finish(beginning, new Date().toISOString().replaceAll(':', '.'))
  // So that a note made from now on is not stale.
  if (staleBefore !== undefined && genesis.clock === 'system') await sleep(Math.max(0, staleBefore * 1000 - Date.now()))
  return {
    dir: place.dir,
    origin: genesis.origin,
    vkey: report.vkey,
    size: report.size,
    root: report.root,
    source: chosen.path,
    guard: staleBefore === undefined ? 'kept' : 'new',
    ...(staleBefore !== undefined && { staleBefore }),
    keys: listKeys(place.dir).length,
    ...(replaced !== undefined && { replaced }),
  }
}

/** A backup, or the book in the folder of a ledger or a mirror. */
async function openSource(path: string): Promise<Source> {
  if (!existsSync(path)) throw new Failure('usage', `${path} does not exist.`)
  const copy = openLedgerCopy(path)
  try {
    const { rules } = LEDGER_TOOLS
    return { ...copy, path, size: await copy.log.size(), genesis: await readGenesis(rules, sha256, copy.log) }
  } catch (error) {
    await copy.log.close()
    throw error
  }
}

async function knownCheckpoints(dir: string, guarded: Uint8Array | undefined, sources: readonly Source[]): Promise<Known[]> {
  const held = [{ holder: `The guard in ${dir}`, signed: guarded }]
  for (const { path, log } of sources) {
    held.push({ holder: path, signed: await log.checkpoint() })
    held.push({ holder: path, signed: shownTo(path) })
  }
  return held.flatMap(({ holder, signed }) => {
    if (signed === undefined) return []
    const head = readCheckpoint(signed)
    if (head instanceof Malformed) throw new Failure('damaged', `${holder} holds a checkpoint that is damaged: ${head.reason}.`)
    return [{ holder, head, signed }]
  })
}

/**
 * The longest copy of one ledger. Refuses where entries that were signed, hence answered as accepted, are in none of the copies.
 */
function chooseSource(dir: string, sources: readonly Source[], known: readonly Known[]): Source {
  const [file] = sources
  const { origin } = file!.genesis
  const others = [
    ...sources.map(({ path, genesis }) => ({ holder: path, origin: genesis.origin })),
    ...known.map(({ holder, head }) => ({ holder, origin: head.origin })),
  ]
  const foreign = others.find((one) => one.origin !== origin)
  if (foreign !== undefined) {
    throw new Failure(
      'usage',
      `${foreign.holder} is of the ledger ${foreign.origin}, and ${file!.path} of ${origin}: each needs a folder of its own.`,
    )
  }
  const chosen = sources.reduce((longest, one) => (one.size > longest.size ? one : longest))
  const ahead = known.find(({ head }) => head.size > chosen.size)
  // One's own backup may end with entries that were signed a moment later; with other copies nobody knows who appended to them.
  if (chosen !== file && !known.some(({ head }) => head.size === chosen.size)) {
    throw new Failure(
      'damaged',
      `${chosen.path} ends with entries that no checkpoint covers: it is not taken, and nothing was changed.`,
    )
  }
  if (ahead === undefined) return chosen
  const lost = ahead.head.size - chosen.size
  throw new Failure(
    'damaged',
    `${ahead.holder} holds a signed checkpoint of ${entryCount(ahead.head.size)}, and ${chosen.path} has ${chosen.size}: ` +
      `restoring it would lose ${plural(lost, 'entry that was', 'entries that were')} answered as accepted, and ` +
      'signing on would fork the log. ' +
      `Nothing was changed in ${dir}. Bring a newer backup, or give --from the folder of a mirror that has ${ahead.head.size}.`,
  )
}

/** Where the guard is lost, a longer book that is still there is the only trace of what was signed. */
async function refuseShorter(dir: string, chosen: Source): Promise<void> {
  let size: number
  try {
    const { log } = openLedgerCopy(dir)
    size = await log.size().finally(() => log.close())
  } catch (error) {
    // There is no book, or one too damaged to tell anything.
    if (error instanceof StoreError && (error.code === 'missing' || error.code === 'damaged')) return
    throw error
  }
  if (size <= chosen.size) return
  throw new Failure(
    'damaged',
    `The guard in ${dir} is lost, and the book there has ${entryCount(size)}, more than the ${chosen.size} of ${chosen.path}: ` +
      `restoring it would lose what may have been signed. Nothing was changed; nimledger restore ` +
      `${dir} makes a new guard for the longer one.`,
  )
}

/** Throws where two copies, or a copy and a signed checkpoint, contradict each other: one is forged, or the log was forked. */
async function compareHistories(
  copy: BookReader,
  chosen: Source,
  sources: readonly Source[],
  known: readonly Known[],
  verifier: Verifier,
): Promise<void> {
  const evidence =
    'Two histories: nothing was restored. Keep both as evidence, and ask those who hold checkpoints which is signed.'
  for (const { path, log, size } of sources) {
    if (log === chosen.log) continue
    const [own, theirs] = [await frontierAt(sha256, copy, size), await frontierAt(sha256, log, size)]
    if (!equalBytes(own.root(), theirs.root()))
      throw new Failure(
        'damaged',
        `The log in ${path} and that in ${chosen.path} differ in the first ${entryCount(size)}. ${evidence}`,
      )
  }
  for (const { holder, head, signed } of known) {
    try {
      await signedSize(sha256, copy, signed, verifier)
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'damaged')) throw error
      const what = `${holder} holds a checkpoint of ${entryCount(head.size)} that is not one of the log in ${chosen.path}`
      throw new Failure('damaged', `${what}: ${error.message} ${evidence}`)
    }
  }
}

async function auditCopy(
  copy: BookReader,
  path: string,
  options: { readonly trusted: VerifierKey | undefined; readonly verifier: Verifier; readonly isUnsigned: boolean },
): Promise<AuditReport> {
  const report = await audit(copy, copy, { ...LEDGER_TOOLS, ...options, progress: progressBar('verify') })
  const [defect] = report.defects
  if (defect !== undefined) {
    const { index, table, key, message } = defect
    const where = index === undefined ? [table, key].filter((part) => part !== undefined).join(' ') : `entry ${index}`
    const whole = where === '' ? message : `${where}: ${message}`
    throw new Failure('damaged', `${path} does not verify, so nothing was restored: ${whole}`)
  }
  const { trusted } = options
  return trusted === undefined ? report : { ...report, vkey: report.rotation?.vkey ?? formatVerifierKey(trusted) }
}

/** The time from which on notes are not stale: later than any note made before this command, by the ledger's own clock. */
async function staleTime({ at }: Place, { genesis, log }: Source): Promise<Seconds> {
  const last = await lastTime(log)
  if (genesis.clock === 'system') {
    if (at !== undefined) throw new Failure('usage', 'This ledger goes by the system clock; --at is for a manual clock.')
    return Math.max(wholeSeconds(Date.now()) + 1, wholeSeconds(last))
  }
  return wholeSeconds(Math.max(at ?? 0, last))
}

/** Restores the keys from a backup where the folder has none; keys that are there are not replaced. */
function restoreKeys(dir: string, keys: Uint8Array | undefined): void {
  if (keys !== undefined && !existsSync(vaultPath(dir))) writeDurably(vaultPath(dir), keys)
}
