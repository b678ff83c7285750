import { z } from 'zod'
import { defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { modelOwned, modelRows, notDeployed, unknownModel } from '../models.ts'
import { deployments } from '../state.ts'

/** Takes a model out of service: its slot is free again, and its listings stop selling. */
export const modelUndeploy = defineTransaction({
  type: 'model.undeploy',
  signer: 'account',
  body: z.strictObject({ model: field.thing('mdl') }),
  reads: [modelRows],
  checks: [unknownModel(), modelOwned(), notDeployed()],
  apply: (effects) => {
    const row = deployments.at(effects.signer)
    effects.put(row, { models: effects.need(row).models.filter((model) => model !== effects.body.model) })
  },
  describe: ({ model }) => `Undeploys the model ${model}`,
})
