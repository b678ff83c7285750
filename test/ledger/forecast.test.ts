/** How long credits last: at a pace, with grants that expire and renewals on the way, against a count second by second. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { micros } from '../../core/domain/money.ts'
import { addPeriods, DAY_SECONDS, type Period } from '../../core/domain/time.ts'
import { type Credits, forecast, HORIZON_SECONDS, type Pace, type Renewing } from '../../core/ledger/forecast.ts'

const NOW = Date.UTC(2026, 0, 15) / 1000
const NO_PACE: Pace = { micros: 0n, seconds: DAY_SECONDS }

const lot = (remaining: bigint, expiresAt: number) => ({ remainingMicros: micros(remaining), expiresAt })
const monthly = (priceMicros: bigint, at: number): Renewing => ({ priceMicros, period: 'month', at })

describe('credits last', () => {
  it('as long as the pace says, to the second', () => {
    const daily: Pace = { micros: 86_400n, seconds: DAY_SECONDS }
    expect(forecast(NOW, { paidMicros: 100n, lots: [] }, daily, [])).toMatchObject({ until: NOW + 100 })
    expect(forecast(NOW, { paidMicros: 0n, lots: [] }, daily, [])).toMatchObject({ until: NOW })
  })

  it('beyond the horizon where little or nothing is spent', () => {
    expect(forecast(NOW, { paidMicros: 0n, lots: [] }, NO_PACE, [])).toEqual({ renewedMicros: 0n, lostMicros: [] })
    const slow: Pace = { micros: 1n, seconds: DAY_SECONDS }
    expect(forecast(NOW, { paidMicros: 366n, lots: [] }, slow, []).until).toBeUndefined()
    expect(forecast(NOW, { paidMicros: 365n, lots: [] }, slow, []).until).toBe(NOW + HORIZON_SECONDS - 1)
  })

  it('until a renewal that they do not suffice for, which is named', () => {
    const due = monthly(10n, NOW + DAY_SECONDS)
    const found = forecast(NOW, { paidMicros: 25n, lots: [] }, NO_PACE, [due])
    expect(found).toEqual({ until: addPeriods(due.at, 'month', 2), unpaid: due, renewedMicros: 20n, lostMicros: [] })
  })

  it('less where a grant expires before it is burnt, which is told', () => {
    const daily: Pace = { micros: 10n, seconds: DAY_SECONDS }
    const lots = [lot(100n, NOW + 4 * DAY_SECONDS), lot(30n, NOW + 6 * DAY_SECONDS)]
    const found = forecast(NOW, { paidMicros: 10n, lots }, daily, [])
    expect(found).toMatchObject({ lostMicros: [60n, 10n] })
    expect(Math.floor((found.until! - NOW) / DAY_SECONDS)).toBe(7)
  })

  it('not beyond a renewal that is due now', () => {
    const due = monthly(5n, NOW)
    expect(forecast(NOW, { paidMicros: 4n, lots: [] }, NO_PACE, [due])).toMatchObject({ until: NOW, unpaid: due })
  })
})

/** The same, one second after another, for paces that spend whole microcredits each second. */
function counted({ paidMicros, lots }: Credits, eachSecond: bigint, renewing: readonly Renewing[], seconds: number) {
  const left = [...lots.map(({ remainingMicros }): bigint => remainingMicros), paidMicros]
  const lost = lots.map(() => 0n)
  const take = (wanted: bigint): boolean => {
    if (left.reduce((sum, one) => sum + one, 0n) < wanted) return false
    let missing = wanted
    left.forEach((one, at) => {
      const part = one < missing ? one : missing
      left[at] = one - part
      missing -= part
    })
    return true
  }
  const next = renewing.map(({ at }) => ({ at, count: 0 }))
  for (let second = 0; second <= seconds; second++) {
    const time = NOW + second
    if (second > 0 && !take(eachSecond)) return { until: time - 1, lost }
    lots.forEach(({ expiresAt }, at) => {
      if (expiresAt !== time) return
      lost[at] = left[at]!
      left[at] = 0n
    })
    for (const [at, due] of renewing.entries()) {
      if (next[at]!.at !== time) continue
      if (!take(due.priceMicros)) return { until: time, lost }
      next[at] = { at: addPeriods(due.at, due.period, next[at]!.count + 1), count: next[at]!.count + 1 }
    }
  }
  return { until: undefined, lost }
}

describe('whatever there is and whatever is due', () => {
  const soon = fc.integer({ min: 1, max: 500 }).map((seconds) => NOW + seconds)
  const amount = (max: number) => fc.integer({ min: 0, max }).map(BigInt)
  const lots = fc
    .uniqueArray(soon, { maxLength: 4 })
    .chain((times) =>
      fc.tuple(...times.sort((a, b) => a - b).map((expiresAt) => amount(300).map((remaining) => lot(remaining, expiresAt)))),
    )
  const period = fc.constantFrom<Period>('week', 'month')
  const renewing = fc.array(fc.record({ priceMicros: amount(200), period, at: soon }), { maxLength: 4 })

  it('counting it out second by second comes to the same', () => {
    fc.assert(
      fc.property(amount(2_000), lots, amount(4), renewing, (paidMicros, some, eachSecond, due) => {
        const found = forecast(NOW, { paidMicros, lots: some }, { micros: eachSecond, seconds: 1 }, due)
        const expected = counted({ paidMicros, lots: some }, eachSecond, due, 600)
        if (expected.until === undefined) expect(found.until ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(NOW + 600)
        else expect(found.until).toBe(expected.until)
        expect(found.lostMicros).toEqual(expected.lost)
      }),
    )
  })

  it('more credits never last shorter', () => {
    fc.assert(
      fc.property(amount(2_000), amount(500), lots, amount(4), renewing, (paidMicros, more, some, perSecond, due) => {
        const pace = { micros: perSecond, seconds: 7 }
        const until = (paid: bigint) =>
          forecast(NOW, { paidMicros: paid, lots: some }, pace, due).until ?? Number.POSITIVE_INFINITY
        expect(until(paidMicros + more)).toBeGreaterThanOrEqual(until(paidMicros))
      }),
    )
  })
})
