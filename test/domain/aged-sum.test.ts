/** Money that ages, against a naive list in which every microcredit knows from when it may be taken. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matured, withNew, withoutAvailable, withoutNewest, withReturned } from '../../core/domain/aged-sum.ts'
import { micros } from '../../core/domain/money.ts'
import type { AgedSum } from '../../core/domain/state.ts'
import { DAY_SECONDS } from '../../core/domain/time.ts'

/** One microcredit: the day on which it came, and the moment from which it may be taken. */
interface Coin {
  readonly day: number
  readonly from: number
}

/** The sum under test, and its single microcredits. */
class Both {
  row: AgedSum | undefined
  time = 20_000 * DAY_SECONDS
  #coins: Coin[] = []

  pass(seconds: number): void {
    this.time += seconds
  }

  add(count: number, holdDays: number): void {
    this.row = withNew(this.row, micros(BigInt(count)), this.time, holdDays)
    const day = Math.floor(this.time / DAY_SECONDS)
    // Midnight after the day, then the days of the holding period.
    this.#put(count, { day, from: (day + 1) * DAY_SECONDS + holdDays * DAY_SECONDS })
  }

  comeBack(count: number): void {
    this.row = withReturned(this.row, micros(BigInt(count)), this.time)
    this.#put(count, { day: 0, from: 0 })
  }

  take(wanted: number): void {
    const available = this.#coins.filter(({ from }) => from <= this.time)
    const taken = available.slice(0, wanted)
    this.row = withoutAvailable(this.row, micros(BigInt(taken.length)), this.time)
    const tooMuch = micros(BigInt(available.length - taken.length + 1))
    expect(() => withoutAvailable(this.row, tooMuch, this.time)).toThrow('available')
    this.#remove(taken)
  }

  takeBack(wanted: number): void {
    const { row, missingMicros } = withoutNewest(this.row, micros(BigInt(wanted)), this.time)
    this.row = row
    const isWaiting = ({ from }: Coin) => from > this.time
    const newest = this.#coins.filter(isWaiting).sort((a, b) => b.day - a.day || b.from - a.from)
    const taken = [...newest, ...this.#coins.filter((coin) => !isWaiting(coin))].slice(0, wanted)
    expect(missingMicros).toBe(BigInt(wanted - taken.length))
    this.#remove(taken)
  }

  check(): void {
    const { availableMicros, days } = matured(this.row, this.time)
    const waiting = this.#coins.filter(({ from }) => from > this.time)
    expect(availableMicros).toBe(BigInt(this.#coins.length - waiting.length))
    const sums = new Map<string, number>()
    for (const { day, from } of waiting) sums.set(`${day} ${from}`, (sums.get(`${day} ${from}`) ?? 0) + 1)
    const kept = days.map(({ day, availableFrom, amountMicros }) => [`${day} ${availableFrom}`, Number(amountMicros)] as const)
    expect(new Map(kept.filter(([, count]) => count > 0))).toEqual(sums)
    expect(new Set(kept.map(([name]) => name)).size).toBe(kept.length)
    expect(days).toEqual([...days].sort((a, b) => a.availableFrom - b.availableFrom || a.day - b.day))
  }

  #put(count: number, coin: Coin): void {
    this.#coins.push(...Array.from({ length: count }, () => ({ ...coin })))
  }

  #remove(coins: readonly Coin[]): void {
    this.#coins = this.#coins.filter((coin) => !coins.includes(coin))
  }
}

const amount = fc.nat(9)

const step: fc.Arbitrary<(both: Both) => void> = fc.oneof(
  fc.oneof(fc.nat(3 * DAY_SECONDS), fc.nat(3600)).map((seconds) => (both: Both) => both.pass(seconds)),
  fc.tuple(amount, fc.nat(4)).map(
    ([n, days]) =>
      (both: Both) =>
        both.add(n, days),
  ),
  amount.map((n) => (both: Both) => both.comeBack(n)),
  amount.map((n) => (both: Both) => both.take(n)),
  amount.map((n) => (both: Both) => both.takeBack(n)),
)

describe('a sum by days', () => {
  test('is what a list of single microcredits would be, after any history', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const both = new Both()
        for (const go of steps) {
          go(both)
          both.check()
        }
      }),
      { numRuns: 300 },
    )
  })

  test('has as many days as a holding period has at most, and one', () => {
    let row: AgedSum | undefined
    for (let day = 0; day < 400; day++) {
      row = withNew(row, micros(1n), day * DAY_SECONDS, 90)
      expect(row.days.length).toBeLessThanOrEqual(91)
    }
    expect(row!.days).toHaveLength(91)
    expect(row!.availableMicros).toBe(309n)
  })
})
