import { z } from 'zod'
import { type Check, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { faultOf, termsFields, withTerms } from '../listing-terms.ts'
import { modelOwned, modelRows, notDeployed, unknownModel } from '../models.ts'
import { activePlan } from '../plans.ts'
import { listings, planSubscriptions, terms } from '../state.ts'

const words = { title: field.title, description: field.description }

const body = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('model'), ...words, model: field.thing('mdl'), ...termsFields.model }),
  z.strictObject({ kind: z.literal('dataset'), ...words, ...termsFields.dataset }),
  z.strictObject({ kind: z.literal('feature'), ...words, ...termsFields.feature, model: field.thing('mdl').optional() }),
])
type Body = z.output<typeof body>

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
  malformed: ({ body, signer }) => faultOf(body.kind, withTerms({ account: signer }, body)),
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
    effects.put(terms.at(created, 1), withTerms({ account: signer }, body))
  },
  describe: ({ kind, title }) => `Publishes the ${kind} listing "${title}"`,
})
