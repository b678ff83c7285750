/** The full audit, in a process of its own: entries a second, and the most memory that it takes. */

import { Failure } from '../failure.ts'
import { apart } from './apart.ts'
import { type Figure, limitFields, megabytes, rounded } from './figure.ts'
import { sharedFolder, sharedMarket } from './fill.ts'

const PURCHASES = 200_000

export const auditFigure: Figure = {
  name: 'audit',
  description: 'entries audited a second, signatures and rules, and the memory that takes (200 000)',
  async *run(context) {
    const open = await sharedMarket(context, context.count ?? PURCHASES)
    await open.close()
    const folder = sharedFolder(context)
    const { result, limits } = await context.withLimit(() => apart({ name: 'audit', folder }))
    const { defects, entries, seconds, peakBytes } = result
    if (defects.length > 0) throw new Failure('damaged', `The ledger does not verify: ${JSON.stringify(defects)}`)
    const perSecond = entries / seconds
    const fields = { seconds: rounded(seconds, 3), perSecond: Math.round(perSecond), ...limitFields(perSecond, limits) }
    yield { figure: 'audit', what: 'entries', entries, ...fields, peakMegabytes: megabytes(peakBytes) }
  },
}
