/** Whether a large ledger appends as quickly as an empty one: purchases a second at 2 and at 10 million entries. */

import { type BenchContext, type Figure, payersFor, rounded } from './figure.ts'
import { fillTo, sharedFolder, sharedMarket } from './fill.ts'
import { type OpenMarket, openMarket } from './market.ts'
import { measurePurchases, runFields } from './measure.ts'

const SIZES = [2_000_000, 10_000_000]
const MEASURED = 200_000

export const growth: Figure = {
  name: 'growth',
  description: 'purchases a second at 2 and 10 million entries against an empty ledger (--count for one other size)',
  onDemand: true,
  async *run(context) {
    const sizes = context.count === undefined ? SIZES : [context.count]
    const measured = Math.min(MEASURED, sizes[0]!)
    const empty = await measureEmpty(context, payersFor(context, sizes.at(-1)!), measured)
    yield { figure: 'growth', what: 'signed purchases', at: 0, ...empty }
    const open = await sharedMarket(context, 0, sizes.at(-1)!)
    try {
      for (const size of sizes) {
        await fillTo(context, open, size)
        const at = open.ledger.size
        const fields = await measure(context, sharedFolder(context), open, measured)
        yield { figure: 'growth', what: 'signed purchases', at, ...fields, ofEmpty: rounded(fields.ratio / empty.ratio, 3) }
      }
    } finally {
      await open.close()
    }
  },
}

type Measured = { readonly entries: number } & ReturnType<typeof runFields>

/** The same on a ledger that was just founded, in this run, on this disk. */
async function measureEmpty(context: BenchContext, payers: number, count: number): Promise<Measured> {
  const folder = context.scratch()
  const open = await openMarket(folder, payers)
  try {
    return await measure(context, folder, open, count)
  } finally {
    await open.close()
  }
}

async function measure(context: BenchContext, folder: string, open: OpenMarket, count: number): Promise<Measured> {
  const { result, limits } = await measurePurchases(context, folder, open, count)
  return { entries: count, ...runFields(count, result, limits) }
}
