/** Calls and what they cost: holds and their capture, calls that both sides sign, and batches of lines under mandates. */

import { DAY, toSeconds } from './calendar.ts'
import type { Fields, Value } from './form.ts'
import {
  type Event,
  first,
  type History,
  type LineAnswer,
  least,
  micros,
  type Signature,
  type Slice,
  sum,
  thing,
} from './history.ts'
import { exceedsBudget } from './keys.ts'
import { access, currentTerms, isInService, isOpen, listingOf, termsOf } from './listings.ts'
import { limitOf, mandateEnd, mandateOf, mandateUsed, reserveOf } from './mandates.ts'
import { callCode, latestSubscription, periodOf, subscriptionOf } from './subscriptions.ts'
import { giveBackHeld, move, payCreator, spendable, take, takeHeld } from './wallet.ts'

const MOST_HOLDS = 64
const MOST_STREAMS = 16
const REFERENCES_KEPT = 1000
export const UNITS = ['requests', 'inputTokens', 'outputTokens', 'milliseconds'] as const

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

/** What a subscriber has free in the period that entry `period` paid for. */
export function includedIn(past: History, payer: string, listing: Value, period: number): readonly bigint[] {
  const started = latestSubscription(past, payer, listing)!
  const paid = subscriptionOf(past, started).periods.find((one) => one.index === period)!
  const included = termsOf(past, listingOf(past, listing)!, paid.terms).included as Fields | undefined
  return UNITS.map((unit) => BigInt((included?.[unit] ?? 0) as number))
}

/** How much of a unit was used in the period, included or not. */
export function unitsUsed(past: History, payer: string, listing: Value, period: number, unit: number): bigint {
  const uses = past.history.flatMap((event) => event.uses)
  const own = uses.filter((use) => use.period === period && use.payer === payer && use.listing === listing)
  return sum(own.map(({ units }) => BigInt(units[unit]!)))
}

interface Call {
  readonly payer: string
  readonly listing: Value
  readonly units: readonly number[]
  /** The terms by which it is charged. */
  readonly terms: Fields
}

/** The cost of a call beyond what its payer's running subscription includes. */
function callCost(past: History, { payer, listing, units, terms }: Call, time: number): bigint {
  const period = periodOf(past, payer, listing, time)
  const included = period === undefined ? undefined : includedIn(past, payer, listing, period.index)
  const billable = units.map((needed, unit) => {
    if (period === undefined) return BigInt(needed)
    const used = unitsUsed(past, payer, listing, period.index, unit)
    // All that the calls before and this one need beyond what is included, less what they needed before it.
    return beyond(used + BigInt(needed), included![unit]!) - beyond(used, included![unit]!)
  })
  return costOf(billable, terms.query as Fields)
}

function use(past: History, event: Event, { payer, listing, units }: Call): void {
  const period = periodOf(past, payer, listing, event.time)?.index
  event.uses.push({ payer, listing: listing as string, units, period })
}

function usageOf(body: Fields): number[] {
  return UNITS.map((unit) => (body.usage as Fields)[unit] as number)
}

// Holds

function holdState(past: History, hold: Event, time: number): 'open' | 'closed' | 'expired' {
  const id = thing('hld', hold)
  const isEnd = ({ type, body }: Event) => (type === 'hold.capture' || type === 'hold.release') && body.hold === id
  if (past.history.some(isEnd)) return 'closed'
  return time < toSeconds(hold.body.expiresAt as string) ? 'open' : 'expired'
}

export function openHolds(past: History, account: string, time: number): Event[] {
  return past.all('hold.open', account).filter((hold) => holdState(past, hold, time) === 'open')
}

export function openCode(past: History, signature: Signature, body: Fields, time: number): string | undefined {
  const { account } = signature
  const expiresAt = toSeconds(body.expiresAt as string)
  return (
    callCode(past, account, body, time) ??
    first(
      ['bad_expiry', () => expiresAt <= time || expiresAt > time + DAY],
      ['too_many', () => openHolds(past, account, time).length >= MOST_HOLDS],
      ['exceeds_budget', () => exceedsBudget(past, signature, micros(body.amount), time)],
      ['exceeds_credits', () => micros(body.amount) > spendable(past, account, time)],
    )
  )
}

export function open(past: History, event: Event): void {
  for (const { origin, amount } of take(past, event, event.signer, micros(event.body.amount))) {
    move(event, 'held', event.signer, `${thing('hld', event)}/${origin}`, amount)
  }
}

export function closeCode(past: History, type: string, signer: string, body: Fields, time: number): string | undefined {
  const hold = past.maker('hold.open', 'hld', body.hold)
  const state = hold && holdState(past, hold, time)
  const isMeter = () => signer === past.operator || signer === listingOf(past, hold!.body.listing)!.signer
  return first(
    ['unknown_hold', () => hold === undefined],
    ['key_scope', () => !isMeter()],
    ['not_open', () => state === 'closed' || (type === 'hold.release' && state === 'expired')],
    ['expired_hold', () => state === 'expired'],
  )
}

export function capture(past: History, event: Event): void {
  const hold = past.maker('hold.open', 'hld', event.body.hold)!
  const id = event.body.hold as string
  const { signer: payer, body } = hold
  const listing = listingOf(past, body.listing)!
  const call = { payer, listing: body.listing!, units: usageOf(event.body), terms: termsOf(past, listing, body.terms as number) }
  const gross = least(callCost(past, call, event.time), micros(body.amount))
  const slices = takeHeld(past, event, payer, id, gross)
  giveBackHeld(past, event, payer, id)
  use(past, event, call)
  payCreator(past, event, { payer, payee: listing.signer, slices })
}

export function release(past: History, event: Event): void {
  const hold = past.maker('hold.open', 'hld', event.body.hold)!
  giveBackHeld(past, event, hold.signer, event.body.hold as string)
}

// Calls that payer and meter sign

export function chargeCode(past: History, signatures: readonly Signature[], body: Fields, time: number): string | undefined {
  const [{ account }, cosigner] = signatures as [Signature, Signature]
  const listing = listingOf(past, body.listing)
  if (listing !== undefined && cosigner.account !== listing.signer && cosigner.account !== past.operator) return 'key_scope'
  const refused = callCode(past, account, body, time)
  if (refused !== undefined) return refused
  const references = past.all('query.charge', account).filter((event) => event.body.listing === body.listing)
  const terms = termsOf(past, listing!, body.terms as number)
  const gross = callCost(past, { payer: account, listing: body.listing!, units: usageOf(body), terms }, time)
  return first(
    ['reference_used', () => references.slice(-REFERENCES_KEPT).some((event) => event.body.reference === body.reference)],
    ['exceeds_budget', () => exceedsBudget(past, signatures[0]!, gross, time)],
    ['exceeds_credits', () => gross > spendable(past, account, time)],
  )
}

export function charge(past: History, event: Event): void {
  const { signer: payer, body, time } = event
  const listing = listingOf(past, body.listing)!
  const call = { payer, listing: body.listing!, units: usageOf(body), terms: termsOf(past, listing, body.terms as number) }
  const slices = take(past, event, payer, callCost(past, call, time))
  use(past, event, call)
  payCreator(past, event, { payer, payee: listing.signer, slices })
}

// Batches

export function streamsOf(past: History, signer: string, listing: Value | undefined): Set<string> {
  const own = past.all('usage.batch', signer).filter(({ body }) => body.listing === listing)
  return new Set(own.map(({ body }) => body.stream as string))
}

/** The highest line number taken of the stream that the batch names, before entry `size`. */
export function lastLine(past: History, signer: string, { listing, stream }: Fields, size = past.history.length): number {
  const batches = past
    .all('usage.batch', signer)
    .filter(({ body, index }) => body.listing === listing && body.stream === stream && index < size)
  return Math.max(0, ...batches.map(({ body }) => (body.first as number) + (body.lines as readonly Value[]).length - 1))
}

export function batchCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  const listing = listingOf(past, body.listing)
  const last = lastLine(past, signer, body)
  const lines = body.lines as readonly Value[]
  const known = streamsOf(past, signer, body.listing)
  return first(
    ['unknown_listing', () => listing === undefined],
    ['not_owner', () => signer !== listing!.signer && signer !== past.operator],
    ['not_for_sale', () => currentTerms(past, listing!).query === undefined || !serves(past, listing!, body, time)],
    ['too_many', () => !known.has(body.stream as string) && known.size >= MOST_STREAMS],
    ['stream_gap', () => (body.first as number) > last + 1],
    ['duplicate_lines', () => (body.first as number) + lines.length - 1 <= last],
  )
}

/**
 * Whether a batch may charge anybody. Paid periods of a suspended creator's subscribers run to their end, with queries, so while
 * the listing sells nothing a batch is for them: it has to name one.
 */
function serves(past: History, listing: Event, body: Fields, time: number): boolean {
  if (isOpen(past, listing, time)) return true
  const isPaid = (payer: string) => periodOf(past, payer, body.listing, time) !== undefined
  return isInService(past, listing) && (body.payers as readonly string[]).some(isPaid)
}

/** Decides what the batch charges line by line, each seeing those before it. */
export function batch(past: History, event: Event): void {
  const { signer, body, index } = event
  const last = lastLine(past, signer, body, index)
  const lines = body.lines as readonly (readonly number[])[]
  lines.forEach((line, i) => {
    const isDuplicate = (body.first as number) + i <= last
    event.lines.push(isDuplicate ? { status: 'duplicate' } : chargeLine(past, event, line, i))
  })
}

function chargeLine(past: History, event: Event, line: readonly number[], number: number): LineAnswer {
  const { body, time } = event
  const payer = (body.payers as readonly string[])[line[0]!]!
  const listing = listingOf(past, body.listing)!
  const mandate = mandateOf(past, payer, body.listing)
  if (mandate === undefined || time >= mandateEnd(past, mandate)) return { status: 'refused', code: 'no_mandate' }
  const terms = termsOf(past, listing, mandate.body.terms as number)
  const needsSubscription = access(terms) === 'subscription' || !isOpen(past, listing, time)
  const call = { payer, listing: body.listing!, units: line.slice(2, 6), terms }
  const gross = callCost(past, call, time)
  const free = spendable(past, payer, time)
  const code = first(
    ['subscription_required', () => needsSubscription && periodOf(past, payer, body.listing, time) === undefined],
    ['exceeds_mandate', () => mandateUsed(past, payer, body.listing, time) + gross > limitOf(mandate).amount],
    ['exceeds_credits', () => gross > free + reserveOf(past, mandate)],
  )
  if (code !== undefined) return { status: 'refused', code }
  const slices: Slice[] = take(past, event, payer, least(gross, free))
  const rest = gross - least(gross, free)
  slices.push(...takeHeld(past, event, payer, thing('man', mandate), rest))
  use(past, event, call)
  return { status: 'charged', gross, fee: payCreator(past, event, { payer, payee: listing.signer, slices, line: number }) }
}
