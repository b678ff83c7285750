/** Signed purchases through the whole pipeline, from the bytes of a note to its durable answer, as many as it can take. */

import type { Figure } from './figure.ts'
import { sharedFolder, sharedMarket } from './fill.ts'
import { measurePurchases, runFields } from './measure.ts'

const PURCHASES = 200_000

export const pipeline: Figure = {
  name: 'pipeline',
  description: 'signed purchases a second, from the note to the durable answer (200 000)',
  async *run(context) {
    const count = context.count ?? PURCHASES
    const open = await sharedMarket(context, 0, count)
    try {
      const { payers } = open.market
      const { result, limits } = await measurePurchases(context, sharedFolder(context), open, count)
      yield { figure: 'pipeline', what: 'signed purchases', entries: count, payers, ...runFields(count, result, limits) }
    } finally {
      await open.close()
    }
  },
}
