/** Subscriptions to models, and what is bought of datasets and features: for ever or for days. */

import { DAY, endOfPeriod, type Period } from './calendar.ts'
import type { Fields, Value } from './form.ts'
import { type Event, first, type History, micros, type Paid, type Signature, thing } from './history.ts'
import { exceedsBudget } from './keys.ts'
import {
  access,
  areInForce,
  currentTerms,
  isInService,
  isOpen,
  listingOf,
  priceIn,
  termsNamed,
  termsOf,
  versions,
} from './listings.ts'
import { periodAt, type Running, standing, withoutPeriod } from './plans.ts'
import { payCreator, spendable, take } from './wallet.ts'

/** How a subscription stands after the first `size` entries. */
export function subscriptionOf(past: History, started: Event, size = past.history.length): Running {
  const id = thing('sub', started)
  const { paid, time, body } = started
  const signed = micros(body.price)
  let running: Running = { periods: [paid!], end: paid!.end, isCancelled: false, signed, anchor: time }
  for (const event of past.history.slice(started.index + 1, size)) {
    const isAbout = event.body.subscription === id
    if (isAbout && event.type === 'subscription.cancel') running = { ...running, isCancelled: true }
    if (isAbout && event.type === 'subscription.renew') {
      const { start, end } = event.paid!
      const anchor = event.time < running.end ? running.anchor : start
      running = { ...running, periods: [...running.periods, event.paid!], end, anchor }
    }
    if (event.ends !== undefined) running = withoutPeriod(running, event.ends, event.time)
  }
  return running
}

/** The account's newest subscription of a listing. */
export function latestSubscription(past: History, account: string, listing: Value | undefined): Event | undefined {
  return past.last('subscription.start', ({ signer, body, paid }) => signer === account && body.listing === listing && !!paid)
}

/** The paid period in which the account may use the listing as a subscriber. */
export function periodOf(past: History, account: string, listing: Value | undefined, time: number): Paid | undefined {
  const started = latestSubscription(past, account, listing)
  return started && periodAt(subscriptionOf(past, started), time)
}

/** What every sale asks; `what` is the field of the terms under which its price stands. */
export function saleCode(past: History, signer: string, body: Fields, time: number, what: string): string | undefined {
  const listing = listingOf(past, body.listing)
  return first(
    ['unknown_listing', () => listing === undefined],
    [
      'not_for_sale',
      () => !isOpen(past, listing!, time) || priceIn(termsNamed(past, listing!, body.terms, time), what, body) === undefined,
    ],
    ['own_listing', () => listing!.signer === signer],
    ['terms_changed', () => !areInForce(past, listing!, body.terms, time)],
  )
}

/** What every call asks: a subscriber is served to the end of his paid period, also by what sells nothing more. */
export function callCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  const listing = listingOf(past, body.listing)
  if (listing === undefined) return 'unknown_listing'
  const terms = termsNamed(past, listing, body.terms, time)
  const isSubscriber = periodOf(past, signer, body.listing, time) !== undefined
  const serves = isOpen(past, listing, time) || (isInService(past, listing) && isSubscriber)
  return first(
    ['not_for_sale', () => !serves || terms.query === undefined],
    ['own_listing', () => listing.signer === signer],
    ['subscription_required', () => access(terms) === 'subscription' && !isSubscriber],
    ['terms_changed', () => !areInForce(past, listing, body.terms, time)],
  )
}

const SOLD_AS: Readonly<Record<string, string>> = {
  'subscription.start': 'subscription',
  'dataset.purchase': 'purchase',
  'dataset.license': 'licences',
  'feature.purchase': 'price',
}

export function purchaseCode(
  past: History,
  type: string,
  { signer, body, signature, time }: { signer: string; body: Fields; signature: Signature; time: number },
): string | undefined {
  const what = SOLD_AS[type]!
  const refused = saleCode(past, signer, body, time, what)
  if (refused !== undefined) return refused
  const terms = termsOf(past, listingOf(past, body.listing)!, body.terms as number)
  const current = type === 'subscription.start' ? latestSubscription(past, signer, body.listing) : undefined
  return first(
    ['price_changed', () => priceIn(terms, what, body) !== body.price],
    ['already_subscribed', () => current !== undefined && standing(past, subscriptionOf(past, current), time) !== 'lapsed'],
    ['already_owned', () => ownsForEver(past, type, signer, body)],
    ['exceeds_budget', () => exceedsBudget(past, signature, micros(body.price), time)],
    ['exceeds_credits', () => micros(body.price) > spendable(past, signer, time)],
  )
}

export function purchase(past: History, event: Event): void {
  const { type, signer, body, time } = event
  const listing = listingOf(past, body.listing)!
  const slices = take(past, event, signer, micros(body.price))
  payCreator(past, event, { payer: signer, payee: listing.signer, slices })
  if (type === 'subscription.start') event.paid = paidPeriod(event, body, time, time)
}

function paidPeriod({ index, body }: Event, { period, terms }: Fields, start: number, anchor: number): Paid {
  const end = endOfPeriod(period as Period, start, anchor)
  const paid = { index, start, end, name: '', modelLimit: 0, terms: terms as number, period: period as string }
  return { ...paid, value: micros(body.price ?? '0'), entries: [index] }
}

export function cancelCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  const started = past.maker('subscription.start', 'sub', body.subscription)
  const running = started && subscriptionOf(past, started)
  return first(
    ['unknown_subscription', () => started === undefined],
    ['not_owner', () => started!.signer !== signer],
    ['already_cancelled', () => running!.isCancelled || standing(past, running!, time) === 'lapsed'],
  )
}

function renewalPrice(past: History, started: Event): Value | undefined {
  return priceIn(currentTerms(past, listingOf(past, started.body.listing)!), 'subscription', started.body)
}

export function renewCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  const started = past.maker('subscription.start', 'sub', body.subscription)
  if (started === undefined) return 'unknown_subscription'
  const running = subscriptionOf(past, started)
  const listing = listingOf(past, started.body.listing)!
  const price = renewalPrice(past, started)
  const isLatest = latestSubscription(past, started.signer, started.body.listing) === started
  return first(
    ['key_scope', () => signer !== past.operator && signer !== started.signer],
    ['not_due', () => time < running.end - DAY],
    ['cancelled', () => running.isCancelled],
    ['lapsed', () => !isLatest || standing(past, running, time) === 'lapsed'],
    ['not_for_sale', () => !isOpen(past, listing, time) || price === undefined],
    ['frozen', () => past.isFrozen(started.signer)],
    ['no_mandate', () => micros(price) > running.signed],
    ['exceeds_credits', () => micros(price) > spendable(past, started.signer, time)],
  )
}

export function renew(past: History, event: Event): void {
  const { body, time, index } = event
  const started = past.maker('subscription.start', 'sub', body.subscription)!
  const running = subscriptionOf(past, started, index)
  const listing = listingOf(past, started.body.listing)!
  const price = micros(renewalPrice(past, started))
  const slices = take(past, event, started.signer, price)
  payCreator(past, event, { payer: started.signer, payee: listing.signer, slices })
  const isInTime = time < running.end
  const start = isInTime ? running.end : time
  const terms = { period: started.body.period!, terms: versions(past, listing).length }
  event.paid = { ...paidPeriod(event, terms, start, isInTime ? running.anchor : time), value: price }
}

/** Whether the account bought the thing for ever and was not refunded: paying again would buy nothing. */
export function ownsForEver(past: History, type: string, account: string, { listing }: Fields): boolean {
  if (type !== 'dataset.purchase' && type !== 'feature.purchase') return false
  return past.all(type, account).some(({ body, index }) => {
    if (body.listing !== listing || isGivenBack(past, index)) return false
    return type === 'dataset.purchase' || termsOf(past, listingOf(past, listing)!, body.terms as number).days === undefined
  })
}

function isGivenBack(past: History, entry: number): boolean {
  return past.history.some(({ ends }) => ends === entry)
}

/** The pieces of a licence or feature that runs for days: each begins where the one before ends, or when it was bought. */
export function piecesOf(
  past: History,
  type: string,
  account: string,
  { listing, licence }: Fields,
): { readonly index: number; readonly start: number; readonly end: number }[] {
  let pieces: { index: number; start: number; end: number }[] = []
  for (const event of past.history) {
    const { body, index, time, ends, signer } = event
    if (event.type === type && signer === account && body.listing === listing && body.licence === licence) {
      const terms = termsOf(past, listingOf(past, listing)!, body.terms as number)
      const days = licence === undefined ? terms.days : (terms.licences as readonly Fields[])[licence as number]!.days
      if (days === undefined) continue
      const start = Math.max(time, pieces.at(-1)?.end ?? 0)
      pieces.push({ index, start, end: start + (days as number) * DAY })
    }
    const cut = pieces.find((piece) => piece.index === ends)
    if (cut === undefined) continue
    const rest = Math.max(0, cut.end - Math.max(time, cut.start))
    pieces = pieces.map((piece) => {
      if (piece.index < cut.index) return piece
      const moved = { ...piece, start: piece.start - (piece === cut ? 0 : rest), end: piece.end - rest }
      return moved
    })
  }
  return pieces
}
