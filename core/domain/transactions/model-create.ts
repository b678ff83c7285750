import { z } from 'zod'
import { defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { models } from '../state.ts'

/** Registers a model. Free: training in the playground costs nothing and needs no plan. */
export const modelCreate = defineTransaction({
  type: 'model.create',
  signer: 'account',
  body: z.strictObject({ name: field.name, base: field.name, artifact: field.sha256, description: field.description }),
  creates: { prefix: 'mdl', table: models },
  reads: [],
  checks: [],
  apply: (effects) => {
    const { body, signer, time, created } = effects
    effects.put(models.at(created), { ...body, account: signer, createdAt: time })
  },
  describe: ({ name, base }) => `Creates the model ${name} on ${base}`,
})
