import { z } from 'zod'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { modelOwned, modelRows, unknownModel } from '../models.ts'
import { activePlan } from '../plans.ts'
import { deployments, planSubscriptions } from '../state.ts'

const body = z.strictObject({ model: field.thing('mdl') })
type Body = z.output<typeof body>

/** Puts a model into service: it takes one of the slots of its owner's plan. */
export const modelDeploy = defineTransaction<Body>({
  type: 'model.deploy',
  signer: 'account',
  body,
  reads: [(context) => [...modelRows(context), planSubscriptions.at(context.signer)]],
  checks: [
    unknownModel(),
    modelOwned(),
    check('already_deployed', (context) => {
      const { model } = context.body
      return context.get(deployments.at(context.signer))?.models.includes(model) ? { model } : undefined
    }),
    check('plan_required', (context) => (activePlan(context, context.signer) === undefined ? {} : undefined)),
    check('plan_limit', (context) => {
      const { plan, modelLimit } = activePlan(context, context.signer)!
      const deployed = context.get(deployments.at(context.signer))?.models.length ?? 0
      return deployed < modelLimit ? undefined : { plan, limit: modelLimit, deployed }
    }),
  ],
  apply: (effects) => {
    const row = deployments.at(effects.signer)
    effects.put(row, { models: [...(effects.get(row)?.models ?? []), effects.body.model] })
  },
  describe: ({ model }) => `Deploys the model ${model}`,
})
