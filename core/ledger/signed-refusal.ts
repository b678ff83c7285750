/**
 * A refusal that can be shown to others: a signed note (c2sp.org/signed-note) under the log's own key.
 *
 *     nimledger/refusal@v1
 *     ledger.example/credits                                 the ledger that refuses
 *     6a0c1f2b5d0e4c7a9b1d3f5a7c9e0b2d4f6a8c0e1b3d5f7a       the transaction's id
 *     exceeds_credits                                        the code
 *     2026-11-22T08:31:09.123Z                               the ledger's time
 *     1234                                                   the entries that the log had by then; none is this transaction
 *     {"missing":"5","needed":"25","spendable":"20"}         the refusal's data, canonical JSON
 *
 *     — ledger.example/credits <base64>
 *
 * The first line is no origin and the second no number, so it cannot be taken for a checkpoint, which the same key signs; nor for
 * a transaction, whose text begins with a brace. What anybody can provoke in another's name is not signed: whatever is refused
 * before its signatures are known to be good.
 */

import { MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { canonicalize, parseCanonical } from '../domain/canonical.ts'
import { parseSignedTransaction, type Tools } from '../domain/envelope.ts'
import { TRANSACTION_ID_PATTERN } from '../domain/ids.ts'
import { CODES, type Code, type Refusal, type RefusalData, refuse } from '../domain/refusal.ts'
import { platform } from '../domain/state.ts'
import { formatMilliseconds, type Milliseconds, parseMilliseconds, wholeSeconds } from '../domain/time.ts'
import { type LogTrust, parseDecimal } from '../log/checkpoint.ts'
import { openNote, parseNote, signNote, Unverified } from '../log/note.ts'
import { checkpointSigners, type SequencerKey } from './log-keys.ts'
import { readRow } from './queries.ts'
import type { StoreReader } from './store.ts'

const HEADER = 'nimledger/refusal@v1'
const LINES = 7

/** Refused before the signatures are known to be good. */
const UNSIGNED: readonly Code[] = ['malformed', 'wrong_ledger', 'unknown_account', 'bad_signature']

interface RefusalSigning extends Tools {
  /** The ledger's, as it is after the refusal. */
  readonly store: StoreReader
  readonly sequencerKeys: readonly SequencerKey[]
  /** The ledger's time. */
  readonly time: Milliseconds
}

/** The refusal of a note as the ledger's signed word; undefined where there is none to be had. */
export async function signRefusal(
  { rules, sha256, store, sequencerKeys, time }: RefusalSigning,
  note: Uint8Array,
  { code, data }: Refusal,
): Promise<Uint8Array | undefined> {
  const transaction = UNSIGNED.includes(code) ? undefined : parseSignedTransaction(rules, sha256, note)
  if (transaction === undefined || transaction instanceof Malformed) return undefined
  const { id } = transaction
  const ledger = await readRow(store, platform)
  const size = await store.size()
  // The same text under another signature may have been accepted since.
  const [index] = await store.indexes([id])
  if (ledger === undefined || index !== undefined) return undefined
  const lines = [HEADER, ledger.origin, id, code, formatMilliseconds(time), String(size), canonicalize(data)]
  return signNote(lines.map((line) => `${line}\n`).join(''), checkpointSigners(ledger, sequencerKeys, wholeSeconds(time)))
}

/** Whether a file may hold a signed refusal. */
export function isSignedRefusal(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, HEADER.length + 1)).toString('latin1') === `${HEADER}\n`
}

/** What a ledger signed that it refuses. */
interface SignedRefusal {
  readonly id: string
  readonly time: Milliseconds
  readonly size: number
  readonly refusal: Refusal
}

/** What a signed refusal says to those who trust the log so; or what is wrong with it. */
export function checkSignedRefusal(bytes: Uint8Array, trust: LogTrust): SignedRefusal | Malformed | Unverified {
  const note = parseNote(bytes, MAX_NOTE_BYTES)
  if (note instanceof Malformed) return note
  const wrong = new Malformed(`the file is no ${HEADER}`)
  const lines = note.text.slice(0, -1).split('\n')
  const [header, origin, id = '', code = '', timeText = '', sizeText = '', dataText = ''] = lines
  if (header !== HEADER || lines.length !== LINES || !TRANSACTION_ID_PATTERN.test(id)) return wrong
  const [time, size, data] = [parseMilliseconds(timeText), parseDecimal(sizeText), parseCanonical(dataText)]
  if (time === undefined || size === undefined || data instanceof Malformed) return wrong
  if (typeof data !== 'object' || Array.isArray(data) || !isCode(code)) return wrong
  if (origin !== trust.origin) return new Unverified(`the refusal is of another ledger than ${trust.origin}`)
  const signatures = openNote(note, trust.logKeys)
  if (signatures instanceof Malformed) return signatures
  return { id, time, size, refusal: refuse(code, data as RefusalData) }
}

function isCode(code: string): code is Code {
  return (CODES as readonly string[]).includes(code)
}
