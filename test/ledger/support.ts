/**
 * A ledger with everything real but its place and its clock: keys from fixed seeds, signed notes, the sequencer, and a store
 * in memory or on a disk. What is signed is the same in every run, because nonces are counted.
 */

import { setImmediate } from 'node:timers/promises'
import { assert } from '../../core/base/assert.ts'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { composeText, type Rules } from '../../core/domain/envelope.ts'
import { accountId } from '../../core/domain/ids.ts'
import type { Refusal } from '../../core/domain/refusal.ts'
import type { Milliseconds, Seconds } from '../../core/domain/time.ts'
import { wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { type MemoryLedger, openMemoryReader, openMemoryWriter } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { type KeyPair, keyPair } from '../../core/drivers/sodium/signer.ts'
import { createVerifier } from '../../core/drivers/sodium/verifier.ts'
import { openSqliteReader, openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import type { Accepted } from '../../core/ledger/accepted.ts'
import { type AuditOptions, type AuditReport, audit } from '../../core/ledger/audit.ts'
import { Ledger, type LedgerOptions } from '../../core/ledger/ledger.ts'
import { Lookup } from '../../core/ledger/lookup.ts'
import type { NumberedRow, StoreReader, StoreWriter, TableRows } from '../../core/ledger/store.ts'
import { type Checkpoint, noteVerifier, openCheckpoint } from '../../core/log/checkpoint.ts'
import { ED25519, keyId, type NoteSigner, signNote, verifierKey } from '../../core/log/note.ts'

export const ORIGIN = 'test.example/credits'
export const FOUNDED: Milliseconds = Date.UTC(2026, 0, 1)
export const SECOND = 1_000
export const DAY = 86_400 * SECOND

/** On the calling thread, so that nothing outlives a test. */
export const VERIFIER = createVerifier({ threads: 0 })

export type Answer = Accepted | Refusal

/** Somebody with a key of their own. */
export interface Person {
  readonly name: string
  readonly account: string
  readonly publicKey: string
  readonly pair: KeyPair
  readonly signer: NoteSigner
}

const people = new Map<string, Person>()

/** The person of this name: the same key always. */
export function person(name: string): Person {
  const known = people.get(name)
  if (known !== undefined) return known
  const pair = keyPair(sha256(utf8(`ledger test ${name}`)))
  const account = accountId(sha256, pair.publicKey)
  const made = { name, account, publicKey: toHex(pair.publicKey), pair, signer: signerAs(pair, account) }
  people.set(name, made)
  return made
}

/** Signs with a key under any name. */
export function signerAs(pair: KeyPair, name: string): NoteSigner & { readonly publicKey: Uint8Array } {
  return { name, keyId: keyId(sha256, name, ED25519, pair.publicKey), sign: pair.sign, publicKey: pair.publicKey }
}

export const OPERATOR = person('operator')
export const ADA = person('Ada')
export const BOB = person('Bob')
export const CYD = person('Cyd')

const sequencerPair = keyPair(sha256(utf8('ledger test sequencer')))
export const SEQUENCER = signerAs(sequencerPair, ORIGIN)
export const LOG_KEY = verifierKey(sha256, ORIGIN, ED25519, sequencerPair.publicKey)
export const OTHER_SEQUENCER = signerAs(keyPair(sha256(utf8('ledger test other sequencer'))), ORIGIN)

export const GENESIS = {
  origin: ORIGIN,
  name: 'Test ledger',
  operatorKey: OPERATOR.publicKey,
  sequencerKey: toHex(SEQUENCER.publicKey),
  clock: 'manual',
  feeBps: 1500,
  plans: [
    { plan: 'starter', modelLimit: 3, price: '19', period: 'month' },
    { plan: 'experienced', modelLimit: 10, price: '49', period: 'month' },
  ],
  policy: { minimumPayout: '25', earningsHoldDays: 7, graceDays: 7, creditNote: '1 credit = 1 USD' },
} satisfies Json

/** Where a ledger is kept while nobody has it open. */
export interface Home {
  readonly kind: 'memory' | 'sqlite'
  openWriter(): Promise<StoreWriter>
  openReader(): Promise<StoreReader>
}

export function memoryHome(ledger: MemoryLedger): Home {
  return { kind: 'memory', openWriter: () => openMemoryWriter(ledger), openReader: () => openMemoryReader(ledger) }
}

/** A folder that has an empty ledger already. */
export function folderHome(folder: string): Home {
  return { kind: 'sqlite', openWriter: () => openSqliteWriter(folder), openReader: () => openSqliteReader(folder) }
}

/** What is read from, without an index. */
export async function openUnindexed(home: Home) {
  const store = await home.openReader()
  return { store, lookup: Lookup.none(), close: () => store.close() }
}

export interface Settings {
  readonly rules?: Rules
  readonly sequencerKeys?: LedgerOptions['sequencerKeys']
  /** Stands between the ledger and its store from the next opening on. */
  readonly wrap?: (store: StoreWriter) => StoreWriter
  readonly verifier?: LedgerOptions['verifier']
}

export interface EnvelopeOverrides {
  readonly made?: Seconds
  readonly validUntil?: Seconds
  readonly ledger?: string
  readonly nonce?: Uint8Array
  /** Whose key signs in the signer's name. */
  readonly signedBy?: Person
  /** Who signs below. */
  readonly cosigner?: Person
}

/** A ledger, the people who use it, and its clock. */
export class TestLedger<Place extends Home = Home> {
  readonly home: Place
  settings: Settings
  time: Milliseconds = FOUNDED
  #ledger: Ledger | undefined
  #store: StoreWriter | undefined
  #nonce = 0

  constructor(home: Place, settings: Settings = {}) {
    this.home = home
    this.settings = settings
  }

  static async found<Place extends Home>(home: Place, settings: Settings = {}): Promise<TestLedger<Place>> {
    const test = new TestLedger(home, settings)
    accepted(await test.found())
    return test
  }

  get ledger(): Ledger {
    assert(this.#ledger !== undefined, 'the ledger is open')
    return this.#ledger
  }

  /** The store itself, without what stands before it. */
  get store(): StoreWriter {
    assert(this.#store !== undefined, 'the ledger is open')
    return this.#store
  }

  genesis(body: Json = GENESIS): Uint8Array {
    return this.sign(OPERATOR, 'ledger.genesis', body)
  }

  async found(note = this.genesis()): Promise<Answer> {
    const { ledger, answer } = await Ledger.found(await this.#openStore(), note)
    this.#ledger = ledger
    return answer
  }

  /** Opens the ledger; where that fails, the store is closed again. */
  async open(): Promise<Ledger> {
    const options = await this.#openStore()
    try {
      this.#ledger = await Ledger.open(options)
    } catch (error) {
      await this.close()
      throw error
    }
    return this.#ledger
  }

  async close(): Promise<void> {
    await this.#store?.close()
    this.#store = undefined
    this.#ledger = undefined
  }

  async reopen(settings: Settings = {}): Promise<Ledger> {
    await this.close()
    this.settings = settings
    return this.open()
  }

  async #openStore(): Promise<LedgerOptions> {
    const { wrap = (store) => store, rules: wanted = rules, sequencerKeys = [SEQUENCER], verifier = VERIFIER } = this.settings
    this.#store = await this.home.openWriter()
    return { rules: wanted, sha256, store: wrap(this.#store), verifier, now: () => this.time, sequencerKeys }
  }

  /** The text of a transaction made now. */
  compose(signer: Person, type: string, body: Json, overrides: EnvelopeOverrides = {}): string {
    const { signedBy: _, cosigner: _second, ...envelope } = overrides
    const nonce = new Uint8Array(16)
    new DataView(nonce.buffer).setUint32(0, this.#nonce++)
    const made = wholeSeconds(this.time)
    return composeText({ type, body, ledger: ORIGIN, signer: signer.account, made, nonce, ...envelope })
  }

  sign(signer: Person, type: string, body: Json, overrides: EnvelopeOverrides = {}): Uint8Array {
    const by = overrides.signedBy?.pair.sign ?? signer.signer.sign
    const second = overrides.cosigner === undefined ? [] : [overrides.cosigner.signer]
    return signNote(this.compose(signer, type, body, overrides), [{ ...signer.signer, sign: by }, ...second])
  }

  submit(signer: Person, type: string, body: Json, overrides: EnvelopeOverrides = {}): Promise<Answer> {
    return this.ledger.submit(this.sign(signer, type, body, overrides))
  }

  async accept(signer: Person, type: string, body: Json, overrides: EnvelopeOverrides = {}): Promise<Accepted> {
    return accepted(await this.submit(signer, type, body, overrides))
  }

  opening(who: Person): Uint8Array {
    return this.sign(who, 'account.open', { publicKey: who.publicKey, name: who.name })
  }

  topup(to: Person, amount: string, reference = `payment ${this.#nonce}`): Uint8Array {
    return this.sign(OPERATOR, 'credit.topup', { account: to.account, amount, provider: 'bank', reference })
  }

  /** A model that is only made: the smallest transaction that nothing refuses. */
  model(by: Person, name = 'm'): Uint8Array {
    return this.sign(by, 'model.create', { ...MODEL, name })
  }

  async audit(options: Partial<AuditOptions> = {}): Promise<AuditReport> {
    const reader = await this.home.openReader()
    try {
      return await auditOf(reader, reader, options)
    } finally {
      await reader.close()
    }
  }
}

export function auditOf(log: StoreReader, store?: StoreReader, options: Partial<AuditOptions> = {}): Promise<AuditReport> {
  return audit(log, store, { rules, sha256, verifier: VERIFIER, ...options })
}

export function accepted(answer: Answer): Accepted {
  if (answer.status === 'refused') throw new Error(`The note was not accepted: ${answer.message}`)
  return answer
}

const verifySignature = chooseVerifier()

/** What a checkpoint says, once core/log found it signed by the log. */
export function openedCheckpoint(signed: Uint8Array | undefined, key = LOG_KEY): Checkpoint {
  assert(signed !== undefined, 'there is a checkpoint')
  const logKeys = [noteVerifier(verifySignature, key)]
  const opened = openCheckpoint(signed, { origin: ORIGIN, logKeys, witnesses: [], quorum: 0 })
  if (!('checkpoint' in opened)) throw new Error(`The checkpoint is not good: ${opened.reason}`)
  return opened.checkpoint
}

/** What a store's method does, `call`, which does it, and what it was given. */
export type Interposed = (method: keyof StoreWriter, call: () => unknown, given: readonly unknown[]) => unknown

/** A store with something between it and its user. */
export function interpose(store: StoreWriter, around: Interposed): StoreWriter {
  return new Proxy(store, {
    get: (target, name) => {
      const method = name as keyof StoreWriter
      if (method === 'tableRows') return (wanted: TableRows) => interposeRows(target, around, wanted)
      return async (...given: unknown[]) =>
        around(method, () => (target[method] as (...given: unknown[]) => unknown).call(target, ...given), given)
    },
  })
}

async function* interposeRows(store: StoreWriter, around: Interposed, wanted: TableRows): AsyncGenerator<NumberedRow> {
  yield* (await around('tableRows', () => store.tableRows(wanted), [wanted])) as AsyncIterable<NumberedRow>
}

/** The body of a model that is only made. */
export const MODEL = { name: 'm', base: 'b', artifact: 'a'.repeat(64), description: 'd' }

/** A founded ledger with Ada, who has no credits. */
export async function withAda(home: Home): Promise<TestLedger> {
  const test = await TestLedger.found(home)
  accepted(await test.ledger.submit(test.opening(ADA)))
  return test
}

export function codes(answers: readonly Answer[]): string[] {
  return answers.map((answer) => (answer.status === 'refused' ? answer.code : 'accepted'))
}

export function submitAll(test: TestLedger, notes: readonly Uint8Array[]): Promise<Answer[]> {
  return Promise.all(notes.map((note) => test.ledger.submit(note)))
}

/** Stands before a store whose next commit waits, once told to, before it is made or after it. */
export function holding(moment: 'before' | 'after') {
  const held = {
    isNext: false,
    reached: Promise.withResolvers<void>(),
    released: Promise.withResolvers<void>(),
    /** How often the store was asked for ids, as it is for each group of notes. */
    asked: 0,
  }
  const wait = async () => {
    held.isNext = false
    held.reached.resolve()
    await held.released.promise
  }
  const wrap = (store: StoreWriter) =>
    interpose(store, async (method, call) => {
      if (method === 'indexes') held.asked += 1
      const isHeld = method === 'commit' && held.isNext
      if (isHeld && moment === 'before') await wait()
      const result = await call()
      if (isHeld && moment === 'after') await wait()
      return result
    })
  return { held, wrap }
}

/** Lets so many turns of the event loop pass: enough of them for all that need wait for nothing else. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await setImmediate()
}

/** Counts what reaches the store from the next opening on. */
export function counting(test: TestLedger): Map<string, number> {
  const counts = new Map<string, number>()
  test.settings = {
    ...test.settings,
    wrap: (store) =>
      interpose(store, (method, call) => {
        counts.set(method, (counts.get(method) ?? 0) + 1)
        return call()
      }),
  }
  return counts
}
