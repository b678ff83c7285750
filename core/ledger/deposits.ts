/**
 * Money outside the ledger, as its entries tell it: what providers took in for credits, gave back for them, and paid out. Sums by
 * provider are folded once, in memory, and continued with what came since then.
 */

import type { Tools } from '../domain/envelope.ts'
import { type Micros, micros, ZERO } from '../domain/money.ts'
import type { Accepted } from './accepted.ts'
import type { Searched } from './entry-search.ts'
import { readBackwards } from './history.ts'

/** What comes in, and the four ways in which it goes out, by the types of entries that say so. */
export const DEPOSIT_TYPES = ['credit.topup', 'credit.return', 'credit.chargeback', 'payout.settle', 'revenue.withdraw'] as const
export type DepositType = (typeof DEPOSIT_TYPES)[number]

interface Deposit {
  readonly type: DepositType
  readonly provider: string
  readonly reference: string
  /** Whose credits; none where the platform took out its revenue. */
  readonly account?: string
  readonly amountMicros: Micros
  /** The top-up of which it gives back. */
  readonly topup?: number
}

/** How much by how many entries. */
interface DepositSum {
  readonly amountMicros: Micros
  readonly entries: number
}

type ProviderSums = Readonly<Record<DepositType, DepositSum>>

const NOTHING: DepositSum = { amountMicros: ZERO, entries: 0 }

/** Entries of one type that are folded, at most: the newest. */
const MAX_ENTRIES = 50_000
const PAGE = 500

/** What an entry of one of these types says. */
export function depositOf({ transaction, outcome }: Accepted): Deposit {
  const { provider, reference, entry } = transaction.body as {
    readonly provider: string
    readonly reference: string
    readonly entry?: number
  }
  const outside = outcome.postings.find(({ book }) => book === 'issued' || book === 'redeemed')!.amountMicros
  const account = outcome.postings.find((posting) => posting.account !== undefined)?.account
  return {
    type: transaction.definition.type as DepositType,
    provider,
    reference,
    ...(account !== undefined && { account }),
    amountMicros: micros(outside < 0n ? -outside : outside),
    ...(entry !== undefined && { topup: entry }),
  }
}

export class Deposits {
  #sums: ReadonlyMap<string, ProviderSums> = new Map()
  /** Entries that are folded. */
  #size = 0
  #folding: Promise<unknown> = Promise.resolve()

  /** The sums of each provider, over all entries that the store has. */
  async of(tools: Tools, searched: Searched): Promise<ReadonlyMap<string, ProviderSums>> {
    // Calls are folded one after the other: a second one must not fold the same entries again.
    const folded = this.#folding.then(() => this.#fold(tools, searched))
    this.#folding = folded.catch(() => {})
    return folded
  }

  async #fold(tools: Tools, searched: Searched): Promise<ReadonlyMap<string, ProviderSums>> {
    const size = await searched.store.size()
    const sums = new Map(this.#sums)
    for (const type of DEPOSIT_TYPES) {
      for await (const deposit of newer(tools, searched, type, this.#size)) addTo(sums, deposit)
    }
    // A reader that began before another one ended sees a shorter log.
    if (size > this.#size) [this.#sums, this.#size] = [sums, size]
    return this.#sums
  }
}

function addTo(sums: Map<string, ProviderSums>, { provider, type, amountMicros }: Deposit): void {
  const before = sums.get(provider) ?? (Object.fromEntries(DEPOSIT_TYPES.map((one) => [one, NOTHING])) as ProviderSums)
  const { amountMicros: soFar, entries } = before[type]
  sums.set(provider, { ...before, [type]: { amountMicros: micros(soFar + amountMicros), entries: entries + 1 } })
}

/** Those of a type from an index on, the newest first. */
async function* newer(tools: Tools, searched: Searched, type: DepositType, from: number): AsyncGenerator<Deposit> {
  let before: number | undefined
  for (let seen = 0; seen < MAX_ENTRIES; ) {
    const page = await readBackwards(tools, searched, { type, before, limit: PAGE })
    for (const entry of page.entries) {
      if (entry.index < from) return
      yield depositOf(entry)
    }
    seen += page.entries.length
    if (page.next === undefined || page.next <= from) return
    before = page.next
  }
}
