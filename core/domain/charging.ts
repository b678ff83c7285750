/**
 * Charging the lines of one batch, in order, each as if it stood alone. What is the same for all lines of a payer is looked up
 * once: mandate, terms, subscription, wallet.
 *
 * Most payers have paid credits alone, so that a line does no more than add to what they were charged. Their books and mandates
 * are moved by the sum when all lines are through, or before a line that moves something at once: books and rows stand in the
 * order in which lines came to them first.
 */

import { countIncluded, type Quote, quoteAt } from './calls.ts'
import { settledIn, spendable } from './credits.ts'
import type { Effects, LineOutcome, Takings } from './define.ts'
import type { Usage } from './fields.ts'
import { reserveOf, usedIn, usedWith } from './mandates.ts'
import { add, type Micros, micros, ZERO } from './money.ts'
import { type PayerRows, rowsOfPayers } from './payer-rows.ts'
import { spendableIn, toRemember } from './purse.ts'
import type { Code } from './refusal.ts'
import { listingOf, whyClosed } from './sales.ts'
import { type Mandate, type QueryPrices, type Slice, terms } from './state.ts'
import { type ActiveSubscription, activeIn } from './subscriptions.ts'
import type { RowKey } from './table.ts'

interface Body {
  readonly listing: string
  readonly payers: readonly string[]
}

interface Payer {
  readonly account: string
  readonly row: RowKey<Mandate>
  readonly mandate: Mandate
  readonly prices: QueryPrices
  /** What the mandate let be charged when the batch began. */
  readonly allowedMicros: Micros
  /** What there was to spend then, for a payer who has paid credits alone; undefined where grants, holds or reserves matter. */
  readonly paidMicros: Micros | undefined
  /** As it is after the lines so far. */
  active: ActiveSubscription | undefined
  /** What the lines so far cost, and how much of it has reached the books. */
  chargedMicros: Micros
  bookedMicros: Micros
}

const FREE: LineOutcome = { status: 'charged', grossMicros: ZERO, feeMicros: ZERO, slices: [] }
const NO_GRANTS: readonly Slice[] = []

export class Charging {
  readonly #effects: Effects<Body>
  readonly #creator: string
  readonly #isClosed: boolean
  readonly #takings: Takings
  readonly #rows: readonly PayerRows[]
  /** By the index that lines name them by; a code where no line of the payer can be charged. */
  readonly #payers: (Payer | Code | undefined)[]
  /** Those whose lines have not all reached the books, in the order in which they came. */
  #waiting: Payer[] = []

  constructor(effects: Effects<Body>) {
    this.#effects = effects
    this.#creator = listingOf(effects).account
    this.#isClosed = whyClosed(effects) !== undefined
    this.#takings = effects.takings(this.#creator)
    this.#rows = rowsOfPayers(effects.body)
    this.#payers = effects.body.payers.map(() => undefined)
  }

  /** Charges one line, or says why not. Nothing is changed by a line that is refused. */
  charge(payerIndex: number, usage: Usage): LineOutcome {
    const payer = this.#payers[payerIndex] ?? this.#findPayer(payerIndex)
    if (typeof payer === 'string') return { status: 'refused', code: payer }
    const call = quoteAt(payer.prices, payer.active, usage, this.#effects.time)
    const { grossMicros } = call
    const chargedMicros = micros(payer.chargedMicros + grossMicros)
    if (chargedMicros > payer.allowedMicros) return { status: 'refused', code: 'exceeds_mandate' }
    const { paidMicros } = payer
    const isCovered = paidMicros === undefined ? grossMicros <= this.#available(payer) : chargedMicros <= paidMicros
    if (!isCovered) return { status: 'refused', code: 'exceeds_credits' }

    if (call.included !== undefined) this.#useIncluded(payer, call)
    // A call that is included costs nothing and changes nobody's books.
    if (grossMicros === 0n) return FREE
    const feeMicros = this.#takings.add(grossMicros)
    if (paidMicros !== undefined && payer.chargedMicros === payer.bookedMicros) this.#waiting.push(payer)
    payer.chargedMicros = chargedMicros
    const slices = paidMicros === undefined ? toRemember(this.#book(payer)) : NO_GRANTS
    return { status: 'charged', grossMicros, feeMicros, slices }
  }

  /** Moves the books by all that they were not moved by yet. */
  settle(): void {
    this.#settleWaiting()
    this.#takings.settle()
  }

  #findPayer(payerIndex: number): Payer | Code {
    const payer = this.#payerOf(this.#effects.body.payers[payerIndex]!, this.#rows[payerIndex]!)
    this.#payers[payerIndex] = payer
    return payer
  }

  #payerOf(account: string, rows: PayerRows): Payer | Code {
    const effects = this.#effects
    const row = rows.mandate(effects)
    if (row === undefined) return 'no_mandate'
    const mandate = effects.need(row)
    if (effects.time >= mandate.expires) return 'no_mandate'
    const { access, query } = effects.need(terms.at(effects.body.listing, mandate.terms))
    const active = activeIn(effects, rows.subscription(effects))
    if ((access === 'subscription' || this.#isClosed) && active === undefined) return 'subscription_required'
    const isPaidAlone = effects.get(rows.wallet) === undefined && account !== this.#creator
    const paidMicros = isPaidAlone ? spendableIn(settledIn(effects, rows.account, rows.wallet)) : undefined
    const allowedMicros = micros(mandate.limitMicros - usedIn(mandate.per, usedWith(mandate, effects.time, ZERO)))
    const before = { active, chargedMicros: ZERO, bookedMicros: ZERO }
    return { account, row, mandate, prices: query!, allowedMicros, paidMicros, ...before }
  }

  /** What a payer who has not only paid credits can spend on a line. */
  #available({ account, row }: Payer): Micros {
    // What is waiting may pay the debt of a creator who calls his own model.
    this.#settleWaiting()
    return add(spendable(this.#effects, account), reserveOf(this.#effects, account, row.key))
  }

  #useIncluded(payer: Payer, call: Quote): void {
    this.#settleWaiting()
    countIncluded(this.#effects, call)
    payer.active = call.included
  }

  #settleWaiting(): void {
    if (this.#waiting.length === 0) return
    for (const payer of this.#waiting) this.#book(payer)
    this.#waiting = []
  }

  /** Moves the books and the mandate by what the payer was charged since they were moved last. */
  #book(payer: Payer): readonly Slice[] {
    const { row, mandate, chargedMicros, bookedMicros } = payer
    this.#effects.put(row, { ...mandate, ...usedWith(mandate, this.#effects.time, chargedMicros) })
    const slices = this.#take(payer, micros(chargedMicros - bookedMicros))
    payer.bookedMicros = chargedMicros
    this.#takings.begin()
    return slices
  }

  /** Takes credits: what the wallet has, and the rest from the mandate's reserve. */
  #take({ account, row, paidMicros }: Payer, amountMicros: Micros): readonly Slice[] {
    if (paidMicros !== undefined) return this.#effects.take(account, amountMicros)
    const spendableMicros = spendable(this.#effects, account)
    const fromWalletMicros = amountMicros < spendableMicros ? amountMicros : spendableMicros
    const fromReserveMicros = micros(amountMicros - fromWalletMicros)
    return [
      ...(fromWalletMicros > 0n ? this.#effects.take(account, fromWalletMicros) : []),
      ...(fromReserveMicros > 0n ? this.#effects.draw(account, { kind: 'reserves', id: row.key }, fromReserveMicros) : []),
    ]
  }
}
