/**
 * Which entries of the log are looked at, as the address says it, "#/log?type=credit.topup&since=2026-01-02", and as the log is
 * asked. Days are the reader's own, the last one included.
 */
import { parseTyped } from './format.ts'

export const FILTER_FIELDS = ['account', 'type', 'since', 'until', 'least', 'most'] as const
type FilterField = (typeof FILTER_FIELDS)[number]
export type LogFilter = Readonly<Partial<Record<FilterField, string>>>

export function filterIn(search: URLSearchParams): LogFilter {
  return Object.fromEntries(FILTER_FIELDS.flatMap((field) => (search.get(field) ? [[field, search.get(field)!]] : [])))
}

export function isFiltered(filter: LogFilter): boolean {
  return Object.keys(filter).length > 0
}

export interface LogQuery {
  readonly account?: string
  readonly type?: string
  readonly since?: string
  readonly until?: string
  readonly minAmount?: string
  readonly maxAmount?: string
}

/** A day or an amount that is none filters nothing. */
export function logQuery({ account, type, since, until, least, most }: LogFilter): LogQuery {
  return {
    ...(account !== undefined && { account }),
    ...(type !== undefined && { type }),
    ...given('since', since && startOfDay(since, 0)),
    ...given('until', until && startOfDay(until, 1)),
    ...given('minAmount', least && parseTyped(least)),
    ...given('maxAmount', most && parseTyped(most)),
  }
}

function given(name: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined || value === '' ? {} : { [name]: value }
}

/** Midnight of the reader's zone, so many days later. */
function startOfDay(day: string, later: number): string | undefined {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? []
  if (year === undefined) return undefined
  const time = new Date(Number(year), Number(month) - 1, Number(date) + later)
  return `${time.toISOString().slice(0, 19)}Z`
}
