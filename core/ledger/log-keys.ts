/**
 * The keys of the log: which of them sign a checkpoint. A checkpoint of size n needs the key that the first n entries name, be it
 * the genesis' or that of the last sequencer.rotate; a key that was replaced goes on signing beside it for 30 days.
 */

import { type Sha256, toHex, tryFromHex } from '../base/bytes.ts'
import { MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Rules } from '../domain/envelope.ts'
import { type Platform, platform, sequencerKeys } from '../domain/state.ts'
import type { Seconds } from '../domain/time.ts'
import { type Checkpoint, parseCheckpoint } from '../log/checkpoint.ts'
import { ED25519, isSameKey, type NoteSigner, parseNote, type VerifierKey, verifierKey } from '../log/note.ts'
import { parseEntry } from './entry.ts'
import { LoadedRows } from './rows.ts'
import { type LogReader, StoreError, type StoreReader } from './store.ts'
import type { Verifier } from './verifier.ts'

/** A key with which a sequencer signs checkpoints, under the log's origin as its name. */
export type SequencerKey = NoteSigner & { readonly publicKey: Uint8Array }

/** Entries read at a time. */
const ENTRIES_AT_A_TIME = 1_000

export function logKey(sha256: Sha256, origin: string, publicKey: string): VerifierKey {
  return verifierKey(sha256, origin, ED25519, tryFromHex(publicKey)!)
}

/** A key that a log says is its own, and the entry that says so. */
export interface NamedKey {
  readonly key: VerifierKey
  readonly entry: number
}

/** The keys that the entries of a store name, one after the other. */
export async function namedKeys(sha256: Sha256, store: StoreReader): Promise<NamedKey[]> {
  const rows = new LoadedRows(store)
  await rows.load([platform])
  const origin = rows.get(platform)?.origin
  const named: NamedKey[] = []
  for await (const { key: publicKey } of store.tableRows({ table: sequencerKeys.name })) {
    const row = sequencerKeys.at(publicKey)
    await rows.load([row])
    if (origin !== undefined) named.push({ key: logKey(sha256, origin, publicKey), entry: rows.get(row)!.entry })
  }
  return named.sort((a, b) => a.entry - b.entry)
}

/** The key that the first `size` entries of a store name for their checkpoint; undefined where they name none. */
export async function keyInForce(sha256: Sha256, store: StoreReader, size: number): Promise<VerifierKey | undefined> {
  return (await namedKeys(sha256, store)).findLast(({ entry }) => entry < size)?.key
}

/** The keys that the entries of a log name, one after the other: what it says of itself, none of it checked. */
export async function claimedKeys(rules: Rules, sha256: Sha256, log: LogReader): Promise<NamedKey[]> {
  const claimed: NamedKey[] = []
  for (let from = 0, size = await log.size(); from < size; ) {
    const page = await log.entries(from, ENTRIES_AT_A_TIME)
    if (page.length === 0) break
    for (const { index, bytes } of page) {
      // Few entries name a key, and reading the others would take as long as an audit.
      if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('"sequencerKey":"')) continue
      const entry = parseEntry(bytes)
      const transaction = entry instanceof Malformed ? entry : parseSignedTransaction(rules, sha256, entry.note)
      if (transaction instanceof Malformed) continue
      const publicKey = transaction.definition.sequencerKey?.(transaction.body as never)
      if (publicKey !== undefined) claimed.push({ key: logKey(sha256, transaction.ledger, publicKey), entry: index })
    }
    from += page.length
  }
  return claimed
}

/**
 * Those of the keys at hand that sign a checkpoint now, the one in force first. Throws StoreError where the one in force is not
 * at hand.
 */
export function checkpointSigners(
  { origin, sequencerKey, retiredKeys }: Platform,
  atHand: readonly SequencerKey[],
  time: Seconds,
): readonly NoteSigner[] {
  const held = (hex: string) => atHand.find(({ name, publicKey }) => name === origin && toHex(publicKey) === hex)
  const current = held(sequencerKey)
  if (current === undefined) throw new StoreError('damaged', 'The sequencer key at hand is not the one that the log names.')
  const retired = retiredKeys.filter(({ until }) => time < until).map(({ publicKey }) => held(publicKey))
  return [current, ...retired.filter((key) => key !== undefined)]
}

/**
 * The checkpoint in a note that a log signed with this key; undefined for any other note, also for one with a signature of the
 * key that fails beside one that does not: whoever opens it by the standard refuses it, so it would prove nothing to others.
 */
export async function openCheckpointOf(
  key: VerifierKey,
  signed: Uint8Array,
  verifier: Verifier,
): Promise<Checkpoint | undefined> {
  const note = parseNote(signed, MAX_NOTE_BYTES)
  if (note instanceof Malformed) return undefined
  const own = note.signatures.filter((signature) => isSameKey(signature, key))
  const { publicKey } = key
  const areValid = await verifier.verify(own.map(({ signature }) => ({ publicKey, message: note.textBytes, signature })))
  if (own.length === 0 || !areValid.every((isValid) => isValid)) return undefined
  const checkpoint = parseCheckpoint(note.text)
  return checkpoint instanceof Malformed || checkpoint.origin !== key.name ? undefined : checkpoint
}
