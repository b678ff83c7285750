/** The platform's business as its operator reads it: by period and kind, by creator, as a spreadsheet. */

import type { Tools } from '../domain/envelope.ts'
import { formatMicros } from '../domain/money.ts'
import { accounts } from '../domain/state.ts'
import { DAY_SECONDS, dayOf, formatSeconds, type Seconds } from '../domain/time.ts'
import { firstDayOf, type Unit } from '../ledger/business/calendar.ts'
import { readBusiness, readTopCreators } from '../ledger/business/read.ts'
import type { BookReport, Cohort, IncomeSums, PaidTime, PeriodReport, PlanSums } from '../ledger/business/report.ts'
import { LoadedRows } from '../ledger/rows.ts'
import type { Sight, SpreadsheetCell } from './host.ts'
import type {
  CohortView,
  CreatorIncomePage,
  IncomeView,
  PaidTimeView,
  PlanSales,
  RevenueBook,
  RevenuePeriod,
  RevenueView,
} from './views.ts'

export async function readRevenue(tools: Tools, sight: Sight, unit: Unit): Promise<RevenueView> {
  const { periods, cohorts, books } = await readBusiness({ tools, ...sight }, unit, sight.time)
  return {
    size: await sight.store.size(),
    unit,
    periods: periods.map((period) => periodView(period, unit)),
    cohorts: cohorts.map(cohortView),
    books: books.map(bookView),
  }
}

interface CreatorsAsked {
  readonly unit: Unit
  /** The start of a day in the period. */
  readonly from: Seconds
  readonly offset: number
  readonly limit: number
}

export async function readCreatorIncome(tools: Tools, sight: Sight, asked: CreatorsAsked): Promise<CreatorIncomePage> {
  const { creators, hasMore } = await readCreators(tools, sight, asked)
  return {
    size: await sight.store.size(),
    creators: creators.map((one) => ({ account: one.account, name: one.name, ...incomeView(one) })),
    ...(hasMore && { next: asked.offset + asked.limit }),
  }
}

const HEADER = 'account name payments gross givenBack take'.split(' ')

/** The table of creators, with a head. */
export async function creatorRows(tools: Tools, sight: Sight, asked: CreatorsAsked): Promise<SpreadsheetCell[][]> {
  const { creators } = await readCreators(tools, sight, asked)
  const rows = creators.map((one) => {
    return [one.account, one.name, one.payments, one.grossMicros, one.givenBackMicros, takeOf(one)]
  })
  return [HEADER, ...rows]
}

async function readCreators(tools: Tools, { store, lookup }: Sight, { unit, from, offset, limit }: CreatorsAsked) {
  const top = await readTopCreators({ tools, store, lookup }, { unit, day: dayOf(from) }, { offset, limit })
  const rows = new LoadedRows(store)
  await rows.load(top.creators.map(({ account }) => accounts.at(account)))
  const creators = top.creators.map((one) => ({ ...one, name: rows.get(accounts.at(one.account))?.name ?? '' }))
  return { creators, hasMore: top.hasMore }
}

function takeOf({ takeMicros, takeGivenBackMicros }: IncomeSums): bigint {
  return takeMicros - takeGivenBackMicros
}

function incomeView(sums: IncomeSums): IncomeView {
  const { grossMicros, givenBackMicros, payments } = sums
  return {
    gross: formatMicros(grossMicros),
    givenBack: formatMicros(givenBackMicros),
    take: formatMicros(takeOf(sums)),
    payments,
  }
}

function periodView({ from, to, kinds, payers, subscriptions, plans, byPlan }: PeriodReport, unit: Unit): RevenuePeriod {
  const all = Object.values(kinds)
  const sum = (field: (sums: IncomeSums) => bigint) => all.reduce((total, sums) => total + field(sums), 0n)
  const takeMicros = sum(takeOf)
  return {
    period: unit === 'month' ? nameOf(from).slice(0, MONTH_CHARACTERS) : nameOf(from),
    from: nameOf(from),
    to: nameOf(to),
    gross: formatMicros(sum(({ grossMicros }) => grossMicros)),
    givenBack: formatMicros(sum(({ givenBackMicros }) => givenBackMicros)),
    take: formatMicros(takeMicros),
    payments: all.reduce((total, { payments }) => total + payments, 0),
    kinds: Object.fromEntries(Object.entries(kinds).map(([kind, sums]) => [kind, incomeView(sums)])) as RevenuePeriod['kinds'],
    payers,
    ...(payers > 0 && { arpu: formatMicros(takeMicros / BigInt(payers)) }),
    subscriptions: paidTimeView(subscriptions),
    plans: paidTimeView(plans),
    byPlan: byPlan.map(planView),
  }
}

const MONTH_CHARACTERS = '2026-11'.length

/** "2026-11-16" */
function nameOf(day: number): string {
  return formatSeconds(day * DAY_SECONDS).slice(0, '2026-11-16'.length)
}

function paidTimeView({ monthlyMicros, monthlyTakeMicros, ...counts }: PaidTime): PaidTimeView {
  return { ...counts, monthly: formatMicros(monthlyMicros), monthlyTake: formatMicros(monthlyTakeMicros) }
}

function planView({ grossMicros, ...rest }: PlanSums): PlanSales {
  return { ...rest, gross: formatMicros(grossMicros) }
}

function cohortView({ month, paid }: Cohort): CohortView {
  return { month: nameOf(firstDayOf('month', month)).slice(0, MONTH_CHARACTERS), paid }
}

function bookView({
  book,
  takenMicros,
  givenBackMicros,
  atOperatorMicros,
  withdrawnMicros,
  balanceMicros,
}: BookReport): RevenueBook {
  return {
    book,
    taken: formatMicros(takenMicros),
    givenBack: formatMicros(givenBackMicros),
    atOperator: formatMicros(atOperatorMicros),
    withdrawn: formatMicros(withdrawnMicros),
    balance: formatMicros(balanceMicros),
  }
}
