/** What the console does so that keys are not lost: recovery sheets, and keys that come back from words or a file. */

import type { KeySource, Sight } from '../../api/host.ts'
import type { KeysTaken, RecoverySheet } from '../../api/views.ts'
import { toHex, tryFromHex } from '../../base/bytes.ts'
import { accounts, type Platform } from '../../domain/state.ts'
import { markSheets, readMarks, type SheetState } from '../../drivers/recovery-marks.ts'
import { sha256 } from '../../drivers/sha256.ts'
import type { KeyPair } from '../../drivers/sodium/signer.ts'
import { isSqliteMirror } from '../../drivers/sqlite/mirror-store.ts'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import { listKeys, type NamedKey, type PublicEntry, Vault } from '../../drivers/vault.ts'
import { readPlatform, readRow } from '../../ledger/queries.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { ED25519, keyId } from '../../log/note.ts'
import { essentialKeys } from '../essential-keys.ts'
import { Failure } from '../failure.ts'
import { namedByLedger, pairsInWords, takeKeys, withFreeNames } from '../key-import.ts'
import { ownerOf, vkeyOf } from '../local-keys.ts'

/** A sheet before its words are on it, and whose they will be, in hex. */
interface BlankSheet {
  readonly publicKeys: readonly string[]
  fill(words: readonly (readonly string[])[], made: Date): RecoverySheet
}

/** Throws Failure `usage` where no key of the account's is here that a sheet would be for. */
export async function blankSheet(dir: string, { store }: Sight, account: string, hub: string | undefined): Promise<BlankSheet> {
  const platform = await readPlatform(store)
  const { origin } = platform
  const entries = await keysFor(dir, store, platform, account)
  const row = await readRow(store, accounts.at(account))
  const of = { account, name: row?.name ?? entries[0]!.label, origin, ledger: platform.name }
  const vkey = vkeyOf(origin, tryFromHex(platform.sequencerKey)!)
  const blank = entries.map((entry) => {
    const what = ownerOf(entry) === undefined ? ('log' as const) : ('account' as const)
    const key = keyId(sha256, what === 'log' ? origin : account, ED25519, entry.publicKey)
    return { what, key, ...(entry.account !== undefined && { label: entry.label }) }
  })
  return {
    publicKeys: entries.map(({ publicKey }) => toHex(publicKey)),
    fill: (words, made) => ({
      ...of,
      vkey,
      ...(hub !== undefined && { hub }),
      made: made.toISOString(),
      keys: blank.map((key, i) => ({ ...key, words: words[i]! })),
    }),
  }
}

/** Does what makes keys; the sheet of those that it made is due, unless the ledger refused what they were made for. */
export async function offeringSheets<T extends { readonly status: string } | undefined>(
  dir: string,
  make: () => Promise<T>,
): Promise<T> {
  const before = new Set(publicKeysOf(listKeys(dir)))
  const answer = await make()
  const made = publicKeysOf(listKeys(dir)).filter((publicKey) => !before.has(publicKey))
  if (answer?.status !== 'refused') markSheets(dir, made, 'due', new Date())
  return answer
}

/** Says of an account's sheet that it is kept, or was put off. */
export async function markSheet(dir: string, { store }: Sight, account: string, state: SheetState, time: Date): Promise<void> {
  const entries = await keysFor(dir, store, await readPlatform(store), account)
  markSheets(dir, publicKeysOf(entries), state, time)
}

async function keysFor(dir: string, store: StoreReader, platform: Platform, account: string): Promise<readonly PublicEntry[]> {
  const entries = (await essentialKeys(dir, store, platform)).get(account)
  if (entries === undefined)
    throw new Failure('usage', 'No key of this account that may sign everything is on this machine: make its sheet where it is.')
  return entries
}

/** What is known of the sheet of each account that one is for. */
export async function sheetStates(dir: string, store: StoreReader, platform: Platform): Promise<ReadonlyMap<string, SheetState>> {
  const stateOf = readMarks(dir)
  const essential = await essentialKeys(dir, store, platform)
  return new Map([...essential].map(([account, entries]) => [account, worst(publicKeysOf(entries).map(stateOf))]))
}

function worst(states: readonly SheetState[]): SheetState {
  return states.find((state) => state === 'due') ?? states.find((state) => state === 'missing') ?? 'kept'
}

function publicKeysOf(entries: readonly PublicEntry[]): string[] {
  return entries.map(({ publicKey }) => toHex(publicKey))
}

/** A source that was opened: keys without names in words, with names in a file. */
type OpenedSource = { readonly pairs: readonly KeyPair[] } | { readonly named: readonly NamedKey[] }

/** Throws where the words are none, or the passphrase does not open the file. */
export async function openSource(source: KeySource): Promise<OpenedSource> {
  if ('words' in source) return { pairs: pairsInWords(source.words) }
  return { named: await Vault.keysIn(source.file, source.passphrase) }
}

/** Takes keys into a vault that is open, each under the name that the ledger of the folder has for it. */
export async function bringKeys(dir: string, store: StoreReader, vault: Vault, source: OpenedSource): Promise<KeysTaken> {
  return take(dir, vault, await named(store, source), source)
}

/** Takes keys into a folder where nobody has unlocked any: the first ones are sealed under the passphrase. */
export async function bringFirstKeys(dir: string, passphrase: string, source: OpenedSource): Promise<void> {
  const store = await openSqliteReader(dir)
  try {
    const keys = await named(store, source)
    const { sequencerKey } = await readPlatform(store)
    const known = [...publicKeysOf(listKeys(dir)), ...keys.map(({ pair }) => toHex(pair.publicKey))]
    if (!isSqliteMirror(dir) && !known.includes(sequencerKey)) {
      throw new Failure(
        'usage',
        'The log is written in this folder, and the key that signs it is not among these. Bring it with the others: it is the ' +
          "last one on the operator's sheet.",
      )
    }
    const vault = listKeys(dir).length === 0 ? Vault.create(dir, passphrase) : await Vault.unlock(dir, passphrase)
    take(dir, vault, keys, source)
  } finally {
    await store.close()
  }
}

async function named(store: StoreReader, source: OpenedSource): Promise<readonly NamedKey[]> {
  if ('named' in source) return source.named
  const found = await namedByLedger(store, source.pairs)
  return found.map((key, i) => {
    if (key !== undefined) return key
    const which = found.length === 1 ? 'These words are' : `The words of key ${i + 1} are`
    throw new Failure('usage', `${which} a key that this ledger does not know: compare the origin on the sheet.`)
  })
}

/** Whoever has brought words has them on a sheet. */
function take(dir: string, vault: Vault, keys: readonly NamedKey[], source: OpenedSource): KeysTaken {
  const { imported, alreadyHere, names } = takeKeys(dir, vault, withFreeNames(dir, keys))
  const isOnSheet = 'pairs' in source
  if (isOnSheet) {
    const publicKeys = keys.map(({ pair }) => toHex(pair.publicKey))
    markSheets(dir, publicKeys, 'kept', new Date())
  }
  return { imported, alreadyHere, names }
}
