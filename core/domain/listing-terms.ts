/**
 * The terms of listings: how bodies write them, and the form in which sales read them. listing.publish writes all of them, as
 * version 1; listing.update the fields that change, each as a whole.
 */

import { z } from 'zod'
import { MAX_LICENCES } from '../base/limits.ts'
import * as field from './fields.ts'
import type { Listing, Terms } from './state.ts'
import { PERIODS } from './time.ts'

/** The longest that a licence or feature runs: a hundred years. */
const MAX_DAYS = 36_500

const subscription = z
  .strictObject({ week: field.amount, month: field.amount, quarter: field.amount, year: field.amount })
  .partial()

const query = z.strictObject({
  perRequest: field.amountOrZero,
  perMInput: field.amountOrZero,
  perMOutput: field.amountOrZero,
  perSecond: field.amountOrZero,
})

const licence = z.strictObject({
  price: field.amount,
  days: field.number.max(MAX_DAYS),
  seats: field.number,
  redistribution: z.boolean(),
})

/** The fields of each kind of listing, as far as an update can change them. */
export const termsFields = {
  model: {
    subscription: subscription.optional(),
    query: query.optional(),
    included: field.usage.optional(),
    access: z.enum(['subscription', 'open']).optional(),
  },
  dataset: {
    content: z.strictObject({ sha256: field.sha256, bytes: field.count }),
    purchase: field.amount.optional(),
    licences: z.array(licence).min(1).max(MAX_LICENCES).optional(),
  },
  feature: {
    price: field.amount,
    days: field.number.max(MAX_DAYS).optional(),
  },
} as const

type Outputs<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>
type AllFields = Outputs<typeof termsFields.model & typeof termsFields.dataset & typeof termsFields.feature>
type TermsFields = { readonly [Name in keyof AllFields]?: AllFields[Name] | undefined }

/** The terms with the fields that a body names in their place; the others stay. */
export function withTerms(before: Terms, fields: TermsFields): Terms {
  const { subscription, query, included, access, content, purchase, licences, price, days } = fields
  const changed: Terms = {
    ...before,
    ...(subscription && { subscription: pricesOf(subscription) }),
    ...(query && { query: queryOf(query) }),
    ...(included && { included }),
    ...(access && { access, isAccessStated: true }),
    ...(content && { content }),
    ...(purchase !== undefined && { purchaseMicros: purchase }),
    ...(licences && { licences: licences.map(({ price, ...rest }) => ({ priceMicros: price, ...rest })) }),
    ...(price !== undefined && { featureMicros: price }),
    ...(days !== undefined && { days }),
  }
  return withAccess(changed)
}

function pricesOf(prices: z.output<typeof subscription>): NonNullable<Terms['subscription']> {
  return PERIODS.flatMap((period) => {
    const priceMicros = prices[period]
    return priceMicros === undefined ? [] : [{ period, priceMicros }]
  })
}

function queryOf({ perRequest, perMInput, perMOutput, perSecond }: z.output<typeof query>): NonNullable<Terms['query']> {
  return { perRequestMicros: perRequest, perMInputMicros: perMInput, perMOutputMicros: perMOutput, perSecondMicros: perSecond }
}

/** Access follows from the prices where the creator did not state it. Terms without a subscription price have no list of them. */
function withAccess({ subscription, access, ...terms }: Terms): Terms {
  const isSubscribable = subscription !== undefined && subscription.length > 0
  const follows = isSubscribable ? 'subscription' : 'open'
  const isModel = isSubscribable || terms.query !== undefined || access !== undefined
  return {
    ...terms,
    ...(isSubscribable && { subscription }),
    ...(isModel && { access: terms.isAccessStated ? access! : follows }),
  }
}

/** Why terms sell nothing, or contradict themselves; undefined where they are sound. */
export function faultOf(
  kind: Listing['kind'],
  { subscription, query, access, purchaseMicros, licences }: Terms,
): string | undefined {
  if (kind === 'feature') return undefined
  if (kind === 'dataset') {
    return purchaseMicros || licences ? undefined : 'the dataset has neither a purchase price nor licences'
  }
  if (subscription === undefined && query === undefined) return 'the model has neither a subscription nor a query price'
  const isClosed = access === 'subscription' && subscription === undefined
  return isClosed ? 'access is for subscribers, but there is no subscription price' : undefined
}
