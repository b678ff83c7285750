import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../core/base/assert.ts'
import {
  addPeriods,
  countPeriods,
  dayOf,
  formatMilliseconds,
  formatSeconds,
  MAX_SECONDS,
  monthOf,
  PERIODS,
  type Period,
  parseMilliseconds,
  parseSeconds,
  wholeSeconds,
} from '../../core/domain/time.ts'

const seconds = fc.integer({ min: 0, max: MAX_SECONDS })

describe('texts of times', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2026-11-22T08:31:07Z', 1_795_336_267],
    ['2000-02-29T23:59:59Z', 951_868_799],
    ['2038-01-19T03:14:08Z', 2 ** 31],
    ['2106-02-07T06:28:15Z', MAX_SECONDS],
  ])('%s is %s', (text, value) => {
    expect(parseSeconds(text)).toBe(value)
    expect(formatSeconds(value)).toBe(text)
    expect(parseMilliseconds(text.replace('Z', '.000Z'))).toBe(value * 1000)
  })

  test('a text is a time where the calendar of the runtime gives it back', () => {
    const digit = fc.constantFrom(...'0123456789'.split(''))
    const pair = fc.oneof(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 31 })).map((n) => String(n).padStart(2, '0'))
    const year = fc.oneof(
      fc.integer({ min: 1960, max: 2110 }).map(String),
      fc.array(digit, { minLength: 4, maxLength: 4 }).map((d) => d.join('')),
    )
    const form = fc.tuple(year, pair, pair, pair, pair, pair)
    const text = form.map(([y, mo, d, h, mi, s]) => `${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
    const spoiled = fc
      .tuple(text, fc.nat(25), fc.string({ maxLength: 2 }))
      .map(([t, at, by]) => t.slice(0, at) + by + t.slice(at + by.length))
    fc.assert(
      fc.property(fc.oneof(text, spoiled, seconds.map(formatSeconds)), (one) => {
        const value = Date.parse(one) / 1000
        const isTime = value >= 0 && value <= MAX_SECONDS && new Date(value * 1000).toISOString() === one.replace('Z', '.000Z')
        expect(parseSeconds(one)).toBe(isTime ? value : undefined)
      }),
      { numRuns: 5_000 },
    )
  })

  const refused = [
    ...[
      '',
      '2026',
      '2026-11-22',
      '2026-11-22T08:31Z',
      '2026-11-22T08:31:07',
      '2026-11-22 08:31:07Z',
      '2026-11-22T08:31:07+00:00',
    ],
    ...['2026-11-22T08:31:07z', '2026-11-22t08:31:07Z', '2026-11-22T08:31:07.000Z', '2026-11-22T08:31:07.5Z', '20261122T083107Z'],
    ...['2026-02-29T00:00:00Z', '2026-02-30T00:00:00Z', '2100-02-29T00:00:00Z', '2026-04-31T00:00:00Z', '2026-13-01T00:00:00Z'],
    ...['2026-00-01T00:00:00Z', '2026-01-00T00:00:00Z', '2026-01-32T00:00:00Z', '2026-12-31T24:00:00Z', '2026-12-31T23:60:00Z'],
    ...['2026-12-31T23:59:60Z', '1969-12-31T23:59:59Z', '2106-02-07T06:28:16Z', '9999-12-31T23:59:59Z', '0000-01-01T00:00:00Z'],
    ...[
      '+002026-11-22T08:31:07Z',
      '-000001-11-22T08:31:07Z',
      ' 2026-11-22T08:31:07Z',
      '2026-11-22T08:31:07Z\n',
      '２026-11-22T08:31:07Z',
    ],
  ]
  test.each(refused)('%j is refused', (text) => {
    expect(parseSeconds(text)).toBeUndefined()
  })

  test.each([
    ...[
      '2026-11-22T08:31:07Z',
      '2026-11-22T08:31:07.1Z',
      '2026-11-22T08:31:07.1234Z',
      '2026-02-30T00:00:00.000Z',
      '1969-12-31T23:59:59.999Z',
    ],
    ...['2026-11-22T08:31:07.000z', '2026-11-22T24:00:00.000Z', '2106-02-07T06:28:16.000Z', '2026-11-22T08:31:07,000Z'],
  ])('%j is no acceptance time', (text) => {
    expect(parseMilliseconds(text)).toBeUndefined()
  })

  test('every second and millisecond has one text', () => {
    fc.assert(
      fc.property(seconds, fc.integer({ min: 0, max: 999 }), (value, rest) => {
        expect(parseSeconds(formatSeconds(value))).toBe(value)
        // The last second counts from its beginning.
        const milliseconds = value === MAX_SECONDS ? value * 1000 : value * 1000 + rest
        expect(parseMilliseconds(formatMilliseconds(milliseconds))).toBe(milliseconds)
        expect(wholeSeconds(milliseconds)).toBe(value)
      }),
    )
  })

  test('texts sort as times do', () => {
    fc.assert(fc.property(seconds, seconds, (a, b) => void expect(formatSeconds(a) < formatSeconds(b)).toBe(a < b)))
  })
})

describe('days and months', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0, 0],
    ['1970-01-01T23:59:59Z', 0, 0],
    ['1970-01-02T00:00:00Z', 1, 0],
    ['1970-01-31T23:59:59Z', 30, 0],
    ['1970-02-01T00:00:00Z', 31, 1],
    ['2026-02-28T23:59:59Z', 20_512, 673],
    ['2026-03-01T00:00:00Z', 20_513, 674],
    ['2028-02-29T12:00:00Z', 21_243, 697],
  ])('%s is of day %s and month %s', (text, day, month) => {
    expect([dayOf(parseSeconds(text)!), monthOf(parseSeconds(text)!)]).toEqual([day, month])
  })
})

/** Where the periods after a start begin. */
function starts(start: string, period: Period, count: number): string[] {
  return Array.from({ length: count }, (_, i) => formatSeconds(addPeriods(parseSeconds(start)!, period, i + 1)))
}

describe('periods keep the day of the first one, in UTC', () => {
  test.each<[string, Period, string[]]>([
    [
      '2026-01-31T09:30:15Z',
      'month',
      ['2026-02-28T09:30:15Z', '2026-03-31T09:30:15Z', '2026-04-30T09:30:15Z', '2026-05-31T09:30:15Z'],
    ],
    ['2028-01-31T00:00:00Z', 'month', ['2028-02-29T00:00:00Z', '2028-03-31T00:00:00Z']],
    ['2028-01-30T00:00:00Z', 'month', ['2028-02-29T00:00:00Z', '2028-03-30T00:00:00Z']],
    ['2026-01-28T00:00:00Z', 'month', ['2026-02-28T00:00:00Z', '2026-03-28T00:00:00Z']],
    ['2026-02-28T23:59:59Z', 'month', ['2026-03-28T23:59:59Z', '2026-04-28T23:59:59Z']],
    [
      '2026-11-30T00:00:00Z',
      'month',
      ['2026-12-30T00:00:00Z', '2027-01-30T00:00:00Z', '2027-02-28T00:00:00Z', '2027-03-30T00:00:00Z'],
    ],
    ['2099-12-31T00:00:00Z', 'month', ['2100-01-31T00:00:00Z', '2100-02-28T00:00:00Z']],
    ['2026-11-30T00:00:00Z', 'quarter', ['2027-02-28T00:00:00Z', '2027-05-30T00:00:00Z', '2027-08-30T00:00:00Z']],
    ['2027-11-30T00:00:00Z', 'quarter', ['2028-02-29T00:00:00Z', '2028-05-30T00:00:00Z']],
    [
      '2028-02-29T00:00:00Z',
      'year',
      ['2029-02-28T00:00:00Z', '2030-02-28T00:00:00Z', '2031-02-28T00:00:00Z', '2032-02-29T00:00:00Z'],
    ],
    ['2026-06-15T00:00:00Z', 'year', ['2027-06-15T00:00:00Z', '2028-06-15T00:00:00Z']],
    ['2026-12-28T00:00:00Z', 'week', ['2027-01-04T00:00:00Z', '2027-01-11T00:00:00Z']],
    ['2028-02-25T12:00:00Z', 'week', ['2028-03-03T12:00:00Z', '2028-03-10T12:00:00Z']],
  ])('from %s by the %s', (start, period, expected) => {
    expect(starts(start, period, expected.length)).toEqual(expected)
  })

  test('none at all is the start itself', () => {
    fc.assert(
      fc.property(seconds, fc.constantFrom(...PERIODS), (anchor, period) => {
        expect(addPeriods(anchor, period, 0)).toBe(anchor)
      }),
    )
  })

  test('each begins after the one before, at the same time of day, on the same day of the month or its last', () => {
    fc.assert(
      fc.property(seconds, fc.constantFrom(...PERIODS), fc.nat(200), (anchor, period, count) => {
        const start = addPeriods(anchor, period, count)
        const next = addPeriods(anchor, period, count + 1)
        expect(next).toBeGreaterThan(start)
        expect(next % 86_400).toBe(anchor % 86_400)
        if (period === 'week') {
          expect(next - start).toBe(7 * 86_400)
          return
        }
        const [first, last] = [new Date(anchor * 1000), new Date(next * 1000)]
        const months = { month: 1, quarter: 3, year: 12 }[period] * (count + 1)
        expect(monthOf(next) - monthOf(anchor)).toBe(months)
        const dayAfter = new Date((next + 86_400) * 1000)
        const isLastDay = dayAfter.getUTCDate() === 1
        const day = last.getUTCDate()
        expect(day === first.getUTCDate() || (isLastDay && day < first.getUTCDate())).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test('their ends are counted back to the first one', () => {
    fc.assert(
      fc.property(seconds, fc.constantFrom(...PERIODS), fc.nat(200), (anchor, period, count) => {
        expect(countPeriods(anchor, period, addPeriods(anchor, period, count))).toBe(count)
      }),
      { numRuns: 1_000 },
    )
  })

  test('what is no end of a period is a bug', () => {
    const anchor = parseSeconds('2026-01-31T00:00:00Z')!
    for (const end of ['2026-02-27T00:00:00Z', '2026-02-28T00:00:01Z', '2026-03-28T00:00:00Z']) {
      expect(() => countPeriods(anchor, 'month', parseSeconds(end)!)).toThrow(InvariantError)
    }
    expect(() => countPeriods(anchor, 'week', anchor + 1)).toThrow(InvariantError)
    expect(() => countPeriods(anchor, 'quarter', parseSeconds('2026-02-28T00:00:00Z')!)).toThrow(InvariantError)
  })

  test.each([-1, 0.5, Number.NaN])('%s periods are a bug', (count) => {
    expect(() => addPeriods(0, 'month', count)).toThrow(InvariantError)
  })
})
