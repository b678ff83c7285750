/**
 * The marketplace that the benchmarks trade in, a ledger like any other: founded, opened and filled through ordinary signed
 * transactions, on SQLite in a folder. It has ten creators, each with a plan, a model, three datasets and two features on offer,
 * and as many payers as are asked for, each with an account, a key of its own and credits. Keys follow from names, so that a
 * folder filled before can be taken up again. They are no secrets: such a ledger is of no other use.
 */

import { toHex, utf8 } from '../../base/bytes.ts'
import type { Json } from '../../domain/canonical.ts'
import { composeText } from '../../domain/envelope.ts'
import { wholeSeconds } from '../../domain/time.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { keyPair } from '../../drivers/sodium/signer.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { openSqliteWriter } from '../../drivers/sqlite/store.ts'
import { readAccepted } from '../../ledger/accepted.ts'
import { Ledger, type LedgerOptions } from '../../ledger/ledger.ts'
import { readPlatform } from '../../ledger/queries.ts'
import type { StoreReader, StoreWriter } from '../../ledger/store.ts'
import type { Verifier } from '../../ledger/verifier.ts'
import { type NoteSigner, signNote } from '../../log/note.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { Failure } from '../failure.ts'
import { FOUNDING_TERMS } from '../founding.ts'
import { signerOf } from '../local-keys.ts'
import { Feeder } from './feeder.ts'

export const ORIGIN = 'bench.example/credits'
const CREATORS = 10
const DATASETS_EACH = 3
const FEATURES_EACH = 2

/** What one thing costs, by what it is; the same with every creator. */
export const PRICES = { dataset: '25', licence: '9', feature: '4', month: '10' } as const
const DIGEST = 'b'.repeat(64)
const ACCOUNT_CREDITS = '1000000'

/** What is on offer; plain data, so that it can be handed to a thread that signs. */
export interface Market {
  readonly payers: number
  /** Listings of models, open to everybody's calls and with a monthly subscription; the n-th is the n-th creator's. */
  readonly models: readonly string[]
  readonly datasets: readonly string[]
  /** Features that run for thirty days, and longer when bought again. */
  readonly features: readonly string[]
}

/** A ledger in a folder with everything real: SQLite, the verifier's threads, the system's clock. */
export interface OpenMarket {
  readonly ledger: Ledger
  readonly verifier: Verifier
  readonly market: Market
  /** Purchases so far: the entries that are neither the founding's nor the payers' first two. */
  readonly purchases: number
  close(): Promise<void>
}

type Person = NoteSigner & { readonly publicKey: Uint8Array }

/** Keys kept: making one costs as much as signing once. */
const MAX_KEPT_PEOPLE = 20_000
const people = new Map<string, Person>()

function person(name: string, account?: string): Person {
  const known = people.get(name)
  if (known !== undefined) return known
  const made = signerOf(keyPair(sha256(utf8(`nimledger bench ${name}`))), account)
  if (people.size >= MAX_KEPT_PEOPLE) people.clear()
  people.set(name, made)
  return made
}

const operator = () => person('operator')
export const sequencer = () => person('sequencer', ORIGIN)
export const creator = (number: number) => person(`creator ${number}`)
export const payer = (number: number) => person(`payer ${number}`)

let nonces = 0n

/** A note made now, by one who signs alone. */
export function sign(signer: NoteSigner, type: string, body: Json): Uint8Array {
  nonces += 1n
  const nonce = new Uint8Array(16)
  new DataView(nonce.buffer).setBigUint64(8, nonces)
  const made = wholeSeconds(Date.now())
  return signNote(composeText({ type, body, ledger: ORIGIN, signer: signer.name, made, nonce }), [signer])
}

/** Opens the market in a folder; where there is none it is founded first, with as many payers as are asked for. */
export async function openMarket(folder: string, payers: number): Promise<OpenMarket> {
  const verifier = createVerifier()
  const store = await openSqliteWriter(folder, { create: true })
  try {
    const ledger = (await store.size()) === 0 ? await found(store, verifier, payers) : await reopen(store, verifier)
    const market = await recall(ledger.reader)
    return {
      ledger,
      verifier,
      market,
      get purchases() {
        return ledger.size - FOUNDING_ENTRIES - 2 * market.payers
      },
      close: async () => {
        await ledger.close()
        await verifier.close()
      },
    }
  } catch (error) {
    await store.close()
    await verifier.close()
    throw error
  }
}

/** Opens a ledger that was founded before, with nothing more than any start does. */
export async function reopen(store: StoreWriter, verifier: Verifier): Promise<Ledger> {
  const { origin } = await readPlatform(store)
  if (origin !== ORIGIN) throw new Failure('usage', `The folder holds the ledger ${origin}, which is not one of a benchmark.`)
  return Ledger.open(options(store, verifier))
}

function options(store: StoreWriter, verifier: Verifier): LedgerOptions {
  return { ...LEDGER_TOOLS, store, verifier, now: Date.now, sequencerKeys: [sequencer()] }
}

async function found(store: StoreWriter, verifier: Verifier, payers: number): Promise<Ledger> {
  const keys = { operatorKey: toHex(operator().publicKey), sequencerKey: toHex(sequencer().publicKey) }
  const genesis = { ...FOUNDING_TERMS, ...keys, origin: ORIGIN, name: 'Benchmark', clock: 'system' }
  const { ledger, answer } = await Ledger.found(options(store, verifier), sign(operator(), 'ledger.genesis', genesis))
  if (answer.status === 'refused') throw new Failure('damaged', `The genesis was refused: ${answer.message}`)
  const creators = Array.from({ length: CREATORS }, (_, number) => creator(number))
  await admitAll(ledger, creators)
  await makeAll(ledger, creators, () => ['plan.subscribe', { plan: 'starter', price: '19' }])
  const models = await makeAll(ledger, creators, (number) => [
    'model.create',
    { name: `model-${number}`, base: 'llama-3-8b', artifact: DIGEST, description: 'A model.' },
  ])
  await makeAll(ledger, creators, (number) => ['model.deploy', { model: models[number]! }])
  for (const offer of [modelOffer, ...Array(DATASETS_EACH).fill(datasetOffer), ...Array(FEATURES_EACH).fill(featureOffer)]) {
    await makeAll(ledger, creators, (number) => ['listing.publish', offer(models[number]!)])
  }
  await admitAll(
    ledger,
    Array.from({ length: payers }, (_, number) => payer(number)),
  )
  return ledger
}

/** For each creator: account and top-up, plan, model created and deployed, listings. And the genesis. */
const FOUNDING_ENTRIES = 1 + CREATORS * (6 + DATASETS_EACH + FEATURES_EACH)

const words = { title: 'An offer', description: 'What the benchmark buys.' }

const modelOffer = (model: string): Json => ({
  kind: 'model',
  ...words,
  model,
  subscription: { month: PRICES.month },
  access: 'open',
  query: { perRequest: '0.0001', perMInput: '0.5', perMOutput: '1.5', perSecond: '0' },
})

const datasetOffer = (): Json => ({
  kind: 'dataset',
  ...words,
  content: { sha256: DIGEST, bytes: 48_113_664 },
  purchase: PRICES.dataset,
  licences: [{ price: PRICES.licence, days: 365, seats: 5, redistribution: false }],
})

const featureOffer = (): Json => ({ kind: 'feature', ...words, price: PRICES.feature, days: 30 })

/** Has each sign one transaction; returns the ids of what they make. */
async function makeAll(
  ledger: Ledger,
  signers: readonly Person[],
  action: (number: number) => readonly [type: string, body: Json],
): Promise<string[]> {
  const notes = signers.map((signer, number) => sign(signer, ...action(number)))
  const answers = await Promise.all(notes.map((note) => ledger.submit(note)))
  return answers.map((answer) => {
    if (answer.status === 'refused') throw new Failure('damaged', `The market was refused: ${answer.message}`)
    return answer.outcome.created ?? ''
  })
}

/** Opens their accounts and tops them up: two entries each. */
async function admitAll(ledger: Ledger, newcomers: readonly Person[]): Promise<void> {
  const feeder = new Feeder(ledger)
  for (const one of newcomers) {
    await feeder.submit(sign(one, 'account.open', { publicKey: toHex(one.publicKey), name: 'Somebody' }))
    const paid = { provider: 'bank', reference: `transfer to ${one.name}` }
    await feeder.submit(sign(operator(), 'credit.topup', { account: one.name, amount: ACCOUNT_CREDITS, ...paid }))
  }
  await feeder.drain()
}

/** What a market that was founded before has on offer, read from its own log. */
async function recall(store: StoreReader): Promise<Market> {
  const listings: Record<string, string[]> = { model: [], dataset: [], feature: [] }
  for (let index = 1; index < FOUNDING_ENTRIES; index++) {
    const { transaction, outcome } = await readAccepted(LEDGER_TOOLS, store, index)
    if (transaction.definition.type !== 'listing.publish') continue
    listings[(transaction.body as { kind: string }).kind]!.push(outcome.created!)
  }
  const { accounts } = await readPlatform(store)
  const { model, dataset, feature } = listings
  return { payers: accounts - 1 - CREATORS, models: model!, datasets: dataset!, features: feature! }
}
