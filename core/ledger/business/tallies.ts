/**
 * What is added up of the platform's business. Every entry adds to sums by day, week or month of UTC and never looks at one, so
 * the sums of a part of the log and those of the rest make those of the whole. The index keeps them as far as it has come.
 *
 *   series          period           subject               sums
 *   income          day              kind of payment       gross, take, given back, take given back, payments
 *   total           0, all times     kind of payment       the same
 *   creator-<unit>  day, week, month creator's account     the same, of payments to the creator
 *   plan            day              plan, or OFFERS       gross, times taken, times renewed
 *   paid-time       day              SUBSCRIPTIONS, plan   a year's gross, a year's take, active, started, ended
 *   payers-<unit>   day, week, month none                  accounts that paid something
 *   cohort          month            month                 accounts that first paid in the one and paid in the other
 *   book            0, all times     fees, plans           withdrawn, given back at the operator's expense
 *
 * Amounts are microcredits. The sums of paid-time are changes: all those up to a day say what is active at its end. They stand on
 * the days on which paid time will end, too, and are taken back there where it goes on.
 */

import type { Lookup } from '../lookup.ts'
import type { Series, Tally, TallyQuery } from '../search-index.ts'

/** The subject of all offers to single accounts; no plan has a name of this form. */
export const OFFERS = 'off_'
/** The subject of all subscriptions. */
export const SUBSCRIPTIONS = 'sub_'

/** Tallies that are being made. */
export class Tallies {
  readonly #all = new Map<string, Tally>()

  add(series: Series, period: number, subject: string, sums: readonly bigint[]): void {
    const place = placeOf({ series, period, subject })
    this.#all.set(place, plus(this.#all.get(place), { series, period, subject, sums }))
  }

  get all(): readonly Tally[] {
    return [...this.#all.values()]
  }
}

/** Tallies read from the index at a time. */
const PAGE = 2_000

/**
 * The tallies of a series in a range, with what the index does not know yet, page by page. They are in the order of the index,
 * but for those that it does not have, which come last. Undefined where the index was given up on the way.
 */
export async function* readTallies(
  lookup: Lookup,
  fresh: readonly Tally[],
  range: Pick<TallyQuery, 'series' | 'from' | 'to'>,
): AsyncGenerator<Tally> {
  const { series, from, to } = range
  const added = new Map(
    fresh.filter((one) => one.series === series && one.period >= from && one.period < to).map((one) => [placeOf(one), one]),
  )
  for (let after: TallyQuery['after']; lookup.size > 0; ) {
    const known = (await lookup.ask((index) => index.tallies({ ...range, after, limit: PAGE }))) ?? []
    for (const tally of known) {
      const place = placeOf(tally)
      const more = added.get(place)
      added.delete(place)
      yield more === undefined ? tally : plus(tally, more)
    }
    after = known.at(-1)
    if (known.length < PAGE) break
  }
  yield* added.values()
}

function placeOf({ series, period, subject }: Pick<Tally, 'series' | 'period' | 'subject'>): string {
  return `${series} ${period} ${subject}`
}

function plus(before: Tally | undefined, more: Tally): Tally {
  return before === undefined ? more : { ...before, sums: before.sums.map((sum, at) => sum + more.sums[at]!) }
}
