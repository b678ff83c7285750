/** Corporate offers: made to one account, taken like a plan until they expire. */

import type { Tools } from '../domain/envelope.ts'
import { formatMicros } from '../domain/money.ts'
import { accounts, offers } from '../domain/state.ts'
import { formatMilliseconds, formatSeconds, type Seconds, wholeSeconds } from '../domain/time.ts'
import { createdId } from '../domain/view.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { readBackwards } from '../ledger/history.ts'
import { LoadedRows } from '../ledger/rows.ts'
import type { Sight } from './host.ts'
import { MAX_PAGE } from './inputs.ts'
import type { OfferPage, OfferView } from './views.ts'

interface Asked {
  readonly account?: string | undefined
  readonly before?: number | undefined
  readonly limit: number
}

/** Those made last first; of one account where asked. */
export async function readOffers(tools: Tools, sight: Sight, asked: Asked): Promise<OfferPage> {
  const { store } = sight
  const { entries, next } = await readBackwards(tools, sight, { ...asked, type: 'plan.offer' })
  const made = entries.map((entry) => ({ entry, key: offers.at(createdId(entry.transaction)!) }))
  const rows = new LoadedRows(store)
  await rows.load(made.map(({ key }) => key))
  const owners = [...new Set(made.map(({ key }) => rows.get(key)!.account))]
  await rows.load(owners.map((account) => accounts.at(account)))
  const taken = new Map<string, number>()
  for (const account of owners) await addTaken(tools, sight, account, taken)
  const now = wholeSeconds(sight.time)
  const views = made.map(({ entry, key }) => offerView(rows, entry, key.key, { taken: taken.get(key.key), now }))
  return { size: await store.size(), offers: views, ...(next !== undefined && { next }) }
}

/** The offers that an account took, each with the entry that took it last, as far as its newest changes of plan tell. */
async function addTaken(tools: Tools, sight: Sight, account: string, taken: Map<string, number>): Promise<void> {
  for (const type of ['plan.subscribe', 'plan.change']) {
    const { entries } = await readBackwards(tools, sight, { account, type, limit: MAX_PAGE })
    for (const { index, transaction } of entries) {
      const { offer } = transaction.body as { readonly offer?: string }
      if (offer !== undefined && transaction.signer === account) taken.set(offer, Math.max(index, taken.get(offer) ?? 0))
    }
  }
}

function offerView(
  rows: LoadedRows,
  { index, time }: Accepted,
  offer: string,
  { taken, now }: { readonly taken: number | undefined; readonly now: Seconds },
): OfferView {
  const { account, modelLimit, priceMicros, period, expires } = rows.get(offers.at(offer))!
  return {
    offer,
    account,
    name: rows.get(accounts.at(account))?.name ?? '',
    modelLimit,
    price: formatMicros(priceMicros),
    period,
    expires: formatSeconds(expires),
    isOpen: now < expires,
    ...(taken !== undefined && { taken }),
    index,
    time: formatMilliseconds(time),
  }
}
