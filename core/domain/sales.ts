/**
 * What selling has in common: the rows a sale reads, and the checks of a listing, its terms and its price, in the order in which
 * every type that sells tests them.
 */

import { assert } from '../base/assert.ts'
import { SUPERSEDED_TERMS_SECONDS } from '../base/limits.ts'
import { payeeRows } from './credits.ts'
import { type Check, type Context, check } from './define.ts'
import { formatMicros, type Micros } from './money.ts'
import { isServing } from './plans.ts'
import type { Reader } from './policy.ts'
import type { Listing, Terms } from './state.ts'
import * as state from './state.ts'
import type { RowKey } from './table.ts'

export interface SaleBody {
  readonly listing: string
  readonly terms: number
}

export interface PricedSaleBody extends SaleBody {
  readonly price: Micros
}

/** First round: the listing. Second: its creator, the model's standing, the terms named and the current ones. */
export function listingRow(context: Context<{ readonly listing: string }>): RowKey<Listing> {
  return state.listings.at(context.body.listing)
}

export function creatorRows(context: Context<{ readonly listing: string }>): RowKey[] {
  return sellerRows(context, context.body.listing)
}

/** The same for a listing that the body does not name. */
export function sellerRows(context: Pick<Reader, 'get'>, id: string): RowKey[] {
  const listing = context.get(state.listings.at(id))
  if (listing === undefined) return []
  const { account } = listing
  const rows = payeeRows(account)
  rows.push(state.planSubscriptions.at(account), state.deployments.at(account))
  return rows
}

export function saleRows(context: Context<SaleBody>): readonly RowKey[] {
  const { listing, terms } = context.body
  const version = context.get(state.listings.at(listing))?.version
  if (version === undefined) return []
  const rows = creatorRows(context)
  rows.push(state.terms.at(listing, terms), state.terms.at(listing, version))
  return rows
}

/** The listing of the body, once the check `unknown_listing` has passed. */
export function listingOf(context: Context<{ readonly listing: string }>): Listing {
  return context.need(listingRow(context))
}

/** The terms that the body names, while they are current or superseded for less than seven days. */
function namedTerms(context: Context<SaleBody>): Terms | undefined {
  const { listing, terms: version } = context.body
  const terms = context.get(state.terms.at(listing, version))
  const closesAt = (terms?.supersededAt ?? Number.POSITIVE_INFINITY) + SUPERSEDED_TERMS_SECONDS
  return context.time < closesAt ? terms : undefined
}

/** The version of a listing's terms that is sold now. */
export function currentTermsOf(context: Reader, id: string): Terms {
  return context.need(state.terms.at(id, context.need(state.listings.at(id)).version))
}

/** The terms at which the body buys, once the check `terms_changed` has passed. */
export function termsOf(context: Context<SaleBody>): Terms {
  const terms = namedTerms(context)
  assert(terms !== undefined, 'a sale names terms in force')
  return terms
}

/** Why a listing sells nothing at all now; undefined where it sells. */
export function whyClosed(context: Context<{ readonly listing: string }>): string | undefined {
  return whyListingClosed(context, context.body.listing)
}

/** The same for a listing that the body does not name. */
export function whyListingClosed(context: Reader, id: string): string | undefined {
  const listing = context.need(state.listings.at(id))
  if (listing.withdrawn) return 'it was withdrawn'
  if (context.need(state.accounts.at(listing.account)).frozen) return 'its creator is frozen'
  if (listing.kind === 'model' && !isServing(context, listing.account, listing.model!)) {
    return 'its model is undeployed or suspended'
  }
  return undefined
}

/** Whether a model's listing that may be closed to new buyers still serves the subscriptions that were paid for. */
export function isServingSubscribers(context: Context<{ readonly listing: string }>): boolean {
  const { account, model } = listingOf(context)
  const isDeployed = context.get(state.deployments.at(account))?.models.includes(model ?? '') ?? false
  return isDeployed && !context.need(state.accounts.at(account)).frozen
}

export function unknownListing<Body extends { readonly listing: string }>(): Check<Body> {
  return check('unknown_listing', (context) => {
    const { listing } = context.body
    return context.get(state.listings.at(listing)) === undefined ? { listing } : undefined
  })
}

/**
 * The terms that the body names or, where those are not in force, the current ones: they decide whether the listing sells at all.
 */
export function nearestTerms(context: Context<SaleBody>): Terms {
  return namedTerms(context) ?? currentTermsOf(context, context.body.listing)
}

/** Refuses where the listing is closed, or the nearest terms do not offer what the body asks for. */
export function notForSale<Body extends SaleBody>(
  closed: (context: Context<Body>) => string | undefined,
  sells: (terms: Terms, body: Body) => boolean,
): Check<Body> {
  return check('not_for_sale', (context) => {
    const { body } = context
    const because = closed(context) ?? (sells(nearestTerms(context), body) ? undefined : 'its terms have no such price')
    return because === undefined ? undefined : { listing: body.listing, because }
  })
}

/** Refuses where the signer may not change the listing. */
export function listingOwned<Body extends { readonly listing: string }>(
  mayChange: (context: Context<Body>, listing: Listing) => boolean,
): Check<Body> {
  return check('not_owner', (context) =>
    mayChange(context, listingOf(context)) ? undefined : { thing: `The listing ${context.body.listing}` },
  )
}

export function notWithdrawn<Body extends { readonly listing: string }>(): Check<Body> {
  return check('withdrawn', (context) => (listingOf(context).withdrawn ? { listing: context.body.listing } : undefined))
}

export function ownListing<Body extends SaleBody>(): Check<Body> {
  return check('own_listing', (context) =>
    listingOf(context).account === context.signer ? { listing: context.body.listing } : undefined,
  )
}

export function termsChanged<Body extends SaleBody>(): Check<Body> {
  return check('terms_changed', (context) => {
    const { listing, terms } = context.body
    return namedTerms(context) === undefined ? { listing, named: terms, terms: listingOf(context).version } : undefined
  })
}

/**
 * The checks of every sale: unknown_listing, not_for_sale, own_listing, terms_changed. `sells` tells whether terms offer what the
 * body asks for.
 */
export function saleChecks<Body extends SaleBody>(sells: (terms: Terms, body: Body) => boolean): readonly Check<Body>[] {
  return [unknownListing(), notForSale(whyClosed, sells), ownListing(), termsChanged()]
}

/** The checks of a sale at a fixed price: those of every sale, then price_changed. */
export function pricedSaleChecks<Body extends PricedSaleBody>(
  priceAt: (terms: Terms, body: Body) => Micros | undefined,
): readonly Check<Body>[] {
  return [
    ...saleChecks<Body>((terms, body) => priceAt(terms, body) !== undefined),
    check('price_changed', (context) => {
      const { price: named } = context.body
      const price = priceAt(termsOf(context), context.body)
      return price === named ? undefined : { price: formatMicros(price ?? 0n), named: formatMicros(named) }
    }),
  ]
}
