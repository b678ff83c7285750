/**
 * The business as it is now: what the index has added up, and the entries that it does not know yet. What it comes to is held
 * against the books: sums that do not tie are not shown to anybody.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Tools } from '../../domain/envelope.ts'
import { treasury } from '../../domain/state.ts'
import { dayOf, type Milliseconds, wholeSeconds } from '../../domain/time.ts'
import type { Searched } from '../entry-search.ts'
import { readPlainly } from '../payments.ts'
import { readRow } from '../queries.ts'
import { LoadedRows } from '../rows.ts'
import type { Series, Tally } from '../search-index.ts'
import { StoreError } from '../store.ts'
import { timeOfEntry } from '../tree.ts'
import { firstDayOf, periodOf, type Unit } from './calendar.ts'
import { foldBusiness } from './fold.ts'
import { Kept } from './kept.ts'
import {
  type BookReport,
  type Cohort,
  type IncomeSums,
  incomeSums,
  type PeriodReport,
  reportBooks,
  reportCohorts,
  reportPeriods,
} from './report.ts'
import { readTallies, Tallies } from './tallies.ts'

/** Entries that are folded where the index does not know them; with more, it has to be made first. */
const MAX_FOLDED_ENTRIES = 20_000
/** Entries folded between two turns of the event loop. */
const PAGE = 250
/** Periods told at most, the newest. */
const MOST: Readonly<Record<Unit, number>> = { day: 60, week: 52, month: 36 }
/** Cohorts told at most: those of this month and of the twelve before it. */
const MOST_COHORTS = 13

/** A ledger, and the rules that its entries were accepted by. */
interface Business extends Searched {
  readonly tools: Tools
}

interface BusinessReport {
  /** The number of the day at whose end it would be as it says. */
  readonly today: number
  /** The oldest first; the last one runs. */
  readonly periods: readonly PeriodReport[]
  readonly cohorts: readonly Cohort[]
  readonly books: readonly BookReport[]
}

export async function readBusiness(business: Business, unit: Unit, now: Milliseconds): Promise<BusinessReport> {
  return whole(business, async (read) => {
    const today = dayOf(wholeSeconds(now))
    const founded = dayOf(wholeSeconds(await timeOfEntry(business.store, 0)))
    const last = periodOf(unit, today)
    const first = Math.max(periodOf(unit, founded), last - MOST[unit] + 1)
    const [from, to] = [firstDayOf(unit, first), today + 1]
    const month = periodOf('month', today)
    const firstMonth = Math.max(periodOf('month', founded), month - MOST_COHORTS + 1)
    const books = reportBooks(await read('total'), await read('book'))
    await tie(business, books)
    return {
      today,
      periods: reportPeriods(
        { unit, first, last, today },
        {
          income: await read('income', from, to),
          plan: await read('plan', from, to),
          payers: await read(`payers-${unit}`, first, last + 1),
          paidTime: await read('paid-time', 0, to),
        },
      ),
      cohorts: reportCohorts(await read('cohort', firstMonth, month + 1), firstMonth, month),
      books,
    }
  })
}

interface CreatorSums extends IncomeSums {
  readonly account: string
}

/** Creators by what the platform took of their sales in a period, the most first: so many, after the first `offset`. */
export async function readTopCreators(
  business: Business,
  { unit, day }: { readonly unit: Unit; readonly day: number },
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<{ readonly creators: readonly CreatorSums[]; readonly hasMore: boolean }> {
  const period = periodOf(unit, day)
  const most = offset + limit + 1
  return whole(business, async (_, stream) => {
    let top: CreatorSums[] = []
    for await (const tally of stream(`creator-${unit}`, period, period + 1)) {
      top.push({ account: tally.subject, ...incomeSums([tally]) })
      // No more than twice what is asked for is ever held.
      if (top.length >= 2 * most) top = top.sort(byTake).slice(0, most)
    }
    top.sort(byTake)
    return { creators: top.slice(offset, offset + limit), hasMore: top.length > offset + limit }
  })
}

function byTake(a: CreatorSums, b: CreatorSums): number {
  const [first, second] = [a, b].map(({ takeMicros, takeGivenBackMicros }) => takeMicros - takeGivenBackMicros)
  return first === second ? (a.account < b.account ? -1 : 1) : first! > second! ? -1 : 1
}

type ReadSeries = (series: Series, from?: number, to?: number) => Promise<Tally[]>
type StreamSeries = (series: Series, from: number, to: number) => AsyncGenerator<Tally>

/** Reads series of one state, all of them with the same entries in them; once more where the index was given up on the way. */
async function whole<T>(business: Business, ask: (read: ReadSeries, stream: StreamSeries) => Promise<T>): Promise<T> {
  const { lookup } = business
  const known = lookup.size
  const fresh = await readFresh(business)
  const stream: StreamSeries = (series, from, to) => readTallies(lookup, fresh, { series, from, to })
  const read: ReadSeries = async (series, from = 0, to = 1) => {
    const tallies: Tally[] = []
    for await (const tally of stream(series, from, to)) tallies.push(tally)
    return tallies
  }
  const answer = lookup.size === known ? await ask(read, stream) : undefined
  return answer !== undefined && lookup.size === known ? answer : whole(business, ask)
}

/** What the entries add that the index does not know. */
async function readFresh({ tools, store, lookup }: Business): Promise<readonly Tally[]> {
  const size = await store.size()
  if (size - lookup.size > MAX_FOLDED_ENTRIES) throw new StoreError('busy', 'The sums are being made: try again in a minute.')
  const recall = async (keys: readonly string[]) => (await lookup.ask((index) => index.kept(keys))) ?? keys.map(() => undefined)
  const [tallies, kept] = [new Tallies(), new Kept(recall)]
  for (let next = lookup.size; next < size; next += PAGE) {
    const stored = await store.entries(next, Math.min(PAGE, size - next))
    const rows = new LoadedRows(store)
    await foldBusiness({ tools, store, rows }, { tallies, kept }, stored, await readPlainly(rows, stored))
    await nextTurn()
  }
  return tallies.all
}

/** The sums have to come to what the books have. */
async function tie({ store, lookup }: Searched, books: readonly BookReport[]): Promise<void> {
  const row = await readRow(store, treasury)
  const balances = { fees: row?.feesMicros, plans: row?.plansMicros }
  if (books.every(({ book, balanceMicros }) => balances[book] === balanceMicros)) return
  if (lookup.size === 0)
    throw new StoreError('damaged', 'The entries do not add up to the revenue in the books; nimledger verify tells more.')
  await lookup.distrust()
  throw new StoreError('busy', 'The sums did not agree with the books, so they are being made anew: try again in a minute.')
}
