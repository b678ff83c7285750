/** How long a ledger takes to open after a restart, and until it has answered the first note: the median of a few processes. */

import { apart } from './apart.ts'
import { type Figure, rounded } from './figure.ts'
import { sharedFolder, sharedMarket } from './fill.ts'
import { payer, sign } from './market.ts'
import { purchaseAt } from './purchases.ts'

const PURCHASES = 1_000_000
const TIMES = 3

export const open: Figure = {
  name: 'open',
  description: 'milliseconds to open a ledger of a million entries (--count 10000000), and to its first answer',
  onDemand: true,
  async *run(context) {
    const shared = await sharedMarket(context, context.count ?? PURCHASES)
    const { market, purchases } = shared
    await shared.close()
    const openMs: number[] = []
    const answerMs: number[] = []
    let entries = 0
    for (let time = 0; time < TIMES; time++) {
      const { buyer, type, body } = purchaseAt(market, purchases + time)
      const opened = await apart({ name: 'open', folder: sharedFolder(context), note: sign(payer(buyer), type, body) })
      openMs.push(opened.openMs)
      answerMs.push(opened.answerMs)
      entries = opened.entries
    }
    yield { figure: 'open', what: 'opening', entries, openMs: median(openMs), answerMs: median(answerMs) }
  },
}

function median(values: readonly number[]): number {
  return rounded([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!, 1)
}
