/**
 * A small marketplace on a test ledger, in which something of every transaction type happens, and the books as the tests add
 * them up.
 */

import { assert } from '../../core/base/assert.ts'
import { toHex, tryFromHex } from '../../core/base/bytes.ts'
import { formatMicros } from '../../core/domain/money.ts'
import { type Account, accounts, type Treasury } from '../../core/domain/state.ts'
import { decodeRow } from '../../core/domain/table.ts'
import { formatSeconds, wholeSeconds } from '../../core/domain/time.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { readRow } from '../../core/ledger/queries.ts'
import { compareRows, type NumberedRow, type StoredRow, type StoreReader } from '../../core/ledger/store.ts'
import { ED25519, keyId, signNote } from '../../core/log/note.ts'
import { ADA, BOB, CYD, DAY, OPERATOR, OTHER_SEQUENCER, type Person, person, type TestLedger } from './support.ts'

export interface Marketplace {
  /** Ada's listings. */
  readonly api: string
  readonly dataset: string
  readonly feature: string
}

export async function openMarketplace(test: TestLedger): Promise<Marketplace> {
  const submitted = [ADA, BOB, CYD].flatMap((who) => [test.opening(who), test.topup(who, '250')])
  for (const answer of await Promise.all(submitted.map((note) => test.ledger.submit(note)))) {
    assert(answer.status === 'accepted', 'people and credits come first')
  }
  await test.accept(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
  const model = { name: 'law-7b', base: 'llama-3-8b', artifact: 'a'.repeat(64), description: 'Contract law' }
  const { created: law } = (await test.accept(ADA, 'model.create', model)).outcome
  await test.accept(ADA, 'model.deploy', { model: law! })
  const publish = async (body: { readonly [field: string]: never }) =>
    (await test.accept(ADA, 'listing.publish', body)).outcome.created!
  const api = await publish(apiListing(law!) as never)
  const dataset = await publish(DATASET as never)
  const feature = await publish({ kind: 'feature', title: 'Queue', description: 'First', price: '4', days: 30 } as never)
  return { api, dataset, feature }
}

function apiListing(model: string) {
  return {
    kind: 'model',
    title: 'Law 7B',
    description: 'Answers questions of contract law.',
    model,
    subscription: { week: '3', month: '10' },
    query: { perRequest: '0.0001', perMInput: '0.5', perMOutput: '1.5', perSecond: '0' },
    included: { requests: 2, inputTokens: 0, outputTokens: 0, milliseconds: 0 },
    access: 'open',
  }
}

const DATASET = {
  kind: 'dataset',
  title: 'Contracts, annotated',
  description: 'Clauses with their readings.',
  content: { sha256: 'b'.repeat(64), bytes: 48_113_664 },
  purchase: '25',
  licences: [{ price: '0.5', days: 365, seats: 5, redistribution: false }],
}

export function mandateFor(test: TestLedger, listing: string) {
  const expires = formatSeconds(wholeSeconds(test.time + 300 * DAY))
  return { listing, terms: 1, limit: { amount: '100', per: 'month' }, reserve: '0', expires }
}

export function usageBatch(listing: string, first: number, payers: readonly string[], lines: readonly (string | number)[][]) {
  return {
    listing,
    stream: 'gateway-1',
    first,
    start: '2026-01-01T00:00:00Z',
    payers: [...payers],
    lines: lines.map((l) => [...l]),
  }
}

/** What the marketplace lacks: after it, every transaction type is in the log. */
export async function trade(test: TestLedger, { api, dataset, feature }: Marketplace): Promise<void> {
  const { created: second } = (
    await test.accept(ADA, 'model.create', { name: 'b', base: 'c', artifact: 'd'.repeat(64), description: 'e' })
  ).outcome
  await test.accept(ADA, 'model.deploy', { model: second! })
  await test.accept(ADA, 'model.undeploy', { model: second! })
  await test.accept(CYD, 'subscription.start', { listing: api, terms: 1, period: 'month', price: '10' })
  await test.accept(CYD, 'dataset.purchase', { listing: dataset, terms: 1, price: '25' })
  await test.accept(BOB, 'dataset.license', { listing: dataset, terms: 1, licence: 0, price: '0.5' })
  await test.accept(BOB, 'dataset.license', { listing: dataset, terms: 1, licence: 0, price: '0.5' })
  await test.accept(BOB, 'feature.purchase', { listing: feature, terms: 1, price: '4' })
  await test.accept(BOB, 'usage.mandate', mandateFor(test, api))
  await test.accept(CYD, 'usage.mandate', mandateFor(test, api))
  const lines = [
    [0, 0, 1, 374, 44, 0],
    [1, 10, 1, 396, 109, 0, 'req-2'],
    [1, 20, 3, 1, 1, 1],
    [2, 30, 1, 1, 1, 1],
    [0, 40, 1_000_000_000, 0, 0, 0],
  ]
  const payers = [BOB.account, CYD.account, ADA.account]
  await test.accept(ADA, 'usage.batch', usageBatch(api, 1, payers, lines))
  test.time += DAY
  await test.accept(ADA, 'usage.batch', usageBatch(api, 4, payers, lines))
  await callOthers(test, api)
}

/** Calls that are paid out of holds and by two signatures; a mandate with a reserve that is revoked. */
async function callOthers(test: TestLedger, listing: string): Promise<void> {
  const usage = { requests: 3, inputTokens: 374, outputTokens: 44, milliseconds: 0 }
  const [first, second] = [holdOf(test, listing, '0.5'), holdOf(test, listing, '1')]
  const { created: captured } = (await test.accept(BOB, 'hold.open', first)).outcome
  const { created: released } = (await test.accept(CYD, 'hold.open', second)).outcome
  await test.accept(ADA, 'hold.capture', { hold: captured!, usage, reference: 'call-1' })
  await test.accept(ADA, 'hold.release', { hold: released! })
  await test.accept(CYD, 'query.charge', { listing, terms: 1, usage, reference: 'call-2' }, { cosigner: ADA })
  const { created: mandate } = (await test.accept(CYD, 'usage.mandate', { ...mandateFor(test, listing), reserve: '5' })).outcome
  await test.accept(CYD, 'usage.revoke', { mandate: mandate! })
}

/** A month in which plans and subscriptions are changed, renewed and cancelled, and a listing changes and goes. */
export async function goOn(test: TestLedger, { api, dataset }: Marketplace): Promise<void> {
  const expires = formatSeconds(wholeSeconds(test.time + DAY))
  const offer = { account: ADA.account, modelLimit: 40, price: '60', period: 'month', expires }
  const { created } = (await test.accept(OPERATOR, 'plan.offer', offer)).outcome
  await test.accept(ADA, 'plan.change', { offer: created!, price: '60' })
  const start = { listing: api, terms: 1, period: 'month', price: '10' }
  const { created: subscription } = (await test.accept(BOB, 'subscription.start', start)).outcome
  // From a day before the end of the month on, both are due.
  test.time += 30.5 * DAY
  await test.accept(OPERATOR, 'plan.renew', { account: ADA.account })
  await test.accept(OPERATOR, 'subscription.renew', { subscription: subscription! })
  await test.accept(BOB, 'subscription.cancel', { subscription: subscription! })
  await test.accept(ADA, 'plan.change', { plan: 'starter', price: '19' })
  await test.accept(ADA, 'plan.cancel', {})
  await test.accept(ADA, 'listing.update', { listing: dataset, title: 'Contracts', purchase: '30' })
  await test.accept(OPERATOR, 'listing.withdraw', { listing: dataset, reason: 'a court order' })
}

/** Accounts change and are stopped, keys come and go, and the operator announces a lower fee and gives the log another key. */
export async function govern(test: TestLedger, { dataset }: Marketplace): Promise<void> {
  await test.accept(BOB, 'account.profile', { name: 'Bob the Builder' })
  const { signer, publicKey } = person('the phone of Cyd')
  const key = keyId(sha256, CYD.account, ED25519, tryFromHex(publicKey)!)
  const limits = { budget: { amount: '5', per: 'day' }, listings: [dataset], expires: '2027-01-01T00:00:00Z' }
  await test.accept(CYD, 'key.add', { publicKey, scopes: ['spend'], label: 'phone', ...limits })
  const text = test.compose(CYD, 'dataset.license', { listing: dataset, terms: 1, licence: 0, price: '0.5' })
  const answer = await test.ledger.submit(signNote(text, [{ ...signer, name: CYD.account, keyId: key }]))
  assert(answer.status === 'accepted', 'the phone signs')
  await test.accept(CYD, 'key.revoke', { key, reason: 'lost' })
  await test.accept(OPERATOR, 'account.freeze', { account: CYD.account, reason: 'a court order' })
  await test.accept(OPERATOR, 'account.unfreeze', { account: CYD.account, reason: 'it was lifted' })
  await test.accept(OPERATOR, 'policy.update', { feeBps: 1200, effectiveFrom: formatSeconds(wholeSeconds(test.time + DAY)) })
  await test.accept(OPERATOR, 'sequencer.rotate', { sequencerKey: toHex(OTHER_SEQUENCER.publicKey) })
}

/** The operator grants, refunds, disputes and forgives, creators are paid out, and the books are closed. */
export async function settleUp(test: TestLedger): Promise<void> {
  const provider = 'bank'
  const seller = person('Dee')
  for (const note of [test.opening(seller), test.topup(seller, '60')]) {
    assert((await test.ledger.submit(note)).status === 'accepted', 'another creator joins')
  }
  const paid = await test.accept(OPERATOR, 'credit.topup', {
    account: CYD.account,
    amount: '80',
    provider,
    reference: 'disputed',
  })
  const feature = { kind: 'feature', title: 'Rush', description: 'Now', price: '40', days: 30 }
  const { created: rush } = (await test.accept(seller, 'listing.publish', feature)).outcome
  const purchase = await test.accept(CYD, 'feature.purchase', { listing: rush!, terms: 1, price: '40' })
  const expiresAt = formatSeconds(wholeSeconds(test.time + DAY))
  const grant = { account: CYD.account, amount: '5', expiresAt, reason: 'welcome', provider, reference: 'grant' }
  await test.accept(OPERATOR, 'credit.grant', grant)
  await test.accept(OPERATOR, 'credit.return', { entry: paid.index, amount: '10', provider, reference: 'return' })
  // Everything that Cyd has left goes, and more: the rest is owed, and forgiven.
  const { wallet } = await balancesOf(test, CYD)
  const spent = { kind: 'feature', title: 'All', description: 'All of it', price: formatMicros(wallet - 1_000_000n), days: 1 }
  const { created: all } = (await test.accept(seller, 'listing.publish', spent)).outcome
  await test.accept(CYD, 'feature.purchase', { listing: all!, terms: 1, price: spent.price })
  await test.accept(OPERATOR, 'credit.chargeback', { entry: paid.index, amount: '70', provider, reference: 'dispute' })
  await test.accept(OPERATOR, 'credit.refund', { entry: purchase.index, amount: '10', reason: 'late' })
  const { owed } = await balancesOf(test, CYD)
  await test.accept(OPERATOR, 'debt.forgive', { account: CYD.account, amount: formatMicros(owed), reason: 'settled' })
  test.time += 40 * DAY
  const request = async () =>
    (await test.accept(seller, 'payout.request', { amount: '25', destination: 'bank' })).outcome.created!
  await test.accept(OPERATOR, 'payout.settle', { payout: await request(), provider, reference: 'transfer' })
  await test.accept(seller, 'payout.cancel', { payout: await request() })
  await test.accept(OPERATOR, 'payout.fail', { payout: await request(), reason: 'no such account' })
  await test.accept(seller, 'earnings.move', { amount: '10' })
  await test.accept(OPERATOR, 'revenue.withdraw', { book: 'plans', amount: '19', provider, reference: 'withdrawal' })
  const now = wholeSeconds(test.time)
  const closing = { end: formatSeconds(now), size: test.ledger.size, ...(await test.ledger.summary(now)) }
  await test.accept(OPERATOR, 'period.close', closing)
}

async function balancesOf(test: TestLedger, { account }: Person): Promise<{ readonly wallet: bigint; readonly owed: bigint }> {
  const row = (await readRow(test.store, accounts.at(account)))!
  return { wallet: row.walletMicros, owed: -row.receivableMicros }
}

/** A hold for an hour. */
export function holdOf(test: TestLedger, listing: string, amount: string) {
  return { listing, terms: 1, amount, expiresAt: formatSeconds(wholeSeconds(test.time) + 3_600) }
}

/** In order of table and key, without their numbers. */
export async function allRows(store: StoreReader): Promise<StoredRow[]> {
  const rows: NumberedRow[] = []
  for (;;) {
    const page = await store.scanRows(rows.at(-1), 1_000)
    if (page.length === 0) break
    rows.push(...page)
  }
  return rows.map(({ number: _, ...row }) => row).sort(compareRows)
}

/** The sum over all books of the platform and of every account, in microcredits. */
export async function sumOfBooks(store: StoreReader): Promise<bigint> {
  let sum = 0n
  for (const { table, value } of await allRows(store)) {
    if (table === 'treasury') {
      const row = decodeRow(value) as Treasury
      sum += row.issuedMicros + row.promotionsMicros + row.feesMicros + row.plansMicros + row.redeemedMicros
    }
    if (table === 'account') {
      const row = decodeRow(value) as Account
      sum += row.walletMicros + row.heldMicros + row.earningsMicros + row.payableMicros + row.receivableMicros
    }
  }
  return sum
}
