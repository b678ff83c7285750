/**
 * Wallets against a naive one, in which every microcredit is a thing of its own that lies in one place. Whatever happens, in
 * whatever order: the same wallet, the same promotions, and no lot ever mixed up with another.
 */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, micros, ZERO } from '../../core/domain/money.ts'
import type { Purse } from '../../core/domain/purse.ts'
import * as purses from '../../core/domain/purse.ts'
import type { Lot, Slice } from '../../core/domain/state.ts'

/** One microcredit: of a grant's lot, or paid. */
interface Coin {
  readonly lot?: Lot
}

interface Kept {
  readonly id: string
  readonly kind: 'holds' | 'reserves'
  readonly endsAt: number
  /** In the order in which they burned. */
  coins: Coin[]
}

const paid = (count: number): Coin[] => Array.from({ length: count }, () => ({}))

/** What the coins are, as slices: neighbours of one lot together. */
function slicesOf(coins: readonly Coin[]): Slice[] {
  const slices: Slice[] = []
  for (const { lot } of coins) {
    const last = slices.at(-1)
    if (last !== undefined && last.entry === lot?.entry)
      slices[slices.length - 1] = { ...last, amountMicros: add(last.amountMicros, 1n) }
    else slices.push({ ...(lot && { entry: lot.entry }), amountMicros: micros(1n) })
  }
  return slices
}

/** Where each single microcredit of the slices is from. */
function entriesOf(slices: readonly Slice[]): (number | undefined)[] {
  return slices.flatMap(({ entry, amountMicros }) => new Array<number | undefined>(Number(amountMicros)).fill(entry))
}

/** The purse under test and the naive one, led through the same history. */
class Both {
  purse: Purse = { wallet: purses.EMPTY_WALLET, walletMicros: ZERO, heldMicros: ZERO, owedMicros: ZERO, lapsedMicros: ZERO }
  time = 1_000
  readonly payments: Coin[][] = []
  #wallet: Coin[] = []
  #kept: Kept[] = []
  #owed = 0
  #lapsed = 0
  #lots: Lot[] = []
  #entry = 0

  pass(seconds: number): void {
    this.time += seconds
  }

  topUp(count: number): void {
    this.#settle()
    this.purse = purses.refill(this.purse, [{ amountMicros: micros(BigInt(count)) }], this.time)
    for (const coin of paid(count)) this.#comeBack(coin)
  }

  grant(count: number, seconds: number): void {
    this.#settle()
    const entry = ++this.#entry
    const lot = { entry, grant: `grt_${entry}`, expiresAt: this.time + seconds, remainingMicros: micros(BigInt(count)) }
    this.#lots.push(lot)
    this.purse = purses.withLot(this.purse, lot, this.time)
    for (let i = 0; i < count; i++) this.#comeBack({ lot })
  }

  /** Owed without a movement of the wallet, as after a refund that a creator's earnings do not cover. */
  owe(count: number): void {
    this.purse = { ...this.purse, owedMicros: add(this.purse.owedMicros, BigInt(count)) }
    this.#owed += count
  }

  spend(wanted: number): void {
    this.#settle()
    const count = Math.min(wanted, this.#wallet.length)
    const { purse, slices } = purses.burn(this.purse, micros(BigInt(count)))
    this.purse = purse
    this.#expectPaid(slices, this.#burn(count))
  }

  setAside(kind: Kept['kind'], wanted: number, seconds: number): void {
    this.#settle()
    const count = Math.min(wanted, this.#wallet.length)
    if (count === 0) return
    const kept = { id: `${kind} ${++this.#entry}`, kind, endsAt: this.time + seconds }
    this.purse = purses.setAside(this.purse, kind, { ...kept, amountMicros: micros(BigInt(count)) })
    this.#kept.push({ ...kept, coins: this.#burn(count) })
  }

  /** A capture where something is taken, else a release; of an ended reservation that was not settled yet too. */
  release(at: number, wanted: number): void {
    const kept = this.#kept[at % Math.max(1, this.#kept.length)]
    if (kept === undefined) return
    const count = Math.min(wanted, kept.coins.length)
    const { purse, taken } = purses.release(this.purse, kept.kind, kept.id, micros(BigInt(count)), this.time)
    this.purse = purse
    this.#kept = this.#kept.filter((one) => one !== kept)
    this.#expectPaid(taken, kept.coins.slice(0, count))
    if (count === kept.coins.length) return
    this.#settleNaive()
    for (const coin of kept.coins.slice(count)) this.#comeBack(coin)
  }

  draw(at: number, wanted: number): void {
    const kept = this.#kept[at % Math.max(1, this.#kept.length)]
    if (kept === undefined) return
    const count = Math.min(wanted, kept.coins.length)
    const { purse, taken } = purses.draw(this.purse, kept.kind, kept.id, micros(BigInt(count)))
    this.purse = purse
    this.#expectPaid(taken, kept.coins.slice(0, count))
    kept.coins = kept.coins.slice(count)
    if (kept.coins.length === 0) this.#kept = this.#kept.filter((one) => one !== kept)
  }

  /** A call that the wallet pays as far as it reaches, and a reserve for the rest, in one payment. */
  charge(at: number, wanted: number): void {
    const before = this.payments.length
    this.spend(Math.ceil(wanted / 2))
    this.draw(at, wanted)
    const parts = this.payments.splice(before)
    this.#remember(parts.flatMap(slicesOf), parts.flat())
  }

  /** Gives a part of a payment back: what burned last comes first. */
  refund(at: number, wanted: number): void {
    const payment = this.payments[at % Math.max(1, this.payments.length)]
    if (payment === undefined || payment.length === 0) return
    const back = payment.splice(Math.max(0, payment.length - wanted)).reverse()
    this.#settle()
    this.purse = purses.refill(this.purse, slicesOf(back), this.time)
    for (const coin of back) this.#comeBack(coin)
  }

  check(): void {
    const { wallet, walletMicros, heldMicros, owedMicros, lapsedMicros } = this.purse
    expect({ walletMicros, heldMicros, owedMicros, lapsedMicros }).toEqual({
      walletMicros: BigInt(this.#wallet.length),
      heldMicros: BigInt(this.#kept.reduce((sum, { coins }) => sum + coins.length, 0)),
      owedMicros: BigInt(this.#owed),
      lapsedMicros: BigInt(this.#lapsed),
    })
    expect(purses.paidIn(this.purse)).toBe(BigInt(this.#wallet.filter(({ lot }) => lot === undefined).length))
    const remaining = this.#lots.map((lot) => ({
      ...lot,
      remainingMicros: BigInt(this.#wallet.filter((coin) => coin.lot === lot).length),
    }))
    const inOrder = remaining.sort((a, b) => a.expiresAt - b.expiresAt || a.entry - b.entry)
    expect(wallet.lots).toEqual(inOrder)
    for (const kind of ['holds', 'reserves'] as const) {
      const kept = wallet[kind].map(({ id, endsAt, amountMicros, grants }) => ({
        ...{ id, kind, endsAt },
        slices: purses.slicesOf(amountMicros, grants),
      }))
      const expected = this.#kept
        .filter((one) => one.kind === kind)
        .map(({ coins, ...one }) => ({ ...one, slices: slicesOf(coins) }))
      expect(kept).toEqual(expected)
    }
  }

  #settle(): void {
    this.purse = purses.settle(this.purse, this.time)
    this.#settleNaive()
  }

  #settleNaive(): void {
    const isOver = ({ endsAt }: Kept) => endsAt <= this.time
    const over = this.#kept.filter(isOver)
    this.#kept = this.#kept.filter((one) => !isOver(one))
    for (const kind of ['holds', 'reserves'] as const) {
      for (const { coins } of over.filter((one) => one.kind === kind)) for (const coin of coins) this.#comeBack(coin)
    }
    const isExpired = ({ lot }: Coin) => lot !== undefined && lot.expiresAt <= this.time
    this.#lapsed += this.#wallet.filter(isExpired).length
    this.#wallet = this.#wallet.filter((coin) => !isExpired(coin))
    this.#lots = this.#lots.filter(({ expiresAt }) => expiresAt > this.time)
  }

  #comeBack(coin: Coin): void {
    if (coin.lot !== undefined && coin.lot.expiresAt <= this.time) this.#lapsed += 1
    else if (this.#owed > 0) this.#owed -= 1
    else this.#wallet.push(coin)
  }

  #burn(count: number): Coin[] {
    const end = ({ lot }: Coin) => lot?.expiresAt ?? Number.POSITIVE_INFINITY
    const order = (a: Coin, b: Coin) => (end(a) === end(b) ? (a.lot?.entry ?? 0) - (b.lot?.entry ?? 0) : end(a) - end(b))
    this.#wallet.sort(order)
    return this.#wallet.splice(0, count)
  }

  #expectPaid(slices: readonly Slice[], coins: Coin[]): void {
    expect(slices).toEqual(slicesOf(coins))
    this.#remember(slices, coins)
  }

  /** What is remembered of a payment is enough to know all of it. */
  #remember(slices: readonly Slice[], coins: readonly Coin[]): void {
    const wholeMicros = micros(BigInt(coins.length))
    expect(entriesOf(purses.slicesOf(wholeMicros, purses.toRemember(slices)))).toEqual(entriesOf(slicesOf(coins)))
    this.payments.push([...coins])
  }
}

const amount = fc.integer({ min: 1, max: 12 })
const seconds = fc.integer({ min: 1, max: 30 })
/** A grant lives longer than what is set aside, so that more of it comes back to its lot. */
const life = fc.integer({ min: 1, max: 90 })
const place = fc.nat(30)
const kind = fc.constantFrom('holds', 'reserves')

type Step = (both: Both) => void

const step: fc.Arbitrary<Step> = fc.oneof(
  seconds.map(
    (s): Step =>
      (both) =>
        both.pass(s),
  ),
  amount.map(
    (n): Step =>
      (both) =>
        both.topUp(n),
  ),
  fc.tuple(amount, life).map(
    ([n, s]): Step =>
      (both) =>
        both.grant(n, s),
  ),
  amount.map(
    (n): Step =>
      (both) =>
        both.owe(n),
  ),
  amount.map(
    (n): Step =>
      (both) =>
        both.spend(n),
  ),
  fc.tuple(kind, amount, seconds).map(
    ([k, n, s]): Step =>
      (both) =>
        both.setAside(k, n, s),
  ),
  fc.tuple(place, fc.nat(12)).map(
    ([at, n]): Step =>
      (both) =>
        both.release(at, n),
  ),
  fc.tuple(place, amount).map(
    ([at, n]): Step =>
      (both) =>
        both.draw(at, n),
  ),
  fc.tuple(place, amount).map(
    ([at, n]): Step =>
      (both) =>
        both.charge(at, n),
  ),
  fc.tuple(place, amount).map(
    ([at, n]): Step =>
      (both) =>
        both.refund(at, n),
  ),
)

describe('a wallet', () => {
  test('is what a list of single microcredits would be, after any history', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
        const both = new Both()
        for (const take of steps) {
          take(both)
          both.check()
        }
      }),
      { numRuns: 600 },
    )
  })

  test('gets back holds before reserves, which tells where there is a debt', () => {
    const both = new Both()
    both.grant(5, 90)
    both.setAside('reserves', 5, 10)
    both.topUp(5)
    both.setAside('holds', 5, 10)
    both.owe(5)
    both.pass(10)
    both.topUp(1)
    both.check()
    // The paid credits of the hold covered the debt; those of the grant are in their lot again.
    expect(both.purse).toMatchObject({ walletMicros: 6n, owedMicros: 0n, wallet: { lots: [{ remainingMicros: 5n }] } })
  })

  test('that is settled is settled', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), seconds, (steps, later) => {
        const both = new Both()
        for (const take of steps) take(both)
        const settled = purses.settle(both.purse, both.time + later)
        expect(purses.settle(settled, both.time + later)).toBe(settled)
      }),
    )
  })
})
