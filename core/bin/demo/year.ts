/**
 * What happens on the small marketplace in the year after its founding, so that the log has every type of transaction: by
 * ordinary signed transactions, with the scheduler renewing and closing the books in between.
 */

import { randomBytes } from 'node:crypto'
import { toHex, tryFromHex } from '../../base/bytes.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { ED25519, keyId } from '../../log/note.ts'
import { publicKeyHex } from '../desk.ts'
import { SEQUENCER } from '../local-keys.ts'
import { OPERATOR } from '../place.ts'
import { CREATOR, CUSTOMER, READER, type Sold } from './marketplace.ts'
import type { Stage } from './stage.ts'

/** Sells datasets under an offer of her own. */
const SECOND_CREATOR = 'Dora'
/** Whose bank takes a payment back. */
const DISPUTED = 'Emil'

const YEAR_END = '2024-11-15T09:00:00Z'

export async function tellYear(stage: Stage, sold: Sold): Promise<void> {
  await tellNovember(stage, sold)
  await tellDecember(stage, sold)
  const offered = await tellOffer(stage)
  await tellDispute(stage, offered, sold)
  await tellPayouts(stage)
  await tellUsage(stage, sold)
  await tellChanges(stage, sold, offered)
  await tellRotation(stage)
  await stage.goTo(YEAR_END)
}

/** Single calls: held and captured, released, or agreed by both; and a key that may spend only so much a day. */
async function tellNovember(stage: Stage, { api }: Sold): Promise<void> {
  await stage.goTo('2023-11-20T10:00:00Z')
  const account = stage.account(CUSTOMER)
  const grant = { account, amount: '5', expiresAt: '2023-12-20T00:00:00Z', reason: 'Thank you for the first month' }
  await stage.act(OPERATOR, 'credit.grant', { ...grant, provider: 'campaign', reference: `first-month:${account}` })
  const laptop = { publicKey: stage.makeKey('laptop', account), scopes: ['spend'], label: 'laptop', listings: [api] }
  await stage.act(CUSTOMER, 'key.add', { ...laptop, budget: { amount: '50', per: 'day' } })

  const usage = (inputTokens: number, outputTokens: number) => ({ requests: 1, inputTokens, outputTokens, milliseconds: 0 })
  const open = { listing: api, terms: 1, amount: '0.5', expiresAt: '2023-11-20T22:00:00Z' }
  const captured = await stage.make(CUSTOMER, 'hold.open', open)
  await stage.act(CREATOR, 'hold.capture', { hold: captured, usage: usage(374, 44), reference: 'call-1' })
  const released = await stage.make(CUSTOMER, 'hold.open', open)
  await stage.act(CREATOR, 'hold.release', { hold: released })
  // Nobody captures this one; it comes back by itself.
  await stage.make(CUSTOMER, 'hold.open', open)
  await stage.goTo('2023-11-21T10:00:00Z')
  await stage.act(CUSTOMER, 'query.charge', { listing: api, terms: 1, usage: usage(396, 109), reference: 'call-2' }, CREATOR)
}

/** The creator grows: a larger plan, a fourth model, new prices; the platform lets smaller payouts through. */
async function tellDecember(stage: Stage, { dataset }: Sold): Promise<void> {
  await stage.goTo('2023-12-05T09:30:00Z')
  await stage.act(CREATOR, 'account.profile', { name: 'Ada Studio' })
  await stage.act(OPERATOR, 'credit.topup', topUp(stage.account(CREATOR), '400', 'December'))
  await stage.act(CREATOR, 'plan.change', { plan: 'experienced', price: '49' })
  const body = { name: 'patents-7b', base: 'llama-3-8b', artifact: toHex(randomBytes(32)), description: 'Reads patents' }
  const model = await stage.make(CREATOR, 'model.create', body)
  await stage.act(CREATOR, 'model.deploy', { model })
  await stage.act(CREATOR, 'listing.update', {
    listing: dataset,
    purchase: '30',
    description: '14 000 clauses with their readings.',
  })
  await stage.act(OPERATOR, 'policy.update', { policy: { minimumPayout: '20' }, effectiveFrom: '2024-01-01T00:00:00Z' })
  await stage.goTo('2023-12-20T12:00:00Z')
  await stage.act(CREATOR, 'model.undeploy', { model })
}

function topUp(account: string, amount: string, reference: string) {
  return { account, amount, provider: 'bank', reference: `${reference}:${account}` }
}

interface Offered {
  readonly dataset: string
  /** The entry of her top-up. */
  readonly topUp: number
}

/** A Corporate offer to a creator with forty models. */
async function tellOffer(stage: Stage): Promise<Offered> {
  await stage.goTo('2024-01-08T08:00:00Z')
  const joined = await stage.join(SECOND_CREATOR, { amount: '1000', provider: 'bank', reference: 'transfer of Dora' })
  const account = stage.account(SECOND_CREATOR)
  const terms = { account, modelLimit: 40, price: '199', period: 'month', expires: '2024-02-01T00:00:00Z' }
  const offer = await stage.make(OPERATOR, 'plan.offer', terms)
  await stage.act(SECOND_CREATOR, 'plan.subscribe', { offer, price: '199' })
  const dataset = await stage.make(SECOND_CREATOR, 'listing.publish', {
    kind: 'dataset',
    title: 'Land registers, 1850 to 1900',
    description: 'Transcribed by hand.',
    content: { sha256: toHex(randomBytes(32)), bytes: 912_334_001 },
    purchase: '25',
  })
  return { dataset, topUp: joined.index }
}

/** A card payment that the bank takes back: debt, a frozen account, a refund that covers most of it, and forgiveness. */
async function tellDispute(stage: Stage, { dataset, topUp: bought }: Offered, { api }: Sold): Promise<void> {
  await stage.goTo('2024-01-15T14:00:00Z')
  const paid = await stage.join(DISPUTED, { amount: '60', provider: 'cards', reference: 'ch_60' })
  const account = stage.account(DISPUTED)
  const purchase = await stage.act(DISPUTED, 'dataset.purchase', { listing: dataset, terms: 1, price: '25' })
  await stage.act(DISPUTED, 'subscription.start', { listing: api, terms: 1, period: 'week', price: '3' })
  await stage.goTo('2024-01-18T09:00:00Z')
  const dispute = { entry: paid.index, amount: '60', provider: 'cards', reference: 'dp_60' }
  await stage.act(OPERATOR, 'credit.chargeback', dispute)
  await stage.act(OPERATOR, 'account.freeze', { account, reason: 'The bank took the payment back' })
  await stage.act(OPERATOR, 'credit.refund', { entry: purchase.index, amount: '25', reason: 'The dataset was not what it said' })
  await stage.act(OPERATOR, 'debt.forgive', { account, amount: '3', reason: 'A week of use' })
  await stage.act(OPERATOR, 'account.unfreeze', { account, reason: 'Settled' })
  const unspent = { entry: bought, amount: '100', provider: 'bank', reference: 'return to Dora' }
  await stage.act(OPERATOR, 'credit.return', unspent)
}

/** What was earned is paid out, kept as credits, or comes back. */
async function tellPayouts(stage: Stage): Promise<void> {
  await stage.goTo('2024-02-12T10:00:00Z')
  const request = () => stage.make(CREATOR, 'payout.request', { amount: '25', destination: 'bank account ending 1234' })
  await stage.act(OPERATOR, 'payout.settle', { payout: await request(), provider: 'bank', reference: 'tr_1' })
  await stage.act(CREATOR, 'payout.cancel', { payout: await request() })
  await stage.act(OPERATOR, 'payout.fail', { payout: await request(), reason: 'The account was closed' })
  await stage.act(CREATOR, 'earnings.move', { amount: '10' })
  const book = (name: string, amount: string) => ({ book: name, amount, provider: 'bank', reference: `revenue of ${name}, 2023` })
  await stage.act(OPERATOR, 'revenue.withdraw', book('plans', '38'))
  await stage.act(OPERATOR, 'revenue.withdraw', book('fees', '5'))
}

/** A mandate ends, and another one sets credits aside. */
async function tellUsage(stage: Stage, { api }: Sold): Promise<void> {
  await stage.goTo('2024-02-20T16:00:00Z')
  const limit = { amount: '20', per: 'day' }
  const terms = { listing: api, terms: 1, limit, reserve: '2', expires: '2024-06-01T00:00:00Z' }
  const mandate = await stage.make(CUSTOMER, 'usage.mandate', terms)
  const payers = [stage.account(CUSTOMER)]
  const lines = [
    [0, 0, 1, 1374, 244, 0],
    [0, 2150, 1, 396, 109, 0, 'req-2'],
  ]
  const batch = { listing: api, stream: 'gateway-2', first: 1, start: '2024-02-20T15:58:00Z', payers, lines }
  await stage.act(CREATOR, 'usage.batch', batch)
  await stage.goTo('2024-03-10T09:00:00Z')
  await stage.act(CUSTOMER, 'usage.revoke', { mandate })
}

/** People go: a subscription and a plan are cancelled, a listing is taken down, a key is lost, a plan gets smaller. */
async function tellChanges(stage: Stage, { api, feature }: Sold, { dataset }: Offered): Promise<void> {
  await stage.goTo('2024-03-20T11:00:00Z')
  const account = stage.account(READER)
  const publicKey = stage.makeKey('tablet', account)
  await stage.act(READER, 'key.add', { publicKey, scopes: ['spend'], label: 'tablet' })
  await stage.act(READER, 'key.revoke', { key: keyId(sha256, account, ED25519, tryFromHex(publicKey)!), reason: 'lost' })
  await stage.act(CREATOR, 'listing.withdraw', { listing: feature })
  await stage.act(OPERATOR, 'listing.withdraw', { listing: dataset, reason: 'The rights are not with the seller' })
  await stage.act(SECOND_CREATOR, 'plan.cancel', {})
  await stage.goTo('2024-04-02T08:00:00Z')
  const subscription = await stage.make(CUSTOMER, 'subscription.start', { listing: api, terms: 1, period: 'month', price: '10' })
  await stage.act(CUSTOMER, 'subscription.cancel', { subscription })
  await stage.goTo('2024-06-10T08:00:00Z')
  await stage.act(CREATOR, 'plan.change', { plan: 'starter', price: '19' })
}

/** The log gets a new key; for thirty days its checkpoints carry the signature of the old one too. */
async function tellRotation(stage: Stage): Promise<void> {
  await stage.goTo('2024-10-20T09:00:00Z')
  const next = stage.timed.desk.vault.keys(SEQUENCER).at(-1)!
  await stage.act(OPERATOR, 'sequencer.rotate', { sequencerKey: publicKeyHex(next) })
}
