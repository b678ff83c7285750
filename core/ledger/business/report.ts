/**
 * What the tallies say, period by period: pure, over tallies that were read. Averages are cut to the microcredit: they are there
 * to be read, and nothing is paid by them.
 *
 *   take       fees and payments for plans, less what refunds gave back of them
 *   ARPU       the take of a period, by account that paid something in it
 *   MRR        what active subscriptions and plans pay in a year by their prices, divided by twelve
 *   churn      subscriptions, or plans, that ended in a period, by those that were active before it
 *   cohorts    accounts by the month in which they first paid: how many of them paid in each month since
 */

import { assert } from '../../base/assert.ts'
import type { Tally } from '../search-index.ts'
import { firstDayOf, periodOf, type Unit } from './calendar.ts'
import { KINDS, type Kind } from './income.ts'
import { OFFERS, SUBSCRIPTIONS } from './tallies.ts'

/** What came in. */
export interface IncomeSums {
  /** Of the payments, whatever was given back. */
  readonly grossMicros: bigint
  readonly takeMicros: bigint
  /** What refunds gave back of payments, of whatever time, and of the take of them. */
  readonly givenBackMicros: bigint
  readonly takeGivenBackMicros: bigint
  readonly payments: number
}

/** Plans, or subscriptions, whose paid time runs. */
export interface PaidTime {
  /** At the end of the day before the period. */
  readonly before: number
  readonly started: number
  readonly ended: number
  /** At the end of the period, or of today. */
  readonly active: number
  /** What they pay in a month, and what the platform takes of that. */
  readonly monthlyMicros: bigint
  readonly monthlyTakeMicros: bigint
}

export interface PlanSums {
  /** The plan's name; none for all offers to single accounts. */
  readonly plan?: string
  readonly grossMicros: bigint
  readonly taken: number
  readonly renewed: number
  readonly active: number
}

export interface PeriodReport {
  /** Its first day and its last one, or today. */
  readonly from: number
  readonly to: number
  readonly kinds: Readonly<Record<Kind, IncomeSums>>
  /** Accounts that paid something. */
  readonly payers: number
  readonly subscriptions: PaidTime
  readonly plans: PaidTime
  /** Those that were paid for in the period, or are active. */
  readonly byPlan: readonly PlanSums[]
}

interface Read {
  readonly income: readonly Tally[]
  readonly plan: readonly Tally[]
  readonly payers: readonly Tally[]
  /** From the first day on. */
  readonly paidTime: readonly Tally[]
}

interface Span {
  readonly unit: Unit
  /** Numbers of periods: from the first to the last one, which is the one that runs. */
  readonly first: number
  readonly last: number
  readonly today: number
}

/** The periods from the first on. */
export function reportPeriods({ unit, first, last, today }: Span, read: Read): PeriodReport[] {
  const [income, plan] = [byPeriod(unit, read.income), byPeriod(unit, read.plan)]
  const payers = new Map(read.payers.map(({ period, sums }) => [period, Number(sums[0])]))
  const running = new Running(read.paidTime)
  const periods: PeriodReport[] = []
  for (let period = first; period <= last; period++) {
    const from = firstDayOf(unit, period)
    const to = Math.min(firstDayOf(unit, period + 1) - 1, today)
    const time = running.over(from, to)
    periods.push({
      from,
      to,
      kinds: kindsOf(income.get(period) ?? []),
      payers: payers.get(period) ?? 0,
      subscriptions: paidTimeOf(time.filter(({ subject }) => subject === SUBSCRIPTIONS)),
      plans: paidTimeOf(time.filter(({ subject }) => subject !== SUBSCRIPTIONS)),
      byPlan: plansOf(plan.get(period) ?? [], time),
    })
  }
  return periods
}

/** Tallies by day, put together by day, week or month. */
function byPeriod(unit: Unit, tallies: readonly Tally[]): Map<number, Tally[]> {
  const periods = new Map<number, Tally[]>()
  for (const tally of tallies) {
    const period = periodOf(unit, tally.period)
    const known = periods.get(period)
    if (known === undefined) periods.set(period, [tally])
    else known.push(tally)
  }
  return periods
}

/** By kind. */
function kindsOf(tallies: readonly Tally[]): Readonly<Record<Kind, IncomeSums>> {
  const sums = KINDS.map((kind) => [kind, incomeSums(tallies.filter(({ subject }) => subject === kind))] as const)
  return Object.fromEntries(sums) as Record<Kind, IncomeSums>
}

/** The sum of tallies of income. */
export function incomeSums(tallies: readonly Pick<Tally, 'sums'>[]): IncomeSums {
  const at = (place: number) => tallies.reduce((sum, { sums }) => sum + sums[place]!, 0n)
  return {
    grossMicros: at(0),
    takeMicros: at(1),
    givenBackMicros: at(2),
    takeGivenBackMicros: at(3),
    payments: Number(at(4)),
  }
}

/** What was active of a subject, in a period. */
interface Subject {
  readonly subject: string
  readonly before: bigint
  readonly started: bigint
  readonly ended: bigint
  readonly active: bigint
  readonly yearlyMicros: bigint
  readonly takeMicros: bigint
}

/** Adds up the changes of paid time, period by period. */
class Running {
  readonly #changes: readonly Tally[]
  #next = 0
  readonly #subjects = new Map<string, readonly bigint[]>()

  constructor(changes: readonly Tally[]) {
    this.#changes = changes.toSorted((a, b) => a.period - b.period)
  }

  /** Days from `from` to `to`, which come after those asked for before. */
  over(from: number, to: number): Subject[] {
    this.#goTo(from - 1)
    const before = new Map(this.#subjects)
    this.#goTo(to)
    return Array.from(this.#subjects, ([subject, sums]) => {
      const [yearlyMicros, takeMicros, active, started, ended] = sums as [bigint, bigint, bigint, bigint, bigint]
      const [, , activeBefore = 0n, startedBefore = 0n, endedBefore = 0n] = before.get(subject) ?? []
      const movements = { started: started - startedBefore, ended: ended - endedBefore }
      return { subject, before: activeBefore, ...movements, active, yearlyMicros, takeMicros }
    })
  }

  #goTo(day: number): void {
    for (; this.#changes[this.#next] !== undefined && this.#changes[this.#next]!.period <= day; this.#next++) {
      const { subject, sums } = this.#changes[this.#next]!
      const known = this.#subjects.get(subject)
      this.#subjects.set(subject, known === undefined ? sums : known.map((sum, at) => sum + sums[at]!))
    }
  }
}

const MONTHS = 12n

function paidTimeOf(subjects: readonly Subject[]): PaidTime {
  const sum = (field: Exclude<keyof Subject, 'subject'>) => subjects.reduce((total, one) => total + one[field], 0n)
  const count = (field: Exclude<keyof Subject, 'subject'>) => Number(sum(field))
  const [before, started, ended, active] = [count('before'), count('started'), count('ended'), count('active')]
  assert(active === before + started - ended, 'what is active was so before, or started, and did not end')
  const [monthlyMicros, monthlyTakeMicros] = [sum('yearlyMicros') / MONTHS, sum('takeMicros') / MONTHS]
  return { before, started, ended, active, monthlyMicros, monthlyTakeMicros }
}

function plansOf(sold: readonly Tally[], time: readonly Subject[]): PlanSums[] {
  const names = new Set([...sold, ...time.filter(({ active }) => active > 0n)].map(({ subject }) => subject))
  names.delete(SUBSCRIPTIONS)
  return Array.from(names, (name) => {
    const tallies = sold.filter(({ subject }) => subject === name)
    const at = (place: number) => tallies.reduce((sum, { sums }) => sum + sums[place]!, 0n)
    return {
      ...(name !== OFFERS && { plan: name }),
      grossMicros: at(0),
      taken: Number(at(1)),
      renewed: Number(at(2)),
      active: Number(time.find(({ subject }) => subject === name)?.active ?? 0n),
    }
  }).sort((a, b) => b.active - a.active || ((a.plan ?? '~') < (b.plan ?? '~') ? -1 : 1))
}

/** Accounts that first paid in a month. */
export interface Cohort {
  /** The number of the month. */
  readonly month: number
  /** How many paid in it, then in each month since, up to the one that runs. */
  readonly paid: readonly number[]
}

export function reportCohorts(tallies: readonly Tally[], first: number, last: number): Cohort[] {
  const paid = new Map(tallies.map(({ period, subject, sums }) => [`${period} ${subject}`, Number(sums[0])]))
  return Array.from({ length: last - first + 1 }, (_, at) => {
    const month = first + at
    return { month, paid: Array.from({ length: last - month + 1 }, (_, later) => paid.get(`${month} ${month + later}`) ?? 0) }
  })
}

/** How a book of revenue comes about: its balance is what was taken, less what was given back or withdrawn. */
export interface BookReport {
  readonly book: 'fees' | 'plans'
  readonly takenMicros: bigint
  readonly givenBackMicros: bigint
  /** Of what was given back, what the operator owes or owed, since the book had been withdrawn. */
  readonly atOperatorMicros: bigint
  readonly withdrawnMicros: bigint
  readonly balanceMicros: bigint
}

/** Over all times: tallies of the series total and book. */
export function reportBooks(total: readonly Tally[], books: readonly Tally[]): BookReport[] {
  return (['fees', 'plans'] as const).map((book) => {
    const sums = incomeSums(total.filter(({ subject }) => (subject === 'plan') === (book === 'plans')))
    const [withdrawnMicros = 0n, atOperatorMicros = 0n] = books.find(({ subject }) => subject === book)?.sums ?? []
    const [takenMicros, givenBackMicros] = [sums.takeMicros, sums.takeGivenBackMicros]
    const balanceMicros = takenMicros - givenBackMicros + atOperatorMicros - withdrawnMicros
    return { book, takenMicros, givenBackMicros, atOperatorMicros, withdrawnMicros, balanceMicros }
  })
}
