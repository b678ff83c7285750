/**
 * The catalogue of transactions as a naive model: it keeps nothing but the list of what was accepted, and folds over all of it
 * whenever it wants to know a balance, a limit, how a plan stands, what a mandate has left or which included units are used.
 * Slow, and on purpose unlike the rules that it is compared with: no rows, no carry (fees are differences of floor(Σ gross ×
 * rate)), no window counters, own calendar.
 */

import { createHash } from 'node:crypto'
import { DAY, toSeconds, toText } from './calendar.ts'
import { type Fields, isWellFormed, type Value } from './form.ts'
import { type Event, History, type LineAnswer, limitOf, micros } from './history.ts'
import { SEQUENCER, WEAK } from './people.ts'

/**
 * One transaction as it was told to the ledger. Times of notes are whole seconds, `at` is the acceptance time in milliseconds.
 */
export interface Told {
  readonly at: number
  readonly ledger: string
  readonly signer: string
  /** The public key that signed. */
  readonly signedWith: string
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
const MOST_STREAMS = 16
export const UNITS = ['requests', 'inputTokens', 'outputTokens', 'milliseconds'] as const
const THINGS: Record<string, string> = {
  'model.create': 'mdl',
  'listing.publish': 'lst',
  'subscription.start': 'sub',
  'dataset.purchase': 'pur',
  'dataset.license': 'pur',
  'feature.purchase': 'pur',
  'usage.mandate': 'man',
}

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

/** The first code whose condition holds: refusals are tested in the catalogue's order. */
function first(...tests: readonly (readonly [code: string, fails: () => boolean])[]): string | undefined {
  return tests.find(([, fails]) => fails())?.[0]
}

export class Model extends History {
  act(told: Told): Accepted | Refused {
    const time = Math.floor(told.at / 1000)
    const code = this.#commonCode(told, time) ?? this.#ownCode(told, time)
    if (code !== undefined) {
      const data: Fields = code === 'stream_gap' ? { expected: this.lastLine(told.signer, told.body) + 1 } : {}
      return { code, data }
    }
    const before = this.books()
    const id = idOf(told)
    const { signer, type, body } = told
    const event = { index: this.history.length, time, id, signer, type, body, payments: [], lines: [] }
    this.#remember(event)
    const books = this.books()
    const postings = new Map<string, bigint>()
    for (const [book, balance] of books) {
      const amount = balance - (before.get(book) ?? 0n)
      if (amount !== 0n) postings.set(book, amount)
    }
    const prefix = THINGS[type]
    return { code: undefined, event, postings, books, created: prefix ? `${prefix}_${id.slice(-32)}` : this.#accountMade(event) }
  }

  #accountMade({ type, signer }: Event): string {
    return type === 'account.open' || type === 'ledger.genesis' ? signer : ''
  }

  #commonCode(told: Told, time: number): string | undefined {
    const { type, signer, made, validUntil, body } = told
    const founder: Value | undefined = { 'account.open': body.publicKey, 'ledger.genesis': body.operatorKey }[type]
    return first(
      ['malformed', () => !isWellFormed(told)],
      // Before the genesis there is no ledger that a note could be for.
      ['wrong_ledger', () => (this.genesis === undefined ? type !== 'ledger.genesis' : told.ledger !== this.genesis.origin)],
      ['unknown_account', () => founder === undefined && !this.isAccount(signer)],
      ['bad_signature', () => told.signedWith !== (founder ?? this.keyOf(signer))],
      ['too_early', () => made > time + 5 * 60],
      ['too_far', () => validUntil > made + 30 * DAY],
      ['expired', () => time >= validUntil],
      ['key_scope', () => type === 'credit.topup' && signer !== this.operator],
    )
  }

  #ownCode({ type, signer, body }: Told, time: number): string | undefined {
    switch (type) {
      case 'ledger.genesis':
        return first(['already_founded', () => this.genesis !== undefined])
      case 'account.open':
        return first(
          ['weak_key', () => WEAK.some(({ publicKey }) => publicKey === body.publicKey)],
          ['exists', () => this.isAccount(signer) || body.publicKey === SEQUENCER.publicKey],
        )
      case 'credit.topup':
        return first(
          ['unknown_account', () => !this.isAccount(body.account as string)],
          ['reference_used', () => this.isReferenceUsed(body)],
          ['limit', () => micros(body.amount) - (this.books().get('issued') ?? 0n) > MOST_OUTSTANDING],
        )
      case 'plan.subscribe':
        return this.#planCode(signer, body, time)
      case 'model.deploy':
      case 'model.undeploy':
      case 'listing.publish':
        return this.#modelCode(type, signer, body, time)
      case 'usage.mandate':
        return (
          this.#saleCode(signer, body, time, 'query') ??
          first(
            ['bad_expiry', () => toSeconds(body.expires as string) <= time],
            ['exceeds_credits', () => micros(body.reserve) > this.wallet(signer)],
          )
        )
      case 'usage.batch':
        return this.#batchCode(signer, body, time)
      case 'model.create':
        return undefined
      default:
        return this.#purchaseCode(type, signer, body, time)
    }
  }

  #planCode(signer: string, body: Fields, time: number): string | undefined {
    const plan = this.plans.find((one) => one.plan === body.plan)
    const current = this.plan(signer)
    return first(
      ['unknown_plan', () => plan === undefined],
      ['price_changed', () => plan!.price !== body.price],
      ['already_subscribed', () => current !== undefined && this.standing(current, time) !== 'lapsed'],
      ['exceeds_credits', () => micros(body.price) > this.wallet(signer)],
    )
  }

  #modelCode(type: string, signer: string, body: Fields, time: number): string | undefined {
    const model = body.model as string | undefined
    const isListing = type === 'listing.publish'
    const deployed = this.deployed(signer)
    const isDeployed = () => deployed.includes(model!)
    const unknown = first(['unknown_model', () => model !== undefined && this.ownerOfModel(model) === undefined])
    // Of a listing's checks, the last three are for models alone.
    if (unknown !== undefined || (isListing && body.kind !== 'model')) return unknown
    return first(
      ['not_owner', () => this.ownerOfModel(model!) !== signer],
      ['already_deployed', () => type === 'model.deploy' && isDeployed()],
      ['not_deployed', () => type !== 'model.deploy' && !isDeployed()],
      ['plan_required', () => type !== 'model.undeploy' && this.limitInForce(signer, time) === 0],
      ['plan_limit', () => type === 'model.deploy' && deployed.length >= this.limitInForce(signer, time)],
    )
  }

  /** What every sale asks; `what` is the field of the terms under which its price stands. */
  #saleCode(signer: string, body: Fields, time: number, what: string): string | undefined {
    const listing = this.listing(body.listing)
    return first(
      ['unknown_listing', () => listing === undefined],
      ['not_for_sale', () => !this.isOpen(listing!, time) || this.priceIn(listing!, what, body) === undefined],
      ['own_listing', () => listing!.signer === signer],
      // Terms cannot be updated yet, so version 1 is the current one for ever.
      ['terms_changed', () => body.terms !== 1],
    )
  }

  #purchaseCode(type: string, signer: string, body: Fields, time: number): string | undefined {
    const what = { 'subscription.start': 'subscription', 'dataset.purchase': 'purchase', 'dataset.license': 'licences' }[type]
    const refused = this.#saleCode(signer, body, time, what ?? 'price')
    if (refused !== undefined) return refused
    const listing = this.listing(body.listing)!
    const before = this.history.filter((event) => this.#isAgain(event, type, signer, listing.id))
    const current = type === 'subscription.start' ? this.subscription(signer, body.listing) : undefined
    return first(
      ['price_changed', () => this.priceIn(listing, what ?? 'price', body) !== body.price],
      ['already_subscribed', () => current !== undefined && this.standing(current, time) !== 'lapsed'],
      // A feature without days is bought for ever, as a dataset is: paying again would buy nothing.
      ['already_owned', () => before.length > 0 && (type === 'dataset.purchase' || this.isForEver(type, listing))],
      ['exceeds_credits', () => micros(body.price) > this.wallet(signer)],
    )
  }

  #isAgain(event: Event, type: string, signer: string, listingEvent: string): boolean {
    return event.type === type && event.signer === signer && this.listing(event.body.listing)?.id === listingEvent
  }

  isForEver(type: string, listing: Event): boolean {
    return type === 'feature.purchase' && listing.body.days === undefined
  }

  #batchCode(signer: string, body: Fields, time: number): string | undefined {
    const listing = this.listing(body.listing)
    const last = this.lastLine(signer, body)
    const lines = body.lines as readonly Value[]
    const known = this.streams(signer, body.listing)
    return first(
      ['unknown_listing', () => listing === undefined],
      ['not_owner', () => signer !== listing!.signer && signer !== this.operator],
      ['not_for_sale', () => listing!.body.query === undefined || !this.#serves(listing!, body, time)],
      ['too_many', () => !known.has(body.stream as string) && known.size >= MOST_STREAMS],
      ['stream_gap', () => (body.first as number) > last + 1],
      ['duplicate_lines', () => (body.first as number) + lines.length - 1 <= last],
    )
  }

  /**
   * Whether a batch may charge anybody. Paid periods of a suspended creator's subscribers run to their end, with queries, so
   * while a model is suspended a batch is for them: it has to name one.
   */
  #serves(listing: Event, body: Fields, time: number): boolean {
    if (this.isOpen(listing, time)) return true
    const isPaid = (payer: string) => (this.subscription(payer, body.listing)?.end ?? 0) > time
    return this.isInService(listing) && (body.payers as readonly string[]).some(isPaid)
  }

  /** Appends the event; what it charges is decided line by line, each seeing those before it. */
  #remember(event: Event): void {
    const { type, signer, body } = event
    const last = type === 'usage.batch' ? this.lastLine(signer, body) : 0
    this.history.push(event)
    if (type === 'usage.batch') {
      const lines = body.lines as readonly (readonly number[])[]
      lines.forEach((line, i) => {
        const isDuplicate = (body.first as number) + i <= last
        event.lines.push(isDuplicate ? { status: 'duplicate' } : this.#charge(event, line))
      })
    } else if (['subscription.start', 'dataset.purchase', 'dataset.license', 'feature.purchase'].includes(type)) {
      this.#pay(event, signer, this.listing(body.listing)!.signer, micros(body.price))
    }
  }

  #charge(event: Event, line: readonly number[]): LineAnswer {
    const { body, time } = event
    const payer = (body.payers as readonly string[])[line[0]!]!
    const usage = line.slice(2, 6)
    const listing = this.listing(body.listing)!
    const mandate = this.mandate(payer, body.listing)
    const subscription = this.subscription(payer, body.listing)
    const paid = subscription !== undefined && time < subscription.end ? subscription : undefined
    const needsSubscription = this.access(listing) === 'subscription' || !this.isOpen(listing, time)
    const billable = UNITS.map((unit, i) => {
      const included = BigInt(paid && listing.body.included ? ((listing.body.included as Fields)[unit] as number) : 0)
      const used = paid ? this.unitsCharged(payer, body.listing, paid.index, i) : 0n
      // All that the calls before and this one need beyond what is included, less what they needed before it.
      return beyond(used + BigInt(usage[i]!), included) - beyond(used, included)
    })
    const gross = costOf(billable, listing.body.query as Fields)
    const code = first(
      ['no_mandate', () => mandate === undefined || time >= toSeconds(mandate.body.expires as string)],
      ['subscription_required', () => needsSubscription && paid === undefined],
      ['exceeds_mandate', () => this.mandateUsed(payer, body.listing, time) + gross > limitOf(mandate!).amount],
      ['exceeds_credits', () => gross > this.wallet(payer)],
    )
    if (code !== undefined) return { status: 'refused', code }
    return { status: 'charged', payer, usage, gross, fee: this.#pay(event, payer, listing.signer, gross) }
  }

  #pay(event: Event, payer: string, payee: string, gross: bigint): bigint {
    const before = this.grossOf(payee)
    const fee = this.feeOn(before + gross) - this.feeOn(before)
    event.payments.push({ payer, payee, gross, fee })
    return fee
  }
}

function beyond(needed: bigint, included: bigint): bigint {
  return needed > included ? needed - included : 0n
}

/** The cost of a call: the exact sum of what its four units cost, in billionths of a microcredit, rounded up once. */
function costOf([requests, inputTokens, outputTokens, milliseconds]: readonly bigint[], prices: Fields): bigint {
  const scale = 10n ** 9n
  const part = (price: Value | undefined, units: bigint, per: bigint) => (micros(price) * units * scale) / per
  const exact =
    part(prices.perRequest, requests!, 1n) +
    part(prices.perMInput, inputTokens!, 10n ** 6n) +
    part(prices.perMOutput, outputTokens!, 10n ** 6n) +
    part(prices.perSecond, milliseconds!, 1000n)
  return (exact + scale - 1n) / scale
}
