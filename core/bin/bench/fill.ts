/** A market of some size, made as it would have come about: by purchases through the pipeline. */

import { wholeSeconds } from '../../domain/time.ts'
import { Feeder } from './feeder.ts'
import { type BenchContext, payersFor } from './figure.ts'
import { type OpenMarket, openMarket } from './market.ts'
import { signedPurchases, unpackNotes } from './notes.ts'
import { nextPurchases } from './purchases.ts'

/** The folder of the market that figures share: who needs a larger one lets it grow. */
const SHARED = 'market'

/**
 * Opens the market that the figures of a run share, with at least so many purchases. A new one gets as many payers as are usual
 * for `planned` purchases.
 */
export async function sharedMarket(context: BenchContext, purchases: number, planned = purchases): Promise<OpenMarket> {
  const open = await openMarket(sharedFolder(context), payersFor(context, planned))
  try {
    await fillTo(context, open, purchases)
    return open
  } catch (error) {
    await open.close()
    throw error
  }
}

export function sharedFolder(context: BenchContext): string {
  return context.folder(SHARED)
}

/** Buys until there are as many purchases. The next ones are signed while those before are sequenced. */
export async function fillTo(context: BenchContext, open: OpenMarket, purchases: number): Promise<void> {
  const missing = purchases - open.purchases
  if (missing <= 0) return
  const progress = context.progress('filling')
  let done = 0
  const feeder = new Feeder(open.ledger, () => progress(++done, missing))
  for await (const packed of signedPurchases(open.market, nextPurchases(open.purchases, missing, wholeSeconds(Date.now())))) {
    for (const note of unpackNotes(packed)) {
      const room = feeder.submit(note)
      if (room !== undefined) await room
    }
  }
  await feeder.drain()
}
