/** Periods, days and months by hand, from the digits of a date: on purpose another way than the one of the rules. */

export const DAY = 86_400
export type Period = 'week' | 'month' | 'quarter' | 'year'

export function toText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
}

export function toSeconds(text: string): number {
  return Date.parse(text) / 1000
}

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, '0')
}

/** Where a period that starts at `start` ends, if the first of its row started at `anchor`: the day of that one is kept. */
export function endOfPeriod(period: Period, start: number, anchor = start): number {
  if (period === 'week') return start + 7 * DAY
  const text = toText(start)
  let year = Number(text.slice(0, 4))
  let month = Number(text.slice(5, 7))
  const day = Number(toText(anchor).slice(8, 10))
  for (let i = 0; i < { month: 1, quarter: 3, year: 12 }[period]; i++) {
    month += 1
    if (month === 13) {
      year += 1
      month = 1
    }
  }
  const kept = Math.min(day, daysIn(year, month))
  return toSeconds(`${digits(year, 4)}-${digits(month, 2)}-${digits(kept, 2)}${text.slice(10)}`)
}

/** The calendar day or month in UTC as text, such as 2026-01-31 or 2026-01. */
export function windowName(per: 'day' | 'month', seconds: number): string {
  return toText(seconds).slice(0, per === 'day' ? 10 : 7)
}

/** 00:00 UTC of the day that `seconds` falls into. */
export function midnight(seconds: number): number {
  return toSeconds(`${toText(seconds).slice(0, 10)}T00:00:00Z`)
}

export function nextMonth(seconds: number): number {
  return endOfPeriod('month', toSeconds(`${toText(seconds).slice(0, 7)}-01T00:00:00Z`))
}
