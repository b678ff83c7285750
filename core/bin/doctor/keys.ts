/** The keys of this machine against what the ledger says of them, and notes that wait for their answer. */

import { toHex } from '../../base/bytes.ts'
import { sequencerKeys } from '../../domain/state.ts'
import { quoted } from '../../domain/text.ts'
import { formatSeconds, type Seconds, wholeSeconds } from '../../domain/time.ts'
import { isSqliteMirror } from '../../drivers/sqlite/mirror-store.ts'
import { openSqliteOutbox } from '../../drivers/sqlite/outbox-store.ts'
import { listKeys, Vault, VaultError } from '../../drivers/vault.ts'
import { readPlatform, readRow } from '../../ledger/queries.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { localKeys, localNames, ownerOf, usableKeys } from '../local-keys.ts'
import { readPassphrase } from '../passphrase.ts'
import { type Place, readingTime } from '../place.ts'
import { unansweredNotes } from '../unanswered.ts'
import { type Finding, finding } from './finding.ts'

const IMPORT = 'Where the key is: nimledger keys export FILE; here: nimledger keys import FILE.'

/** Whether the keys can be read, and opened with the passphrase where one is given. */
export async function* vault({ dir, passphrase }: Place): AsyncGenerator<Finding> {
  try {
    if (listKeys(dir).length === 0) return
    if (passphrase.file === undefined && passphrase.environment === undefined) return
    Vault.open(dir, await readPassphrase(passphrase, false)).all()
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    if (error.code === 'passphrase')
      yield finding('passphrase_wrong', error.message, 'Give the passphrase that they were sealed under last.')
    else yield finding('keys_damaged', error.message, 'Bring keys.json back from a backup, or import exported keys.')
  }
}

export async function* keys(place: Place, store: StoreReader): AsyncGenerator<Finding> {
  const { dir } = place
  const now = wholeSeconds(await readingTime(store, place))
  const held = listKeys(dir)
  if (held.length === 0)
    return yield finding('no_keys', 'This machine has no keys for the ledger, so it only reads.', `Nothing, or: ${IMPORT}`)
  const { operator } = await readPlatform(store)
  const local = localKeys(dir)
  // In a mirror, the hub has them.
  const isMirror = isSqliteMirror(dir)
  if (!isMirror) yield* await sequencer(dir, store, now)
  if (!isMirror && !local.some(({ account }) => account === operator))
    yield finding('operator_key_missing', "The operator's key is not on this machine.", `Nothing, if it is kept apart. ${IMPORT}`)
  for (const [account, name] of localNames(dir)) {
    const usable = await usableKeys(store, account, now)
    if (local.some((key) => key.account === account && usable.has(key.keyId))) continue
    const isKnown = usable.size > 0
    const message = isKnown
      ? `None of the keys here signs for ${quoted(name)} any more: they were revoked, or have expired.`
      : `The ledger does not know ${quoted(name)}: its opening was refused or cut off.`
    yield finding('account_key_missing', message, isKnown ? `Import one that does. ${IMPORT}` : 'Open it again with account new.')
  }
}

async function* sequencer(dir: string, store: StoreReader, now: Seconds): AsyncGenerator<Finding> {
  const { sequencerKey, retiredKeys } = await readPlatform(store)
  const own = new Set(
    listKeys(dir)
      .filter((entry) => ownerOf(entry) === undefined)
      .map(({ publicKey }) => toHex(publicKey)),
  )
  if (!own.has(sequencerKey)) {
    const message = "The ledger's sequencer key is not on this machine, so nothing can be submitted here."
    yield finding('sequencer_key_missing', message, `${IMPORT} Only one machine may ever sequence.`)
  }
  for (const key of own) {
    if (key === sequencerKey || (await readRow(store, sequencerKeys.at(key))) !== undefined) continue
    const message = `A next key of the sequencer was made and is not in service: ${key}.`
    yield finding(
      'rotation_pending',
      message,
      'Keep a copy of it, then: nimledger tx sequencer.rotate, as keys add sequencer says.',
    )
  }
  for (const { publicKey, until } of retiredKeys) {
    if (until <= now) continue
    if (own.has(publicKey)) {
      const message = `The sequencer's key was replaced; the old one signs besides until ${formatSeconds(until)}.`
      yield finding('rotation_recent', message, 'Hand out the new vkey (nimledger status) until then.')
    } else {
      const message = `The sequencer's old key is not here, so checkpoints lack its signature until ${formatSeconds(until)}.`
      yield finding('retired_key_missing', message, `If it was stolen, that is right: hand out the new vkey. Else: ${IMPORT}`)
    }
  }
}

/** Transactions on their way to the hub of a mirror; throws where the outbox cannot be read. */
export async function* outbox(dir: string): AsyncGenerator<Finding> {
  const store = openSqliteOutbox(dir, 'read')
  if (store === undefined) return
  try {
    for (const message of await store.defects()) yield finding('store_damaged', message, KEEP_OUTBOX)
    const { queued, sent } = await store.counts()
    if (queued + sent === 0) return
    const message = `Transactions of the outbox that are not answered yet: ${queued + sent}.`
    yield finding('unanswered', message, 'nimledger sync sends them and tells what became of them; nothing is taken twice.')
  } finally {
    await store.close()
  }
}

const KEEP_OUTBOX =
  'Keep the folder as it is: transactions on their way are nowhere else. What was accepted or refused, the hub answers again.'

export function* unanswered(dir: string): Generator<Finding> {
  for (const file of unansweredNotes(dir)) {
    const message = `The transaction in ${file} was never answered.`
    yield finding(
      'unanswered',
      message,
      `nimledger tx submit ${JSON.stringify(file)} tells what became of it; nothing is taken twice.`,
    )
  }
}
