/**
 * Charging the lines of one batch, in order, each as if it stood alone. What is the same for all lines of a payer is looked up
 * once: mandate, terms, subscription, wallet. A book moves by a payer's, and by the creator's, first line at once, so that books
 * and rows stand in the order in which lines come to them; what the later lines add reaches them as one sum, by `settle`.
 */

import { countIncluded, quoteAt } from './calls.ts'
import { spendable } from './credits.ts'
import type { Effects, LineOutcome, Takings } from './define.ts'
import type { Usage } from './fields.ts'
import { counted, mandateRow, reserveOf, type Use, use } from './mandates.ts'
import { type Micros, micros, ZERO } from './money.ts'
import type { Code } from './refusal.ts'
import { listingOf, whyClosed } from './sales.ts'
import { type Mandate, type QueryPrices, type Slice, terms, wallets } from './state.ts'
import { type ActiveSubscription, activeSubscription } from './subscriptions.ts'
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
  /** As it is after the lines so far, like all that follows. */
  active: ActiveSubscription | undefined
  used: Use
  isCharged: boolean
  /** What is left to spend, where there are paid credits alone; undefined where grants, holds or reserves have a say. */
  paidMicros: Micros | undefined
  /** What lines after the first took of paid credits. */
  laterMicros: Micros
}

export class Charging {
  readonly #effects: Effects<Body>
  readonly #creator: string
  readonly #isClosed: boolean
  readonly #takings: Takings
  /** By the index that lines name them by; a code where no line of the payer can be charged. */
  readonly #payers: (Payer | Code | undefined)[]
  /** In the order in which they paid first. */
  readonly #charged: Payer[] = []

  constructor(effects: Effects<Body>) {
    this.#effects = effects
    this.#creator = listingOf(effects).account
    this.#isClosed = whyClosed(effects) !== undefined
    this.#takings = effects.takings(this.#creator)
    this.#payers = effects.body.payers.map(() => undefined)
  }

  /** Charges one line, or says why not. Nothing is changed by a line that is refused. */
  charge(payerIndex: number, usage: Usage): LineOutcome {
    const payer = this.#payers[payerIndex] ?? this.#findPayer(this.#effects.body.payers[payerIndex]!)
    this.#payers[payerIndex] = payer
    if (typeof payer === 'string') return { status: 'refused', code: payer }
    const { mandate } = payer
    const { time } = this.#effects
    const call = quoteAt(payer.prices, payer.active, usage, time)
    const { grossMicros } = call
    const used = use(payer.used, time, grossMicros)
    if (counted(mandate.per, used) > mandate.limitMicros) return { status: 'refused', code: 'exceeds_mandate' }
    const spendableMicros = payer.paidMicros ?? spendable(this.#effects, payer.account)
    const reserveMicros = payer.paidMicros === undefined ? reserveOf(this.#effects, payer.account, payer.row.key) : ZERO
    if (grossMicros > spendableMicros + reserveMicros) return { status: 'refused', code: 'exceeds_credits' }

    countIncluded(this.#effects, call)
    payer.active = call.included ?? payer.active
    // A call that is included costs nothing and changes nobody's books.
    if (grossMicros === 0n) return { status: 'charged', grossMicros, feeMicros: ZERO, slices: [] }
    payer.used = used
    if (!payer.isCharged) this.#effects.put(payer.row, { ...mandate, ...used })
    const { feeMicros, slices } = this.#takings.add(grossMicros, this.#take(payer, grossMicros, spendableMicros))
    return { status: 'charged', grossMicros, feeMicros, slices }
  }

  /** Moves the books and writes the mandates by what came after the first lines. */
  settle(): void {
    for (const { account, row, mandate, used, laterMicros } of this.#charged) {
      this.#effects.put(row, { ...mandate, ...used })
      if (laterMicros > 0n) this.#effects.take(account, laterMicros)
    }
    this.#takings.settle()
  }

  #findPayer(account: string): Payer | Code {
    const effects = this.#effects
    const { listing } = effects.body
    const row = mandateRow(effects, account, listing)
    if (row === undefined) return 'no_mandate'
    const mandate = effects.need(row)
    if (effects.time >= mandate.expires) return 'no_mandate'
    const { access, query } = effects.need(terms.at(listing, mandate.terms))
    const active = activeSubscription(effects, account, listing)
    if ((access === 'subscription' || this.#isClosed) && active === undefined) return 'subscription_required'
    const isPaidAlone = effects.get(wallets.at(account)) === undefined && account !== this.#creator
    const paidMicros = isPaidAlone ? spendable(effects, account) : undefined
    const after = { active, used: mandate, isCharged: false, paidMicros, laterMicros: ZERO }
    return { account, row, mandate, prices: query!, ...after }
  }

  /** Takes the credits for a line: from the wallet what there is, the rest from the mandate's reserve. */
  #take(payer: Payer, grossMicros: Micros, spendableMicros: Micros): readonly Slice[] {
    const { account, isCharged, paidMicros } = payer
    if (!isCharged) this.#charged.push(payer)
    payer.isCharged = true
    if (paidMicros !== undefined) {
      payer.paidMicros = micros(paidMicros - grossMicros)
      if (!isCharged) return this.#effects.take(account, grossMicros)
      payer.laterMicros = micros(payer.laterMicros + grossMicros)
      return []
    }
    const fromWalletMicros = grossMicros < spendableMicros ? grossMicros : spendableMicros
    const fromReserveMicros = micros(grossMicros - fromWalletMicros)
    return [
      ...(fromWalletMicros > 0n ? this.#effects.take(account, fromWalletMicros) : []),
      ...(fromReserveMicros > 0n ? this.#effects.draw(account, { kind: 'reserves', id: payer.row.key }, fromReserveMicros) : []),
    ]
  }
}
