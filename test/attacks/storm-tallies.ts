/** What people have spent, got back and may still claim, counted from the outcomes alone, and held against what they signed. */

import { assert } from '../../core/base/assert.ts'
import type { Outcome } from '../../core/domain/outcome.ts'
import * as state from '../../core/domain/state.ts'
import type { Signatory } from '../../core/domain/view.ts'
import type { World } from '../support/world.ts'

/** What a key with scope spend signs. */
const SPENDING = ['hold.open', 'query.charge', 'dataset.purchase', 'dataset.license', 'feature.purchase']

interface Entry {
  readonly type: string
  readonly signer: string
  readonly body: unknown
  readonly outcome: Outcome
}

/** The fields of bodies that are counted here. */
interface Body {
  readonly amount: bigint
  readonly entry: number
  readonly line?: number
  readonly listing: string
  readonly payers: readonly string[]
  readonly lines: readonly (readonly [number, ...unknown[]])[]
}

export class StormTallies {
  readonly #world: World
  readonly #sums = new Map<string, bigint>()

  constructor(world: World) {
    this.#world = world
  }

  count(entry: Entry, signatories: readonly Signatory[]): void {
    this.#countUndone(entry)
    this.#countPlans(entry)
    this.#countKey(entry, signatories[0])
    this.#countMandates(entry)
    if (SPENDING.includes(entry.type)) {
      const owed = this.#world.get(state.accounts.at(entry.signer))!.receivableMicros
      assert(owed === 0n, 'whoever owes spends nothing')
    }
  }

  #add(name: string, amount: bigint): bigint {
    const sum = (this.#sums.get(name) ?? 0n) + amount
    this.#sums.set(name, sum)
    return sum
  }

  /** Of a payment no more goes back than was paid, and of a top-up no more than was bought. */
  #countUndone({ type, body }: Entry): void {
    const { entry, line, amount } = body as Body
    if (type !== 'credit.refund' && type !== 'credit.return' && type !== 'credit.chargeback') return
    const undone = this.#world.records[entry]!.record
    const figures = line === undefined ? undefined : undone.outcome.lines![line]
    const charged = figures?.status === 'charged' ? figures.grossMicros : undone.outcome.payment?.grossMicros
    const whole = type === 'credit.refund' ? charged! : (undone.body as Body).amount
    assert(this.#add(`undone ${entry}/${line}`, amount) <= whole, 'no more is given back than there was')
  }

  /** What is left of a plan's paid time is never worth more than what its account has paid for plans, less what it got back. */
  #countPlans({ type, body, outcome: { payment } }: Entry): void {
    if (payment?.payer !== undefined && payment.payee === undefined) this.#add(`plans ${payment.payer}`, payment.grossMicros)
    const undone = type === 'credit.refund' ? this.#world.records[(body as Body).entry]!.record.outcome : undefined
    const back = undone?.lines === undefined ? undone?.payment : undefined
    if (back?.payer !== undefined && back.payee === undefined) this.#add(`plans ${back.payer}`, -(body as Body).amount)
    for (const { key, row } of this.#world.rows.values()) {
      if (key.table.name !== 'plan') continue
      const { periods } = row as state.PlanSubscription
      const left = periods.filter(({ end }) => end * 1000 > this.#world.time)
      const worth = left.reduce((sum, { priceMicros, refundedMicros }) => sum + priceMicros - refundedMicros, 0n)
      assert(worth <= this.#add(`plans ${key.key}`, 0n), 'a plan is worth no more than what was paid for it')
    }
  }

  #countKey({ type, signer, body, outcome }: Entry, by: Signatory | undefined): void {
    if (by === undefined || !SPENDING.includes(type)) return
    const { budget } = this.#world.get(state.keys.at(signer, by.keyId))!
    if (budget === undefined) return
    const gross = type === 'hold.open' ? (body as Body).amount : outcome.payment!.grossMicros
    const spent = this.#add(`key ${signer} ${by.keyId} ${this.#window(budget.per)}`, gross)
    assert(spent <= budget.amountMicros, 'a key spends within its budget')
  }

  #countMandates({ body, outcome: { lines } }: Entry): void {
    const { listing, payers, lines: told } = body as Body
    lines?.forEach((line, i) => {
      if (line.status !== 'charged') return
      const payer = payers[told[i]![0]]!
      const { mandate } = this.#world.get(state.mandateHolders.at(payer, listing))!
      const { per, limitMicros } = this.#world.get(state.mandates.at(mandate))!
      const use = (window: state.Window) => `used ${payer} ${listing} ${this.#window(window)}`
      const used = { day: this.#add(use('day'), line.grossMicros), month: this.#add(use('month'), line.grossMicros) }
      assert(used[per] <= limitMicros, 'lines are charged within the mandate')
    })
  }

  /** The calendar day or month of UTC. */
  #window(per: state.Window): string {
    return new Date(this.#world.time).toISOString().slice(0, per === 'day' ? 10 : 7)
  }
}
