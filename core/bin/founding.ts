/** How a ledger is founded in a folder: keys, genesis, first checkpoint. */

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Malformed } from '../base/malformed.ts'
import type { Json } from '../domain/canonical.ts'
import { parseSignedTransaction } from '../domain/envelope.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Milliseconds } from '../domain/time.ts'
import { sha256 } from '../drivers/sha256.ts'
import { type KeyPair, keyPair, SEED_BYTES } from '../drivers/sodium/signer.ts'
import { openSqliteWriter } from '../drivers/sqlite/store.ts'
import { listKeys, Vault } from '../drivers/vault.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { Ledger } from '../ledger/ledger.ts'
import { signNote } from '../log/note.ts'
import { compose, LEDGER_TOOLS, ledgerOptions, publicKeyHex } from './desk.ts'
import { SEQUENCER, signerOf, vkeyOf } from './local-keys.ts'
import { OPERATOR } from './place.ts'
import { LOCK_TIMEOUT_MS } from './sequencer.ts'

interface Founding {
  readonly origin?: string | undefined
  readonly name: string
  readonly clock: 'system' | 'manual'
  /** The first time of a manual clock. */
  readonly at?: Milliseconds | undefined
}

interface Founded {
  readonly origin: string
  readonly vkey: string
  readonly operator: string
  readonly answer: Accepted
}

/** The terms that a new ledger begins with; policy may change them later. */
export const FOUNDING_TERMS = {
  feeBps: 1500,
  plans: [
    { plan: 'starter', modelLimit: 3, price: '19', period: 'month' },
    { plan: 'experienced', modelLimit: 10, price: '49', period: 'month' },
  ],
  policy: { minimumPayout: '25', earningsHoldDays: 7, graceDays: 7, creditNote: '1 credit = 1 USD' },
} satisfies Json

/**
 * Founds a ledger in a folder that has none, under its lock from beginning to end. What a crash left of an earlier attempt is
 * taken up again; a genesis that is refused writes nothing.
 */
export async function foundLedger(dir: string, passphrase: string, founding: Founding): Promise<Founded | Refusal> {
  const trial = parseSignedTransaction(LEDGER_TOOLS.rules, sha256, genesisNote(founding, newKeyPair(), newKeyPair()).note)
  if (trial instanceof Malformed) return refuse('malformed', { reason: trial.reason })
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const store = await openSqliteWriter(dir, { create: true, lockTimeoutMs: LOCK_TIMEOUT_MS })
  const opened: { ledger?: Ledger } = {}
  try {
    if ((await store.size()) > 0) return refuse('already_founded')
    const vault = listKeys(dir).length > 0 ? Vault.open(dir, passphrase) : Vault.create(dir, passphrase)
    const missing = [OPERATOR, SEQUENCER].filter((label) => vault.key(label) === undefined)
    if (missing.length > 0) vault.add(missing.map((label) => ({ label, pair: newKeyPair() })))
    const sequencer = vault.key(SEQUENCER)!
    const { note, origin, time, operator } = genesisNote(founding, vault.key(OPERATOR)!, sequencer)
    const options = ledgerOptions(store, vault, origin, () => time)
    const { ledger, answer } = await Ledger.found(options, note)
    opened.ledger = ledger
    if (answer.status === 'refused') return answer
    const vkey = vkeyOf(origin, sequencer.publicKey)
    return { origin, vkey, operator, answer }
  } finally {
    await (opened.ledger ?? store).close()
  }
}

function genesisNote({ origin: given, name, clock, at }: Founding, operator: KeyPair, sequencer: KeyPair) {
  const signer = signerOf(operator)
  const origin = given ?? `nimledger.local/${signer.keyId}`
  const time = at ?? Date.now()
  const keys = { operatorKey: publicKeyHex(operator), sequencerKey: publicKeyHex(sequencer) }
  const body = { ...FOUNDING_TERMS, ...keys, origin, name, clock }
  const note = signNote(compose(origin, time, { signer: signer.name, type: 'ledger.genesis', body }), [signer])
  return { note, origin, time, operator: signer.name }
}

/** Whether a folder has a ledger, founded or not. */
export function hasLedger(dir: string): boolean {
  return existsSync(join(dir, 'ledger.db'))
}

export function newKeyPair(): KeyPair {
  return keyPair(randomBytes(SEED_BYTES))
}
