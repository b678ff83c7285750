/**
 * Times of the ledger. Rules read whole Unix seconds; an entry's acceptance time has milliseconds. On the wire both are RFC 3339
 * in UTC:
 *
 *   2026-11-22T08:31:07Z          in notes, whole seconds
 *   2026-11-22T08:31:09.123Z      the acceptance line of an entry
 *
 * A text must equal its own reformatting, so there is no 30 February, no 24:00 and no other zone. Calendar arithmetic is UTC.
 */

import { assert } from '../base/assert.ts'

/** Whole seconds since 1970-01-01T00:00:00Z. */
export type Seconds = number
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Milliseconds = number

export const DAY_SECONDS = 86_400
/** The last second that the eight hex digits of a transaction id can hold (7 February 2106). */
export const MAX_SECONDS = 0xffff_ffff

export const PERIODS = ['week', 'month', 'quarter', 'year'] as const
export type Period = (typeof PERIODS)[number]

const MILLISECONDS_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

export function formatSeconds(seconds: Seconds): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

/**
 * Seconds of a canonical time from 1970 to 2106; undefined for any other text. It runs twice for every note, so it reads the
 * digits itself.
 */
export function parseSeconds(text: string): Seconds | undefined {
  if (text.length !== SECONDS_LENGTH || !hasSeparators(text)) return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  // A pair that is not two digits is NaN, which no comparison lets pass.
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return undefined
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1000
  return seconds <= MAX_SECONDS ? seconds : undefined
}

const SECONDS_LENGTH = '2026-11-22T08:31:07Z'.length

function hasSeparators(text: string): boolean {
  return (
    text[4] === '-' &&
    text[7] === '-' &&
    text[10] === 'T' &&
    text[13] === ':' &&
    text[16] === ':' &&
    text[SECONDS_LENGTH - 1] === 'Z'
  )
}

/** The number that `count` digits write; NaN where one is none. */
function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let i = from; i < from + count; i++) {
    const digit = text.charCodeAt(i) - 0x30
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN
  }
  return value
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

export function formatMilliseconds(milliseconds: Milliseconds): string {
  return new Date(milliseconds).toISOString()
}

/** Milliseconds of a canonical acceptance time from 1970 to 2106; undefined for any other text. */
export function parseMilliseconds(text: string): Milliseconds | undefined {
  if (!MILLISECONDS_FORM.test(text)) return undefined
  const milliseconds = Date.parse(text)
  return milliseconds >= 0 && milliseconds / 1000 <= MAX_SECONDS && formatMilliseconds(milliseconds) === text
    ? milliseconds
    : undefined
}

export function wholeSeconds(milliseconds: Milliseconds): Seconds {
  return Math.floor(milliseconds / 1000)
}

/** Number of the UTC day since 1970-01-01. */
export function dayOf(seconds: Seconds): number {
  return Math.floor(seconds / DAY_SECONDS)
}

/** Number of the week of a UTC day: weeks begin on Mondays, and the first one on 29 December 1969. */
export function weekOf(day: number): number {
  return Math.floor((day + DAYS_SINCE_MONDAY) / 7)
}

/** 1970 began on a Thursday. */
const DAYS_SINCE_MONDAY = 3

/** Number of the UTC calendar month since January 1970. Asked for every call of a batch, so a day is looked up once. */
export function monthOf(seconds: Seconds): number {
  const day = dayOf(seconds)
  if (day !== lastMonth.day) {
    const date = new Date(seconds * 1000)
    lastMonth = { day, month: (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth() }
  }
  return lastMonth.month
}

let lastMonth = { day: 0, month: 0 }

const WEEK_SECONDS = 7 * DAY_SECONDS
const MONTHS: Record<Exclude<Period, 'week'>, number> = { month: 1, quarter: 3, year: 12 }

/**
 * Where the `count`-th period after `anchor`, the start of the first one, begins. Weeks are 7 days; the others go by the calendar
 * and keep the anchor's day of the month, or the month's last day where it is shorter (31 January → 28 February → 31 March).
 */
export function addPeriods(anchor: Seconds, period: Period, count: number): Seconds {
  assert(Number.isSafeInteger(count) && count >= 0, 'periods are counted from the anchor onwards')
  if (period === 'week') return anchor + count * WEEK_SECONDS
  const date = new Date(anchor * 1000)
  const month = date.getUTCMonth() + count * MONTHS[period]
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate()
  const midnight = Date.UTC(date.getUTCFullYear(), month, Math.min(date.getUTCDate(), lastDay)) / 1000
  return midnight + (anchor % DAY_SECONDS)
}

/** How many periods after `anchor` lead to `end`, which is the end of one of them. */
export function countPeriods(anchor: Seconds, period: Period, end: Seconds): number {
  const count = period === 'week' ? (end - anchor) / WEEK_SECONDS : (monthOf(end) - monthOf(anchor)) / MONTHS[period]
  assert(Number.isInteger(count) && addPeriods(anchor, period, count) === end, 'a period ends by the calendar of its anchor')
  return count
}
