/**
 * Any sequence of holds opened, captured, released and left to expire, by several payers, told beside a few lines that know no
 * more than amounts and ends: what is held is the sum of the open holds, and nobody ever spends what he has not.
 */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { settledPurse } from '../../core/domain/credits.ts'
import { formatMicros, micros } from '../../core/domain/money.ts'
import { accounts, wallets } from '../../core/domain/state.ts'
import type { RowKey } from '../../core/domain/table.ts'
import { formatSeconds } from '../../core/domain/time.ts'
import { playScene } from './play.ts'

const PAYERS = ['bob', 'carol', 'dora'] as const
/** A request costs 0.0001 credits. */
const REQUEST_MICROS = 100n
const CREDITS = { bob: 100_000_000n, carol: 100_000_000n, dora: 0n }

type Step =
  | { readonly do: 'open'; readonly payer: (typeof PAYERS)[number]; readonly amountMicros: bigint; readonly seconds: number }
  | { readonly do: 'capture'; readonly hold: number; readonly requests: number }
  | { readonly do: 'release'; readonly hold: number }
  | { readonly do: 'wait'; readonly seconds: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('open' as const),
    payer: fc.constantFrom(...PAYERS),
    amountMicros: fc.oneof(fc.bigInt({ min: 1n, max: 1_000n }), fc.bigInt({ min: 1n, max: 70_000_000n })),
    seconds: fc.integer({ min: 1, max: 7_200 }),
  }),
  fc.record({ do: fc.constant('capture' as const), hold: fc.nat(), requests: fc.nat(800_000) }),
  fc.record({ do: fc.constant('release' as const), hold: fc.nat() }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.nat(3_600) }),
)

interface Known {
  readonly id: string
  readonly payer: (typeof PAYERS)[number]
  readonly amountMicros: bigint
  readonly endsAt: number
  isClosed: boolean
}

/** What the payers have, told in the simplest way. */
class Told {
  readonly play = playScene('given/market')
  readonly listing = this.play.thing('open')
  readonly credits = { ...CREDITS }
  readonly holds: Known[] = []

  get now(): number {
    return Math.floor(this.play.world.time / 1000)
  }

  heldBy(payer: string): bigint {
    const open = this.holds.filter((hold) => hold.payer === payer && !hold.isClosed && this.now < hold.endsAt)
    return open.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
  }

  /** Does a step; the code of its refusal, or `accepted`, as the machine says and as it should be. */
  take(one: Step): { readonly is: string; readonly ought: string } {
    switch (one.do) {
      case 'wait':
        this.play.world.time += one.seconds * 1000
        return { is: 'accepted', ought: 'accepted' }
      case 'open':
        return this.open(one)
      default:
        return this.holds.length === 0 ? { is: '', ought: '' } : this.close(one, this.holds[one.hold % this.holds.length]!)
    }
  }

  open({ payer, amountMicros, seconds }: Extract<Step, { do: 'open' }>) {
    const ought = amountMicros <= this.credits[payer] - this.heldBy(payer) ? 'accepted' : 'exceeds_credits'
    const endsAt = this.now + seconds
    const amount = formatMicros(amountMicros)
    const body = { listing: this.listing, terms: 1, amount, expiresAt: formatSeconds(endsAt) }
    const result = this.play.world.act(this.play.account(payer), 'hold.open', body)
    if (result.status === 'refused') return { is: result.code, ought }
    this.holds.push({ id: result.outcome.created!, payer, amountMicros, endsAt, isClosed: false })
    return { is: 'accepted', ought }
  }

  close(one: Extract<Step, { do: 'capture' | 'release' }>, hold: Known) {
    const isOver = this.now >= hold.endsAt
    const expired = one.do === 'capture' ? 'expired_hold' : 'not_open'
    const ought = hold.isClosed ? 'not_open' : isOver ? expired : 'accepted'
    const requests = one.do === 'capture' ? one.requests : 0
    const usage = { requests, inputTokens: 0, outputTokens: 0, milliseconds: 0 }
    const body = one.do === 'capture' ? { hold: hold.id, usage, reference: 'r' } : { hold: hold.id }
    const result = this.play.world.act(this.play.account('ada'), `hold.${one.do}`, body)
    if (result.status === 'refused') return { is: result.code, ought }
    const costMicros = REQUEST_MICROS * BigInt(requests)
    const grossMicros = costMicros < hold.amountMicros ? costMicros : hold.amountMicros
    expect(result.outcome.payment?.grossMicros ?? 0n).toBe(grossMicros)
    hold.isClosed = true
    this.credits[hold.payer] -= grossMicros
    return { is: 'accepted', ought }
  }

  /** What the rows say, as they stand and as if everything were settled that time alone decides. */
  check(): void {
    const { world } = this.play
    const need = <Row>(key: RowKey<Row>) => world.get(key)!
    for (const payer of PAYERS) {
      const account = this.play.account(payer)
      const { walletMicros, heldMicros } = need(accounts.at(account))
      const aside = world.get(wallets.at(account))?.holds ?? []
      expect(heldMicros).toBe(aside.reduce((sum, { amountMicros }) => sum + amountMicros, 0n))
      expect(walletMicros >= 0n && heldMicros >= 0n).toBe(true)
      const purse = settledPurse({ get: (key) => world.get(key), need, time: this.now }, account)
      expect(purse.heldMicros).toBe(micros(this.heldBy(payer)))
      expect(purse.walletMicros).toBe(micros(this.credits[payer] - this.heldBy(payer)))
    }
  }
}

test('what is held is the sum of the open holds, whatever the payers and their meter do', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      const told = new Told()
      for (const one of steps) {
        const { is, ought } = told.take(one)
        expect(is).toBe(ought)
        told.check()
      }
    }),
    { numRuns: 150 },
  )
})
