/**
 * The catalogue of transactions as a naive model: it keeps nothing but the list of what was accepted, and folds over all of it
 * whenever it wants to know a balance, a limit, how a plan stands, what a mandate has left or which included units are used.
 * Slow, and on purpose unlike the rules that it is compared with: no rows, no carry (fees are differences of floor(Σ gross ×
 * rate)), no window counters, own calendar. One file beside this one for each subject.
 */

import { createHash } from 'node:crypto'
import { accountOf } from '../people.ts'
import { bodies } from './bodies.ts'
import { DAY, toSeconds, toText } from './calendar.ts'
import { closeCode } from './closing.ts'
import { type Fields, isWellFormed, type Value } from './form.ts'
import { type Event, first, History, happening, micros, type Signature, sum, thing } from './history.ts'
import * as keys from './keys.ts'
import * as listings from './listings.ts'
import * as mandates from './mandates.ts'
import * as metering from './metering.ts'
import * as payouts from './payouts.ts'
import * as plans from './plans.ts'
import * as policy from './policy.ts'
import * as refunds from './refunds.ts'
import * as subscriptions from './subscriptions.ts'
import * as wallet from './wallet.ts'

/**
 * One transaction as it was told to the ledger. Times of notes are whole seconds, `at` is the acceptance time in milliseconds.
 */
export interface Told {
  readonly at: number
  readonly ledger: string
  readonly signer: string
  /** Who signed with which key, in the order in which the signatures stand below the note. */
  readonly signatures: readonly Signature[]
  readonly made: number
  readonly validUntil: number
  readonly nonce: number
  readonly type: string
  readonly body: Fields
}

export interface Accepted {
  readonly code: undefined
  readonly event: Event
  readonly postings: ReadonlyMap<string, bigint>
  readonly books: ReadonlyMap<string, bigint>
  /** The thing that the entry made, empty where it made none. */
  readonly created: string
}

export interface Refused {
  readonly code: string
  /** What the refusal must say besides, such as the line number that a stream expects. */
  readonly data: Fields
}

const MOST_OUTSTANDING = 10n ** 18n
export const THINGS: Readonly<Record<string, string>> = {
  'credit.grant': 'grt',
  'payout.request': 'pay',
  'plan.offer': 'off',
  'model.create': 'mdl',
  'listing.publish': 'lst',
  'subscription.start': 'sub',
  'dataset.purchase': 'pur',
  'dataset.license': 'pur',
  'feature.purchase': 'pur',
  'hold.open': 'hld',
  'usage.mandate': 'man',
}

/** Types by which the signer's wallet pays. */
const SPENDING = [
  ...['plan.subscribe', 'plan.change', 'subscription.start', 'dataset.purchase', 'dataset.license', 'feature.purchase'],
  ...['hold.open', 'query.charge'],
]

function canonical(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value as Fields).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
}

/** The id of a transaction: eight hex digits of validUntil, then forty of the SHA-256 of the note's text, newline included. */
export function idOf({ body, ledger, made, nonce, signer, type, validUntil }: Told): string {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(nonce)
  const times = { made: toText(made), validUntil: toText(validUntil) }
  const text = `${canonical({ body, ledger, nonce: bytes.toString('base64url'), signer, type, v: 1, ...times })}\n`
  return validUntil.toString(16).padStart(8, '0') + createHash('sha256').update(text).digest('hex').slice(0, 40)
}

export class Model extends History {
  act(told: Told): Accepted | Refused {
    const time = Math.floor(told.at / 1000)
    const code = this.#commonCode(told, time) ?? ownCode(this, told, time)
    if (code !== undefined) {
      const data: Fields = code === 'stream_gap' ? { expected: metering.lastLine(this, told.signer, told.body) + 1 } : {}
      return { code, data }
    }
    const before = this.books()
    const id = idOf(told)
    const { signer, signatures, type, body } = told
    const event = happening(time, this.history.length, { id, signer, signatures, type, body })
    this.history.push(event)
    apply(this, event)
    const books = this.books()
    const postings = new Map<string, bigint>()
    for (const [book, balance] of books) {
      const amount = balance - (before.get(book) ?? 0n)
      if (amount !== 0n) postings.set(book, amount)
    }
    return { code: undefined, event, postings, books, created: this.#created(event) }
  }

  #created(event: Event): string {
    if (event.type === 'account.open' || event.type === 'ledger.genesis') return event.signer
    const prefix = THINGS[event.type]
    return prefix === undefined ? '' : thing(prefix, event)
  }

  #commonCode(told: Told, time: number): string | undefined {
    const { type, signer, signatures, made, validUntil, body } = told
    const founder: Value | undefined = { 'account.open': body.publicKey, 'ledger.genesis': body.operatorKey }[type]
    const isFounded = founder === undefined
    const isGenuine = (signature: Signature) =>
      isFounded ? keys.keyOf(this, signature) !== undefined : signature.publicKey === founder
    const maySign = (signature: Signature, place: number) => keys.maySign(this, type, signature, place, body, time)
    return first(
      ['malformed', () => !isWellFormed(told, bodies)],
      // Before the genesis there is no ledger that a note could be for.
      ['wrong_ledger', () => (this.genesis === undefined ? type !== 'ledger.genesis' : told.ledger !== this.genesis.origin)],
      ['unknown_account', () => isFounded && !signatures.every(({ account }) => this.isAccount(account))],
      ['bad_signature', () => !signatures.every(isGenuine)],
      ['too_early', () => made > time + 5 * 60],
      ['too_far', () => validUntil > made + 30 * DAY],
      ['expired', () => time >= validUntil],
      ['key_scope', () => isFounded && !signatures.every(maySign)],
      ['frozen', () => isFounded && signatures.some(({ account }) => this.isFrozen(account))],
      ['in_debt', () => this.#spends(type, signer, body) && wallet.owed(this, signer, time) > 0n],
    )
  }

  #spends(type: string, signer: string, body: Fields): boolean {
    if (type === 'usage.mandate') return body.reserve !== '0'
    if (type === 'plan.renew') return body.account === signer
    if (type === 'subscription.renew') return this.maker('subscription.start', 'sub', body.subscription)?.signer === signer
    return SPENDING.includes(type)
  }
}

/** What all books hold that hold credits: wallets, what is set aside, earnings, payouts and the platform's revenue. */
export function outstanding(past: History): bigint {
  const owners = past.accounts().flatMap((account) => ['wallet', 'held', 'earnings', 'payable'].map((book) => [book, account]))
  const books = [...owners, ['revenue:fees', ''], ['revenue:plans', '']] as [book: string, owner: string][]
  return sum(books.map(([book, owner]) => past.balance(book, owner)))
}

function limitCode(past: History, body: Fields): boolean {
  return micros(body.amount) + outstanding(past) > MOST_OUTSTANDING
}

function creditCode(past: History, type: string, body: Fields, time: number): string | undefined {
  const { account } = body
  return first(
    ['unknown_account', () => !past.isAccount(account)],
    ['reference_used', () => refunds.isReferenceUsed(past, body)],
    ['bad_expiry', () => type === 'credit.grant' && toSeconds(body.expiresAt as string) <= time],
    ['too_many', () => type === 'credit.grant' && wallet.hasTooManyLots(past, account as string, time)],
    ['limit', () => limitCode(past, body)],
  )
}

function freezeCode(past: History, type: string, body: Fields): string | undefined {
  const isFrozen = past.isFrozen(body.account as string)
  return first(
    ['unknown_account', () => !past.isAccount(body.account)],
    ['already_frozen', () => type === 'account.freeze' && isFrozen],
    ['not_frozen', () => type === 'account.unfreeze' && !isFrozen],
  )
}

function openCode(past: History, signer: string, publicKey: Value | undefined): string | undefined {
  return first(
    ['weak_key', () => keys.isWeak(publicKey)],
    ['exists', () => past.isAccount(signer) || keys.isSequencerKey(past, publicKey)],
  )
}

/** A type's own refusals. */
function ownCode(past: History, told: Told, time: number): string | undefined {
  const { type, signer, signatures, body } = told
  const signature = signatures[0]!
  switch (type) {
    case 'ledger.genesis':
      return past.genesis === undefined ? undefined : 'already_founded'
    case 'account.open':
      return openCode(past, signer, body.publicKey)
    case 'sequencer.rotate':
      return openCode(past, accountOf(body.sequencerKey as string), body.sequencerKey)
    case 'account.freeze':
    case 'account.unfreeze':
      return freezeCode(past, type, body)
    case 'key.add':
      return keys.addCode(past, signer, body, time)
    case 'key.revoke':
      return keys.revokeCode(past, signer, body)
    case 'policy.update':
      return policy.updateCode(past, body, time)
    case 'credit.topup':
    case 'credit.grant':
      return creditCode(past, type, body, time)
    case 'model.deploy':
    case 'model.undeploy':
    case 'listing.publish':
      return listings.modelCode(past, type, signer, body, time)
    case 'listing.update':
      return listings.updateCode(past, signer, body)
    case 'listing.withdraw':
      return listings.withdrawCode(past, signer, body)
    case 'subscription.start':
    case 'dataset.purchase':
    case 'dataset.license':
    case 'feature.purchase':
      return subscriptions.purchaseCode(past, type, { signer, body, signature, time })
    case 'subscription.cancel':
      return subscriptions.cancelCode(past, signer, body, time)
    case 'subscription.renew':
      return subscriptions.renewCode(past, signer, body, time)
    case 'period.close':
      return closeCode(past, body, time)
    default:
      return type.startsWith('plan.') ? planCode(past, told, time) : moneyCode(past, told, time)
  }
}

function planCode(past: History, { type, signer, body }: Told, time: number): string | undefined {
  switch (type) {
    case 'plan.offer':
      return plans.offerCode(past, body, time)
    case 'plan.subscribe':
      return plans.subscribeCode(past, signer, body, time)
    case 'plan.change':
      return plans.changeCode(past, signer, body, time)
    case 'plan.cancel':
      return plans.cancelCode(past, signer, time)
    default:
      return plans.renewCode(past, signer, body, time)
  }
}

function moneyCode(past: History, { type, signer, signatures, body }: Told, time: number): string | undefined {
  switch (type) {
    case 'hold.open':
      return metering.openCode(past, signatures[0]!, body, time)
    case 'hold.capture':
    case 'hold.release':
      return metering.closeCode(past, type, signer, body, time)
    case 'query.charge':
      return metering.chargeCode(past, signatures, body, time)
    case 'usage.mandate':
      return mandates.mandateCode(past, signer, body, time)
    case 'usage.revoke':
      return mandates.revokeCode(past, signer, body, time)
    case 'usage.batch':
      return metering.batchCode(past, signer, body, time)
    case 'credit.return':
    case 'credit.chargeback':
      return refunds.takeBackCode(past, type, body, time)
    case 'credit.refund':
      return refunds.refundCode(past, body)
    case 'debt.forgive':
      return refunds.forgiveCode(past, body, time)
    case 'earnings.move':
      return payouts.moveCode(past, signer, body, time)
    case 'payout.request':
      return payouts.requestCode(past, signer, body, time)
    case 'payout.cancel':
    case 'payout.settle':
    case 'payout.fail':
      return payouts.endCode(past, type, signer, body)
    case 'revenue.withdraw':
      return payouts.withdrawCode(past, body, time)
    default:
      return undefined
  }
}

/** What an accepted event does to the books. Types that are not here only say something that later questions find. */
const EFFECTS: Readonly<Record<string, (past: History, event: Event) => void>> = {
  'credit.topup': issue,
  'credit.grant': issue,
  'credit.return': refunds.takeBack,
  'credit.chargeback': refunds.takeBack,
  'credit.refund': refunds.refund,
  'debt.forgive': (_past, event) => refunds.forgive(event),
  'earnings.move': payouts.moveEarnings,
  'payout.request': payouts.request,
  'payout.cancel': payouts.endPayout,
  'payout.settle': payouts.endPayout,
  'payout.fail': payouts.endPayout,
  'revenue.withdraw': payouts.withdraw,
  'plan.subscribe': plans.subscribe,
  'plan.change': plans.change,
  'plan.renew': plans.renew,
  'subscription.start': subscriptions.purchase,
  'subscription.renew': subscriptions.renew,
  'dataset.purchase': subscriptions.purchase,
  'dataset.license': subscriptions.purchase,
  'feature.purchase': subscriptions.purchase,
  'hold.open': metering.open,
  'hold.capture': metering.capture,
  'hold.release': metering.release,
  'query.charge': metering.charge,
  'usage.mandate': mandates.mandate,
  'usage.batch': metering.batch,
}

function apply(past: History, event: Event): void {
  EFFECTS[event.type]?.(past, event)
}

function issue(past: History, event: Event): void {
  const { type, body } = event
  const isGrant = type === 'credit.grant'
  wallet.move(event, isGrant ? 'promotions' : 'issued', '', '', -micros(body.amount))
  wallet.deposit(past, event, body.account as string, isGrant ? thing('grt', event) : wallet.PAID, micros(body.amount))
}
