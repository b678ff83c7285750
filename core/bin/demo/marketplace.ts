/**
 * A small marketplace, made by ordinary signed transactions on a ledger with a manual clock: a creator with a plan, models and
 * listings, two customers, a subscription, a dataset bought and licensed, a feature, and a mandate under which calls are billed.
 */

import type { Json } from '../../domain/canonical.ts'
import type { Milliseconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { type Desk, publicKeyHex } from '../desk.ts'
import { newKeyPair } from '../founding.ts'
import { OPERATOR } from '../place.ts'
import { submitAccepted } from './accepted.ts'

export const DEMO_PASSPHRASE = 'demo'
export const DEMO_ORIGIN = 'demo.nimledger.local/credits'
/** The morning before the calls of the trace. */
export const DEMO_START: Milliseconds = Date.UTC(2023, 10, 15, 9)

export const CREATOR = 'Ada'
export const CUSTOMER = 'Bob'
export const READER = 'Chiara'

/** Digests that stand for what is sold; a real marketplace has real ones. */
const digest = (digit: string) => digit.repeat(64)

type Act = (signer: string, type: string, body: Json) => Promise<Accepted>

/** What the creator sells: the listings of the model whose calls are billed, of a dataset and of a feature. */
export interface Sold {
  readonly api: string
  readonly dataset: string
  readonly feature: string
}

export async function foundMarketplace(desk: Desk): Promise<Sold> {
  const act: Act = (signer, type, body) => submitAccepted(desk, { signer, type, body })
  await openAccounts(desk, act)
  const model = await deployModels(act)
  return sell(act, model)
}

async function openAccounts(desk: Desk, act: Act): Promise<void> {
  const people = [CREATOR, CUSTOMER, READER]
  const unknown = people.filter((name) => desk.vault.key(name) === undefined)
  if (unknown.length > 0) desk.vault.add(unknown.map((label) => ({ label, pair: newKeyPair() })))
  for (const name of people) {
    await act(name, 'account.open', { name, publicKey: publicKeyHex(desk.vault.key(name)!) })
    const account = desk.account(name)
    await act(OPERATOR, 'credit.topup', { account, amount: '250', provider: 'bank', reference: `transfer of ${name}` })
  }
}

/** Three models, as many as the plan has room for; returns the first. */
async function deployModels(act: Act): Promise<string> {
  await act(CREATOR, 'plan.subscribe', { plan: 'starter', price: '19' })
  const models: string[] = []
  for (const [name, base] of [
    ['law-7b', 'llama-3-8b'],
    ['claims-7b', 'llama-3-8b'],
    ['triage-1b', 'gemma-3-1b'],
  ] as const) {
    const body = { name, base, artifact: digest('a'), description: `${name}, fine-tuned on ${base}` }
    const model = (await act(CREATOR, 'model.create', body)).outcome.created!
    await act(CREATOR, 'model.deploy', { model })
    models.push(model)
  }
  return models[0]!
}

async function sell(act: Act, model: string): Promise<Sold> {
  const publish = async (body: Json) => (await act(CREATOR, 'listing.publish', body)).outcome.created!
  const api = await publish({
    kind: 'model',
    title: 'Law 7B',
    description: 'Answers questions of contract law, with its sources.',
    model,
    subscription: { week: '3', month: '10' },
    query: { perRequest: '0.0001', perMInput: '0.5', perMOutput: '1.5', perSecond: '0' },
    included: { requests: 100, inputTokens: 0, outputTokens: 0, milliseconds: 0 },
    access: 'open',
  })
  const dataset = await publish({
    kind: 'dataset',
    title: 'Contracts, annotated',
    description: '12 000 clauses with their readings.',
    content: { sha256: digest('b'), bytes: 48_113_664 },
    purchase: '25',
    licences: [{ price: '9', days: 365, seats: 5, redistribution: false }],
  })
  const priority = {
    kind: 'feature',
    title: 'Priority queue',
    description: 'Calls go first for thirty days.',
    price: '4',
    days: 30,
  }
  const feature = await publish({ ...priority, model })

  await act(READER, 'subscription.start', { listing: api, terms: 1, period: 'month', price: '10' })
  await act(READER, 'dataset.purchase', { listing: dataset, terms: 1, price: '25' })
  await act(CUSTOMER, 'dataset.license', { listing: dataset, terms: 1, licence: 0, price: '9' })
  await act(CUSTOMER, 'feature.purchase', { listing: feature, terms: 1, price: '4' })
  const limit = { amount: '100', per: 'month' }
  await act(CUSTOMER, 'usage.mandate', { listing: api, terms: 1, limit, reserve: '0', expires: '2024-11-15T00:00:00Z' })
  return { api, dataset, feature }
}
