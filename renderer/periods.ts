/** Periods of a statement, by the ledger's own time and calendar, which is UTC. */

export const PERIODS = ['all', 'this-month', 'last-month', 'this-year', 'last-year'] as const
export type StatementPeriod = (typeof PERIODS)[number]

interface Times {
  /** From then on, and before. */
  readonly from?: string
  readonly to?: string
}

/** One that has not ended has no end: it goes as far as the log does. */
export function statementTimes(period: StatementPeriod, now: string): Times {
  const time = new Date(now)
  const [year, month] = [time.getUTCFullYear(), time.getUTCMonth()]
  if (period === 'all') return {}
  if (period === 'this-month') return { from: start(year, month) }
  if (period === 'last-month') return { from: start(year, month - 1), to: start(year, month) }
  return period === 'this-year' ? { from: start(year, 0) } : { from: start(year - 1, 0), to: start(year, 0) }
}

function start(year: number, month: number): string {
  return `${new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 19)}Z`
}
