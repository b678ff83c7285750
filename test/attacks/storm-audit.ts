/** What must hold after every answer of a storm, told a second time from the contract: books, sums beside them, fees for ever. */

import { assert } from '../../core/base/assert.ts'
import { ACCOUNT_BOOKS, PLATFORM_BOOKS } from '../../core/domain/books.ts'
import { findFault } from '../../core/domain/canonical.ts'
import { decodeOutcome, encodeOutcome, type Outcome } from '../../core/domain/outcome.ts'
import { CODES, type Refusal } from '../../core/domain/refusal.ts'
import type { Execution } from '../../core/domain/run.ts'
import * as state from '../../core/domain/state.ts'
import type { Signatory } from '../../core/domain/view.ts'
import type { World } from '../support/world.ts'
import { StormTallies } from './storm-tallies.ts'

interface Fees {
  /** Σ gross × basis points, and Σ fee × 10 000. */
  due: bigint
  taken: bigint
}

export class StormAudit {
  readonly #world: World
  readonly #tallies: StormTallies
  readonly #fees = new Map<string, Fees>()

  constructor(world: World) {
    this.#world = world
    this.#tallies = new StormTallies(world)
  }

  check(result: Execution | Refusal, signatories: readonly Signatory[]): void {
    if (result.status === 'refused') {
      this.#checkRefusal(result)
      return
    }
    this.#checkStored(result.outcome)
    this.#countFees(result.outcome)
    this.#tallies.count(this.#world.records.at(-1)!.record, signatories)
    this.#checkRows()
  }

  #checkRefusal({ code, message, data }: Refusal): void {
    assert(CODES.includes(code), `${code} is a code`)
    assert(findFault(data, 4) === undefined, `the figures of ${code} can be remembered`)
    assert(code === 'malformed' || !/undefined|NaN|\[object/.test(message), `${code} makes a sentence: ${message}`)
  }

  #checkStored(outcome: Outcome): void {
    const accountOf = (number: number) => this.#world.get(state.accountNumbers.at(number))!.account
    const again = decodeOutcome(encodeOutcome(outcome), accountOf, outcome.created)
    assert(JSON.stringify(again, bigints) === JSON.stringify(outcome, bigints), 'a stored outcome gives the outcome back')
  }

  #countFees({ payment, lines }: Outcome): void {
    if (payment === undefined) return
    const record = this.#world.records.at(-1)!.record
    const { listing } = record.body as { readonly listing?: string }
    const payee = lines === undefined ? payment.payee : this.#world.get(state.listings.at(listing!))!.account
    if (payee === undefined) {
      assert(payment.feeMicros === 0n, 'the platform pays itself no fee')
      return
    }
    const fees = this.#fees.get(payee) ?? { due: 0n, taken: 0n }
    fees.due += payment.grossMicros * BigInt(payment.feeBps)
    fees.taken += payment.feeMicros * 10_000n
    this.#fees.set(payee, fees)
    const carry = BigInt(this.#world.get(state.accounts.at(payee))!.carry)
    assert(fees.due === fees.taken + carry, 'fees are the floor of what is due, and the carry is the rest')
  }

  #checkRows(): void {
    let sum = 0n
    for (const { key, row } of this.#world.rows.values()) {
      const books = key.table.name === 'account' ? ACCOUNT_BOOKS : key.table.name === 'treasury' ? PLATFORM_BOOKS : {}
      for (const { field, side } of Object.values<{ field: string; side: string }>(books)) {
        const balance = (row as Record<string, bigint>)[field]!
        assert(side === 'holding' ? balance >= 0n : balance <= 0n, `${key.path} ${field} is in its range`)
        sum += balance
      }
      if (key.table.name === 'account') this.#checkAccount(key.key, row as state.Account)
    }
    assert(sum === 0n, 'all books sum to zero')
    const { feesMicros, plansMicros } = this.#world.get(state.treasury)!
    assert(total(this.#world.get(state.revenue.at('fees'))) === feesMicros, 'aged fees are the book of fees')
    assert(total(this.#world.get(state.revenue.at('plans'))) === plansMicros, 'aged plan payments are the book of plans')
  }

  #checkAccount(account: string, { walletMicros, heldMicros, earningsMicros }: state.Account): void {
    const { lots, holds, reserves } = this.#world.get(state.wallets.at(account)) ?? { lots: [], holds: [], reserves: [] }
    const lotsMicros = lots.reduce((all, { remainingMicros }) => all + remainingMicros, 0n)
    assert(lotsMicros <= walletMicros && lots.every(({ remainingMicros }) => remainingMicros >= 0n), 'lots are within the wallet')
    const aside = [...holds, ...reserves]
    assert(aside.reduce((all, { amountMicros }) => all + amountMicros, 0n) === heldMicros, 'what is set aside is held')
    for (const { amountMicros, grants } of aside) {
      const granted = grants.reduce((all, slice) => all + slice.amountMicros, 0n)
      assert(granted <= amountMicros && amountMicros > 0n, 'grants set aside are within what is set aside')
    }
    assert(lots.length <= 17 && holds.length <= 64 && reserves.length <= 65, 'a wallet is bounded')
    assert(total(this.#world.get(state.earnings.at(account))) === earningsMicros, 'aged earnings are the book of earnings')
  }
}

function total(row: state.AgedSum | undefined): bigint {
  if (row === undefined) return 0n
  assert(row.availableMicros >= 0n && row.days.every(({ amountMicros }) => amountMicros >= 0n), 'sums of days are not negative')
  return row.days.reduce((sum, { amountMicros }) => sum + amountMicros, row.availableMicros as bigint)
}

function bigints(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort())
}
