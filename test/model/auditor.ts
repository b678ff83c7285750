/**
 * Watches one ledger beside the model: tells both the same transaction, and names the first thing in which they differ or in
 * which the ledger breaks a promise of its own, whatever the model says.
 */

import { ACCOUNT_BOOKS, isInRange, PLATFORM_BOOKS } from '../../core/domain/books.ts'
import { decodeOutcome, encodeOutcome, type Outcome, postingBook } from '../../core/domain/outcome.ts'
import type { Execution } from '../../core/domain/run.ts'
import * as state from '../../core/domain/state.ts'
import { encodeRow } from '../../core/domain/table.ts'
import type { Event, LineAnswer, Slice } from './catalogue/history.ts'
import { type Accepted, Model, type Told } from './catalogue/model.ts'
import { limitInForce } from './catalogue/plans.ts'
import { feeBps } from './catalogue/policy.ts'
import type { TestLedger } from './ledger.ts'
import { compareViews } from './views.ts'

/** What went wrong, `kind` without figures: a shortened sequence must go wrong in the same way. */
export class Difference extends Error {
  readonly kind: string

  constructor(kind: string, detail = '') {
    super(detail === '' ? kind : `${kind}: ${detail}`)
    this.kind = kind
  }
}

function same(kind: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return
  const [is, should] = [show(actual), show(expected)]
  if (is !== should) throw new Difference(kind, `the ledger has ${is}, the model ${should}`)
}

function attempt<T>(kind: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new Difference(kind, error instanceof Error ? (error.stack ?? '') : String(error))
  }
}

/** Values as text, in which the order of fields says nothing. */
export function show(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}` : inOrder(item))) ?? 'nothing'
}

function inOrder(item: unknown): unknown {
  const value = item instanceof Map ? Object.fromEntries(item) : item
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export class Auditor {
  readonly ledger: TestLedger
  readonly model = new Model()
  readonly accepted: Told[] = []
  /** Σ gross × rate and Σ fee of each payee, from the ledger's own outcomes. */
  readonly #paid = new Map<string, { exact: bigint; fee: bigint }>()
  /** Which entries touched an account, by its outcomes. */
  readonly #touched = new Map<string, number[]>()
  readonly #previous = new Map<string, number | undefined>()

  constructor(ledger: TestLedger) {
    this.ledger = ledger
  }

  /** Tells both; returns the code of the refusal, or undefined where it was accepted. Throws Difference. */
  tell(told: Told): { readonly code: string | undefined; readonly lines: readonly LineAnswer[] } {
    const before = new Map(this.ledger.rows)
    const dump = told.nonce % 16 === 0 ? this.ledger.dump() : undefined
    const result = attempt(`the core broke at ${told.type}`, () => this.ledger.tell(told))
    const expected = this.model.act(told)
    const code = result.status === 'refused' ? result.code : undefined
    if (code !== expected.code) {
      const [is, should] = [code ?? 'accepted', expected.code ?? 'accepted']
      throw new Difference(`${told.type} is ${is}, by the model ${should}`, result.status === 'refused' ? result.message : '')
    }
    if (result.status === 'refused') {
      const { data } = expected as { data: Record<string, unknown> }
      for (const [field, value] of Object.entries(data)) same(`refusal says ${field}`, result.data[field], value)
      this.#assertUnchanged(before, dump)
      return { code, lines: [] }
    }
    const answer = expected as Accepted
    this.accepted.push(told)
    this.#compareOutcome(result, answer)
    this.#compareBooks(answer)
    this.#auditFees(result, told, answer)
    this.#auditPlanLimit(told, answer)
    this.#auditTouched(result, before, answer)
    return { code, lines: answer.event.lines }
  }

  #assertUnchanged(before: ReadonlyMap<string, { readonly row: unknown }>, dump: string | undefined): void {
    const { rows } = this.ledger
    const isSame = rows.size === before.size && [...before].every(([path, { row }]) => rows.get(path)?.row === row)
    // Rows are frozen, so the same objects are the same bytes; now and then the bytes themselves are compared too.
    if (!isSame || (dump !== undefined && dump !== this.ledger.dump())) throw new Difference('a refusal changed rows')
  }

  #compareOutcome({ outcome }: Execution, { event, postings, books, created }: Accepted): void {
    same('postings', new Map(outcome.postings.map((one) => [postingBook(one), one.amountMicros])), postings)
    for (const posting of outcome.postings) same('balance after', posting.balanceMicros, books.get(postingBook(posting)))
    same('postings sum', `${outcome.postings.reduce((sum, one) => sum + one.amountMicros, 0n)}`, '0')
    same('created', outcome.created ?? '', created)
    const lines = event.lines.map((line, number) => {
      if (line.status !== 'charged') return line
      const { slices } = event.payments.find((payment) => payment.line === number)!
      return { status: line.status, grossMicros: line.gross, feeMicros: line.fee, slices: told(this.#slicesOf(slices)) }
    })
    const actual = (outcome.lines ?? []).map((line) =>
      line.status === 'charged' ? { ...line, slices: told(line.slices) } : line,
    )
    same('lines', actual, lines)
    const { payment } = outcome
    same('payment', payment && { ...payment, slices: told(payment.slices) }, this.#paymentOf(event))
    this.#compareStored(outcome, created)
  }

  /** What the outcome of an entry says of its payment: of a batch the sum of its lines, which say the rest themselves. */
  #paymentOf(event: Event): object | undefined {
    const { payments, type, time } = event
    const total = (field: 'gross' | 'fee') => payments.reduce((sum, payment) => sum + payment[field], 0n)
    if (type === 'usage.batch') {
      return { grossMicros: total('gross'), feeMicros: total('fee'), feeBps: feeBps(this.model, time), slices: [] }
    }
    if (payments.length === 0) return undefined
    const { payer, payee, gross, fee, feeBps: rate, slices } = payments[0]!
    const to = payee === 'platform' ? {} : { payee }
    return { payer, ...to, grossMicros: gross, feeMicros: fee, feeBps: rate, slices: told(this.#slicesOf(slices)) }
  }

  /** Slices by the entry that granted, none for paid credits. */
  #slicesOf(slices: readonly Slice[]): readonly OutcomeSlice[] {
    return slices.map(({ origin, amount }) => {
      const entry = this.model.maker('credit.grant', 'grt', origin)?.index
      return { ...(entry === undefined ? {} : { entry }), amountMicros: amount }
    })
  }

  /** An outcome is stored in a compact form that gives it back unchanged. */
  #compareStored(outcome: Outcome, created: string): void {
    const numbers = new Map(outcome.touched.map(({ number, account }) => [number, account]))
    const stored = attempt('storing the outcome broke', () =>
      decodeOutcome(encodeOutcome(outcome), (number) => numbers.get(number)!, created === '' ? undefined : created),
    )
    same('stored outcome', stored, outcome)
  }

  /** All books of the ledger, read from its rows: those that never moved are zero on both sides. */
  #compareBooks({ books }: Accepted): void {
    const actual = new Map<string, bigint>()
    const treasury = this.ledger.get(state.treasury)!
    for (const [book, { field }] of Object.entries(PLATFORM_BOOKS)) actual.set(book, treasury[field])
    for (const account of this.model.accounts()) {
      const row = this.ledger.get(state.accounts.at(account))!
      for (const [book, { field }] of Object.entries(ACCOUNT_BOOKS)) actual.set(`${book}:${account}`, row[field])
    }
    let sum = 0n
    for (const [book, balance] of actual) {
      sum += balance
      same(`book ${book.split(':nim1')[0]}`, balance, books.get(book) ?? 0n)
      if (!isInRange(book.split(':nim1')[0] as never, balance))
        throw new Difference('a book left its range', `${book} ${balance}`)
    }
    if (sum !== 0n) throw new Difference('the books do not sum to zero', `${sum}`)
    if ([...books.keys()].some((book) => !actual.has(book))) throw new Difference('the ledger lacks a book')
  }

  /**
   * Σ fee = floor(Σ gross × rate) for each payee over all history, each payment at the rate of its time, and the carry is what is
   * left, from the ledger's own outcomes. A refund changes neither: it gives back what was recorded.
   */
  #auditFees({ outcome }: Execution, { type }: Told, { event }: Accepted): void {
    const { payment, lines } = outcome
    if (payment === undefined) return
    const payee = payment.payee ?? (type === 'usage.batch' ? this.#creatorOf(event) : undefined)
    if (payee === undefined) {
      same('fee of a plan', payment.feeMicros, 0n)
      return
    }
    const { exact, fee } = this.#paid.get(payee) ?? { exact: 0n, fee: 0n }
    const sums = { exact: exact + payment.grossMicros * BigInt(payment.feeBps), fee: fee + payment.feeMicros }
    this.#paid.set(payee, sums)
    same('Σ fee', sums.fee, sums.exact / 10_000n)
    same('carry', this.ledger.get(state.accounts.at(payee))!.carry, Number(sums.exact % 10_000n))
    if (lines === undefined) return
    const charged = lines.flatMap((line) => (line.status === 'charged' ? [line] : []))
    const total = (field: 'grossMicros' | 'feeMicros') => charged.reduce((sum, line) => sum + line[field], 0n)
    same('Σ gross of lines', total('grossMicros'), payment.grossMicros)
    same('Σ fee of lines', total('feeMicros'), payment.feeMicros)
  }

  #creatorOf({ body }: Event): string {
    return this.ledger.get(state.listings.at(body.listing as string))!.account
  }

  #auditPlanLimit({ type, signer }: Told, { event }: Accepted): void {
    if (type !== 'model.deploy') return
    const deployed = this.ledger.get(state.deployments.at(signer))?.models ?? []
    if (deployed.length > limitInForce(this.model, signer, event.time)) throw new Difference('a plan limit was exceeded')
    if (new Set(deployed).size !== deployed.length) throw new Difference('a model is deployed twice')
  }

  /**
   * An entry touches its signers and every account one of whose rows it changed; nobody but the parties to it besides. The rows
   * are compared by their bytes, without what an account's row says about the chain itself.
   */
  #auditTouched(
    { outcome, changes }: Execution,
    before: ReadonlyMap<string, { readonly row: unknown }>,
    { event }: Accepted,
  ): void {
    const required = new Set(event.signatures.map(({ account }) => account))
    for (const { key, row } of changes) {
      const { path } = key
      const old = before.get(path)?.row
      const owner = key.table.owner(row ?? old, key.key)
      if (owner !== undefined && withoutChain(row) !== withoutChain(old)) required.add(owner)
    }
    // A call that costs nothing may name its payer and payee although none of their figures moved.
    const allowed = new Set([...required, ...event.payments.flatMap(({ payer, payee }) => [payer, payee])])
    const touched = outcome.touched.map((one) => one.account)
    if (new Set(touched).size !== touched.length) throw new Difference('an account is touched twice')
    if ([...required].some((one) => !touched.includes(one))) throw new Difference('an account whose row changed is not touched')
    if (touched.some((one) => !allowed.has(one))) throw new Difference('an account that is no party is touched')
    for (const { account, number, previous } of outcome.touched) {
      same('number of a touched account', number, this.model.accounts().indexOf(account))
      const entries = this.#touched.get(account) ?? []
      same('previous entry of a touched account', previous, entries.at(-1))
      this.#touched.set(account, [...entries, event.index])
      this.#previous.set(`${account}/${event.index}`, previous)
      same('entries', this.ledger.get(state.accounts.at(account))!.entries, entries.length + 1)
    }
  }

  /**
   * What holds at the end of a sequence: chains of entries, what time makes of the rows, and a replay that ends in the same
   * bytes.
   */
  finish(replay: TestLedger): void {
    compareViews(this.ledger, this.model, same)
    for (const account of this.model.accounts()) {
      const { entries, last } = this.ledger.get(state.accounts.at(account))!
      const chain: number[] = []
      for (let index: number | undefined = last; index !== undefined; index = this.#previous.get(`${account}/${index}`)) {
        chain.unshift(index)
      }
      same('chain of entries', chain, this.#touched.get(account))
      same('length of the chain', entries, chain.length)
    }
    for (const told of this.accepted) {
      const result = attempt('a replay broke', () => replay.tell(told))
      if (result.status === 'refused') throw new Difference('a replay refuses', result.message)
    }
    if (replay.dump() !== this.ledger.dump()) throw new Difference('a replay ends in other rows')
  }
}

interface OutcomeSlice {
  readonly entry?: number
  readonly amountMicros: bigint
}

/** Slices in their order, neighbours from the same place put together, paid credits at the end left out. */
function told(slices: readonly OutcomeSlice[]): OutcomeSlice[] {
  const merged: OutcomeSlice[] = []
  for (const { entry, amountMicros } of slices) {
    const before = merged.at(-1)
    const isSame = before !== undefined && before.entry === entry
    const sum = isSame ? merged.pop()!.amountMicros + amountMicros : amountMicros
    merged.push({ ...(entry === undefined ? {} : { entry }), amountMicros: sum })
  }
  return merged.at(-1)?.entry === undefined ? merged.slice(0, -1) : merged
}

function withoutChain(row: unknown): string | undefined {
  if (row === undefined) return undefined
  const { entries: _entries, last: _last, ...rest } = row as { entries?: unknown; last?: unknown }
  return encodeRow(rest)
}
