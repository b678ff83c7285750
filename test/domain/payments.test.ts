/**
 * What must hold of payments and refunds for ever, over histories that nobody wrote down: the fee is exact however payments are
 * split, and what is given back in parts is what was paid.
 */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../../core/domain/canonical.ts'
import { formatMicros } from '../../core/domain/money.ts'
import type { Payment } from '../../core/domain/outcome.ts'
import * as state from '../../core/domain/state.ts'
import { type Play, playScene } from './play.ts'

const FEE_BPS = 1500n

/** A payment made, and what was given back of it. */
interface Sale {
  readonly entry: number
  readonly seller: string
  readonly payment: Payment
  refunded: bigint
}

/** A marketplace in which Ada and Bob sell datasets at any price, and Carol buys them. */
class Market {
  readonly play: Play = playScene('given/market')
  readonly sales: Sale[] = []
  #references = 0

  sell(seller: string, price: bigint): Sale {
    const { created } = this.#act(seller, 'listing.publish', this.play.body(`DATA + {"purchase":"${formatMicros(price)}"}`))
    const entry = this.play.world.size
    const body = { listing: created!, terms: 1, price: formatMicros(price) }
    const { payment } = this.#act('carol', 'dataset.purchase', body)
    const sale = { entry, seller, payment: payment!, refunded: 0n }
    this.sales.push(sale)
    return sale
  }

  refund(sale: Sale, amount: bigint): void {
    this.#act('operator', 'credit.refund', { entry: sale.entry, amount: formatMicros(amount), reason: 'asked for' })
    sale.refunded += amount
  }

  grant(amount: bigint, seconds: number): void {
    const expiresAt = new Date(this.play.world.time + seconds * 1000).toISOString().replace('.000Z', 'Z')
    const reference = `grant ${this.#references++}`
    const body = { account: this.#account('carol'), amount: formatMicros(amount), expiresAt, reason: 'trial' }
    this.#act('operator', 'credit.grant', { ...body, provider: 'campaign', reference })
  }

  of(person: string): state.Account {
    return this.play.world.get(state.accounts.at(this.#account(person)))!
  }

  get fees(): bigint {
    return this.play.world.get(state.treasury)!.feesMicros
  }

  lots(): readonly state.Lot[] {
    return this.play.world.get(state.wallets.at(this.#account('carol')))?.lots ?? []
  }

  #account(person: string): string {
    return this.play.account(person)
  }

  #act(person: string, type: string, body: Json) {
    const result = this.play.world.act(this.#account(person), type, body)
    if (result.status === 'refused') throw new Error(result.message)
    return result.outcome
  }
}

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)
const feeBack = ({ payment: { grossMicros, feeMicros }, refunded }: Sale) => (feeMicros * refunded) / grossMicros

/** Mostly dust, where rounding shows. */
const price = fc.oneof(fc.bigInt({ min: 1n, max: 40n }), fc.bigInt({ min: 1n, max: 900_000n }))

type Step = (market: Market) => void

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('ada', 'bob'), price).map(
      ([s, p]): Step =>
        (market) =>
          void market.sell(s, p),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(), fc.bigInt({ min: 1n, max: 1_000_000n })).map(
      ([at, wanted]): Step =>
        (market) => {
          const open = market.sales.filter(({ payment, refunded }) => refunded < payment.grossMicros)
          const sale = open[at % Math.max(1, open.length)]
          if (sale === undefined) return
          const left = sale.payment.grossMicros - sale.refunded
          market.refund(sale, wanted < left ? wanted : left)
        },
    ),
  },
)

describe('over any run of payments and refunds', () => {
  test('the fee of each creator is 15 percent of all that was paid to it, and what came back is what was recorded', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const market = new Market()
        const before = market.of('carol').walletMicros
        for (const take of steps) take(market)
        for (const seller of ['ada', 'bob']) {
          const sales = market.sales.filter((sale) => sale.seller === seller)
          const gross = sum(sales.map(({ payment }) => payment.grossMicros))
          const fees = sum(sales.map(({ payment }) => payment.feeMicros))
          expect(fees).toBe((gross * FEE_BPS) / 10_000n)
          expect(BigInt(market.of(seller).carry)).toBe((gross * FEE_BPS) % 10_000n)
          const back = sum(sales.map((sale) => sale.refunded - feeBack(sale)))
          expect(market.of(seller).earningsMicros).toBe(gross - fees - back)
        }
        expect(market.fees).toBe(sum(market.sales.map((sale) => sale.payment.feeMicros - feeBack(sale))))
        const kept = sum(market.sales.map(({ payment, refunded }) => payment.grossMicros - refunded))
        expect(market.of('carol').walletMicros).toBe(before - kept)
      }),
      { numRuns: 60 },
    )
  })
})

describe('refunds in any parts', () => {
  const weights = fc.array(fc.bigInt({ min: 1n, max: 1_000n }), { minLength: 1, maxLength: 8 })
  const grants = fc.array(fc.tuple(price, fc.integer({ min: 1, max: 90 })), { maxLength: 4 })

  test('give back exactly the payment and its fee, and every grant to its own lot', () => {
    fc.assert(
      fc.property(grants, fc.array(price, { maxLength: 3 }), price, weights, (lots, earlier, gross, parts) => {
        const market = new Market()
        for (const [amount, seconds] of lots) market.grant(amount, seconds)
        for (const amount of earlier) market.sell('ada', amount)
        const books = () => ({
          wallet: market.of('carol').walletMicros,
          fees: market.fees,
          earned: market.of('ada').earningsMicros,
        })
        const before = books()
        const lotsBefore = market.lots()
        const sale = market.sell('ada', gross)
        const { feeMicros } = sale.payment
        const whole = sum(parts)
        for (const end of parts.map((_, i) => sum(parts.slice(0, i + 1)))) {
          const part = (gross * end) / whole - sale.refunded
          if (part === 0n) continue
          market.refund(sale, part)
          expect(market.fees).toBe(before.fees + feeMicros - feeBack(sale))
        }
        expect(sale.refunded).toBe(gross)
        expect(books()).toEqual(before)
        expect(market.lots()).toEqual(lotsBefore)
      }),
      { numRuns: 60 },
    )
  })
})
