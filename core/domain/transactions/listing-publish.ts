import { z } from 'zod'
import { MAX_LICENCES } from '../../base/limits.ts'
import { type Check, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { modelOwned, modelRows, notDeployed, unknownModel } from '../models.ts'
import type { Micros } from '../money.ts'
import { activePlan } from '../plans.ts'
import { listings, planSubscriptions, type Terms, terms } from '../state.ts'
import { PERIODS } from '../time.ts'

/** The longest that a licence or feature runs: a hundred years. */
const MAX_DAYS = 36_500

const modelListing = z.strictObject({
  kind: z.literal('model'),
  title: field.title,
  description: field.description,
  model: field.thing('mdl'),
  subscription: z
    .strictObject({ week: field.amount, month: field.amount, quarter: field.amount, year: field.amount })
    .partial()
    .optional(),
  query: z
    .strictObject({
      perRequest: field.amountOrZero,
      perMInput: field.amountOrZero,
      perMOutput: field.amountOrZero,
      perSecond: field.amountOrZero,
    })
    .optional(),
  included: field.usage.optional(),
  access: z.enum(['subscription', 'open']).optional(),
})

const datasetListing = z.strictObject({
  kind: z.literal('dataset'),
  title: field.title,
  description: field.description,
  content: z.strictObject({ sha256: field.sha256, bytes: field.count }),
  purchase: field.amount.optional(),
  licences: z
    .array(
      z.strictObject({
        price: field.amount,
        days: field.number.max(MAX_DAYS),
        seats: field.number,
        redistribution: z.boolean(),
      }),
    )
    .min(1)
    .max(MAX_LICENCES)
    .optional(),
})

const featureListing = z.strictObject({
  kind: z.literal('feature'),
  title: field.title,
  description: field.description,
  price: field.amount,
  days: field.number.max(MAX_DAYS).optional(),
  model: field.thing('mdl').optional(),
})

const body = z.discriminatedUnion('kind', [modelListing, datasetListing, featureListing])
type Body = z.output<typeof body>

function sellsNothing(listing: Body): string | undefined {
  if (listing.kind === 'dataset') {
    return listing.purchase || listing.licences ? undefined : 'the dataset has neither a purchase price nor licences'
  }
  if (listing.kind === 'feature') return undefined
  const { subscription = {}, query, access } = listing
  const subscribable = Object.keys(subscription).length > 0
  if (!subscribable && query === undefined) return 'the model has neither a subscription nor a query price'
  return access === 'subscription' && !subscribable ? 'access is for subscribers, but there is no subscription price' : undefined
}

/** The first version of the terms, in the form in which sales read them. */
function termsOf(account: string, listing: Body): Terms {
  switch (listing.kind) {
    case 'model':
      return { account, ...modelTerms(listing) }
    case 'dataset': {
      const { content, purchase, licences } = listing
      return {
        account,
        content,
        ...(purchase && { purchaseMicros: purchase }),
        ...(licences && { licences: licences.map(({ price, ...rest }) => ({ priceMicros: price, ...rest })) }),
      }
    }
    case 'feature':
      return { account, featureMicros: listing.price, ...(listing.days !== undefined && { days: listing.days }) }
  }
}

function modelTerms({ subscription = {}, query, included, access }: z.output<typeof modelListing>): Omit<Terms, 'account'> {
  const prices = PERIODS.flatMap((period) => {
    const priceMicros: Micros | undefined = subscription[period]
    return priceMicros === undefined ? [] : [{ period, priceMicros }]
  })
  return {
    access: access ?? (prices.length > 0 ? 'subscription' : 'open'),
    ...(prices.length > 0 && { subscription: prices }),
    ...(included && { included }),
    ...(query && {
      query: {
        perRequestMicros: query.perRequest,
        perMInputMicros: query.perMInput,
        perMOutputMicros: query.perMOutput,
        perSecondMicros: query.perSecond,
      },
    }),
  }
}

/**
 * Only a model's listing needs the model to be the creator's own, in service, and a plan; a feature may go with anybody's model.
 */
function forModels({ code, test }: Check<Body>): Check<Body> {
  return check(code, (context) => (context.body.kind === 'model' ? test(context) : undefined))
}

/** Offers a model's API, a dataset or a feature to everybody, at version 1 of its terms. */
export const listingPublish = defineTransaction<Body>({
  type: 'listing.publish',
  signer: 'account',
  body,
  malformed: ({ body }) => sellsNothing(body),
  creates: { prefix: 'lst', table: listings },
  reads: [(context) => [...modelRows(context), planSubscriptions.at(context.signer), terms.at(context.created, 1)]],
  checks: [
    unknownModel(),
    forModels(modelOwned()),
    forModels(notDeployed()),
    forModels(check('plan_required', (context) => (activePlan(context, context.signer) === undefined ? {} : undefined))),
  ],
  apply: (effects) => {
    const { body, signer, created } = effects
    const { kind, title, description } = body
    const model = 'model' in body && body.model !== undefined ? { model: body.model } : {}
    effects.put(listings.at(created), { account: signer, kind, title, description, ...model, version: 1, withdrawn: false })
    effects.put(terms.at(created, 1), termsOf(signer, body))
  },
  describe: ({ kind, title }) => `Publishes the ${kind} listing "${title}"`,
})
