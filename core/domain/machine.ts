/**
 * The machine that runs transactions on the state: common checks, the type's own checks in their order, then its effects. It
 * enforces what no type may forget: postings sum to zero, no book leaves its range, the exact fee, plan limits, scopes, the bound
 * on credits outstanding.
 *
 *   authenticate    which public keys must have signed            → keys, or wrong_ledger · unknown_account · bad_signature
 *   (the gate checks the signatures, many at once, elsewhere)
 *   rowsToRead      which rows a round of reading needs
 *   execute         checks and effects on the rows read            → an outcome and the changed rows, or a refusal
 *
 * Pure: the same transactions at the same times give the same rows everywhere, which is what a replay proves.
 */

import { assert } from '../base/assert.ts'
import { type Sha256, tryFromHex } from '../base/bytes.ts'
import { MAX_CLOCK_LEAD_SECONDS, MAX_OUTSTANDING_MICROS, MAX_VALIDITY_SECONDS } from '../base/limits.ts'
import { ED25519, keyId } from '../log/note.ts'
import { ACCOUNT_BOOKS, type AccountBook, type BookClass, bookName, isAccountBook, isInRange, PLATFORM_BOOKS } from './books.ts'
import { earned, outstanding, owes } from './credits.ts'
import type { Context, Definition, Effects, LineOutcome } from './define.ts'
import type { SignedTransaction, Transaction } from './envelope.ts'
import { thingId } from './ids.ts'
import { formatMicros, type Micros, micros, splitFee, ZERO } from './money.ts'
import type { Outcome, Posting } from './outcome.ts'
import { limitInForce } from './plans.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { RowKey } from './state.ts'
import * as state from './state.ts'
import { formatMilliseconds, formatSeconds, type Milliseconds, type Seconds, wholeSeconds } from './time.ts'

/** Rows as they stand before a transaction. */
export interface Rows {
  /** The row, undefined where there is none; throws where it was not loaded. */
  get<Row>(key: RowKey<Row>): Row | undefined
}

/** Where and when the entry would stand. */
export interface Moment {
  readonly index: number
  readonly time: Milliseconds
}

export interface Execution {
  readonly status: 'executed'
  readonly outcome: Outcome
  readonly changes: ReadonlyMap<string, { readonly key: RowKey; readonly row: unknown }>
}

export interface Signatory {
  readonly account: string
  readonly keyId: string
  readonly publicKey: Uint8Array
}

/** The one type that a ledger which is not founded takes. */
const GENESIS = 'ledger.genesis'

/** The rows that authenticate looks at. */
export function authenticationRows(transaction: SignedTransaction): readonly RowKey[] {
  const named = transaction.signatures.flatMap(({ name, keyId }) => [state.accounts.at(name), state.keys.at(name, keyId)])
  return [state.platform, ...named]
}

/** Whose keys must have made the transaction's signatures. The signatures themselves are not checked here. */
export function authenticate(sha256: Sha256, transaction: SignedTransaction, rows: Rows): readonly Signatory[] | Refusal {
  const { definition, signatures } = transaction
  const origin = rows.get(state.platform)?.origin
  if (origin === undefined ? definition.type !== GENESIS : origin !== transaction.ledger) {
    return refuse('wrong_ledger', { named: transaction.ledger, ledger: origin ?? 'not founded yet' })
  }
  if (definition.publicKey !== undefined) {
    const publicKey = tryFromHex(definition.publicKey(transaction.body as never))!
    const { name, keyId: named } = signatures[0]!
    if (named !== keyId(sha256, name, ED25519, publicKey)) return refuse('bad_signature', { account: name, key: named })
    return [{ account: name, keyId: named, publicKey }]
  }
  const unknown = signatures.find(({ name }) => rows.get(state.accounts.at(name)) === undefined)
  if (unknown !== undefined) return refuse('unknown_account', { account: unknown.name })
  const signatories: Signatory[] = []
  for (const { name, keyId: named } of signatures) {
    const key = rows.get(state.keys.at(name, named))
    if (key === undefined) return refuse('bad_signature', { account: name, key: named })
    signatories.push({ account: name, keyId: named, publicKey: tryFromHex(key.publicKey)! })
  }
  return signatories
}

/** Refusals of the envelope at a time; nothing here depends on the state. */
function checkTimes(transaction: Transaction, time: Milliseconds): Refusal | undefined {
  const { made, validUntil } = transaction
  const now = wholeSeconds(time)
  if (made > now + MAX_CLOCK_LEAD_SECONDS)
    return refuse('too_early', { made: formatSeconds(made), time: formatMilliseconds(time) })
  if (validUntil > made + MAX_VALIDITY_SECONDS) {
    return refuse('too_far', { made: formatSeconds(made), validUntil: formatSeconds(validUntil) })
  }
  if (now >= validUntil) return refuse('expired', { validUntil: formatSeconds(validUntil), time: formatMilliseconds(time) })
  return undefined
}

/**
 * The rows to load for a round of reading, 0 … 2, given those of the rounds before. A transaction may be executed once every
 * round's rows are there.
 */
export function rowsToRead(
  sha256: Sha256,
  transaction: Transaction,
  keyIds: readonly string[],
  round: number,
  rows: Rows,
  moment: Moment,
): readonly RowKey[] {
  const { definition, signer } = transaction
  const own = definition.reads[round]?.(new View(sha256, transaction, rows, moment)) ?? []
  if (round > 0) return own
  const common = [state.platform, state.treasury, state.accounts.at(signer), ...keyIds.map((id) => state.keys.at(signer, id))]
  const created = createdRow(definition, createdId(transaction))
  return created === undefined ? [...common, ...own] : [...common, created, ...own]
}

/** Runs a transaction whose signatures were checked. `keyIds` names the keys of its signer that signed; none for a preview. */
export function execute(
  sha256: Sha256,
  transaction: Transaction,
  keyIds: readonly string[],
  rows: Rows,
  moment: Moment,
): Execution | Refusal {
  const untimely = checkTimes(transaction, moment.time)
  if (untimely !== undefined) return untimely
  const run = new Run(sha256, transaction, rows, moment)
  const common = checkSigner(transaction, keyIds, run)
  if (common !== undefined) return common
  for (const { code, test } of transaction.definition.checks) {
    const data = test(run)
    if (data !== undefined) return refuse(code, data)
  }
  // From here on nothing refuses: what goes wrong is a broken invariant and stops the core.
  transaction.definition.apply(run)
  return run.finish()
}

function checkSigner(transaction: Transaction, keyIds: readonly string[], view: View): Refusal | undefined {
  const { definition, signer } = transaction
  if (definition.publicKey === undefined) {
    const account = view.get(state.accounts.at(signer))
    if (account === undefined) return refuse('unknown_account', { account: signer })
    for (const id of keyIds) {
      const needs = missingScope(definition, account, view.need(state.keys.at(signer, id)).scopes)
      if (needs !== undefined) return refuse('key_scope', { key: id, type: definition.type, needs })
    }
    if (keyIds.length === 0 && definition.signer === 'operator' && account.number !== 0) {
      return refuse('key_scope', { key: signer, type: definition.type, needs: 'the operator' })
    }
    if (account.frozen && account.number !== 0) return refuse('frozen', { account: signer })
    if (definition.spends === true && owes(account)) {
      return refuse('in_debt', { account: signer, owes: formatMicros(-account.receivableMicros) })
    }
  }
  const created = createdId(transaction)
  const row = createdRow(definition, created)
  return row !== undefined && view.get(row) !== undefined ? refuse('exists', { thing: created! }) : undefined
}

/** What a key lacks to sign for this type; undefined where it suffices. */
function missingScope(definition: Definition, account: state.Account, scopes: readonly string[]): string | undefined {
  if (definition.signer === 'operator' && account.number !== 0) return 'the operator'
  if (scopes.includes('all')) return undefined
  if (definition.scope === undefined) return 'scope all'
  return scopes.includes(definition.scope) ? undefined : `scope ${definition.scope}`
}

/** The id of what the transaction makes, known before it is accepted. */
export function createdId(transaction: Transaction): string | undefined {
  const { creates } = transaction.definition
  if (creates === undefined) return undefined
  return creates === 'account' ? transaction.signer : thingId(creates.prefix, transaction.id)
}

function createdRow(definition: Definition, created: string | undefined): RowKey | undefined {
  const { creates } = definition
  if (creates === undefined || creates === 'account' || creates.table === undefined) return undefined
  return creates.table.at(created!)
}

/** A transaction's sight of the rows. */
class View implements Context<never> {
  readonly id: string
  readonly body: never
  readonly signer: string
  readonly time: Seconds
  readonly index: number
  readonly created: string
  readonly sha256: Sha256
  readonly rows: Rows

  constructor(sha256: Sha256, transaction: Transaction, rows: Rows, moment: Moment) {
    this.created = createdId(transaction) ?? ''
    this.sha256 = sha256
    this.id = transaction.id
    this.body = transaction.body as never
    this.signer = transaction.signer
    this.time = wholeSeconds(moment.time)
    this.index = moment.index
    this.rows = rows
  }

  get<Row>(key: RowKey<Row>): Row | undefined {
    return this.rows.get(key)
  }

  need<Row>(key: RowKey<Row>): Row {
    const row = this.get(key)
    assert(row !== undefined, `the row ${key.path} exists`)
    return row
  }
}

/** One transaction's changes on top of the rows, and the record of what it did. */
class Run extends View implements Effects<never> {
  readonly changes = new Map<string, { key: RowKey; row: unknown }>()
  readonly postings = new Map<string, { book: BookClass; account?: string; amountMicros: Micros }>()
  grossMicros: Micros = ZERO
  feeMicros: Micros = ZERO
  hasPayment = false
  lines: readonly LineOutcome[] | undefined

  override get<Row>(key: RowKey<Row>): Row | undefined {
    const change = this.changes.get(key.path)
    return change === undefined ? this.rows.get(key) : (change.row as Row)
  }

  put<Row>(key: RowKey<Row>, row: Row): void {
    // Reading first asserts that the row was declared: what is written was seen.
    if (!this.changes.has(key.path)) this.rows.get(key)
    this.changes.set(key.path, { key: key as RowKey, row })
  }

  post(book: keyof typeof PLATFORM_BOOKS, amountMicros: bigint): void {
    const { field } = PLATFORM_BOOKS[book]
    const treasury = this.need(state.treasury)
    this.put(state.treasury, { ...treasury, [field]: micros(treasury[field] + amountMicros) })
    this.record(book, undefined, amountMicros)
  }

  postTo(account: string, book: AccountBook, amountMicros: bigint): void {
    const { field } = ACCOUNT_BOOKS[book]
    const row = this.need(state.accounts.at(account))
    this.put(state.accounts.at(account), { ...row, [field]: micros(row[field] + amountMicros) })
    this.record(book, account, amountMicros)
  }

  credit(account: string, book: 'wallet' | 'earnings', amountMicros: Micros): Micros {
    const owedMicros = -this.need(state.accounts.at(account)).receivableMicros
    const coveredMicros = owedMicros < amountMicros ? owedMicros : amountMicros
    if (coveredMicros > 0n) this.postTo(account, 'receivable', coveredMicros)
    const restMicros = micros(amountMicros - coveredMicros)
    this.postTo(account, book, restMicros)
    return restMicros
  }

  pay(payer: string, payee: string, grossMicros: Micros): Micros {
    const { feeBps, earningsHoldDays } = this.need(state.platform)
    const split = splitFee(grossMicros, feeBps, this.need(state.accounts.at(payee)).carry)
    this.postTo(payer, 'wallet', -grossMicros)
    this.post('revenue:fees', split.feeMicros)
    const earnedMicros = this.credit(payee, 'earnings', split.takeHomeMicros)
    this.put(state.accounts.at(payee), { ...this.need(state.accounts.at(payee)), carry: split.carry })
    const before = this.get(state.earnings.at(payee))
    this.put(state.earnings.at(payee), earned(before, earnedMicros, this.time, earningsHoldDays))
    this.grossMicros = micros(this.grossMicros + grossMicros)
    this.feeMicros = micros(this.feeMicros + split.feeMicros)
    this.hasPayment = true
    return split.feeMicros
  }

  recordLines(lines: readonly LineOutcome[]): void {
    this.lines = lines
    this.hasPayment = true
  }

  private record(book: BookClass, account: string | undefined, amountMicros: bigint): void {
    const name = bookName(book, account)
    const sum = micros((this.postings.get(name)?.amountMicros ?? 0n) + amountMicros)
    this.postings.set(name, account === undefined ? { book, amountMicros: sum } : { book, account, amountMicros: sum })
  }

  finish(): Execution {
    const touched = this.touch()
    const postings = this.settledPostings()
    this.assertInvariants(postings)
    const payment = this.hasPayment
      ? { payment: { grossMicros: this.grossMicros, feeMicros: this.feeMicros, feeBps: this.need(state.platform).feeBps } }
      : {}
    const created = this.created === '' ? {} : { created: this.created }
    const lines = this.lines === undefined ? {} : { lines: this.lines }
    return { status: 'executed', outcome: { postings, touched, ...payment, ...created, ...lines }, changes: this.changes }
  }

  /** Counts the entry for its signer and for the owner of every row it changed. */
  private touch(): Outcome['touched'] {
    const owners = new Set([this.signer])
    for (const { key, row } of this.changes.values()) {
      const owner = key.table.owner(row, key.key)
      if (owner !== undefined) owners.add(owner)
    }
    return [...owners].map((account) => {
      const row = this.need(state.accounts.at(account))
      this.put(state.accounts.at(account), { ...row, entries: row.entries + 1, last: this.index })
      return { account, number: row.number, ...(row.entries > 0 ? { previous: row.last } : {}) }
    })
  }

  private settledPostings(): Posting[] {
    const settled: Posting[] = []
    for (const { book, account, amountMicros } of this.postings.values()) {
      if (amountMicros === 0n) continue
      const balanceMicros =
        account !== undefined && isAccountBook(book)
          ? this.need(state.accounts.at(account))[ACCOUNT_BOOKS[book].field]
          : this.need(state.treasury)[PLATFORM_BOOKS[book as keyof typeof PLATFORM_BOOKS].field]
      settled.push({ book, ...(account === undefined ? {} : { account }), amountMicros, balanceMicros })
    }
    return settled
  }

  private assertInvariants(postings: readonly Posting[]): void {
    let sum = 0n
    let feesMicros = 0n
    let creatorsMicros = 0n
    for (const { book, account, amountMicros, balanceMicros } of postings) {
      sum += amountMicros
      if (book === 'revenue:fees') feesMicros += amountMicros
      if (book === 'earnings' || book === 'payable') creatorsMicros += amountMicros
      assert(isInRange(book, balanceMicros), `the book ${bookName(book, account)} stays in its range`)
    }
    assert(sum === 0n, `postings of ${this.id} sum to zero`)
    assert(feesMicros === this.feeMicros, 'fees are taken by payments and by nothing else')
    assert(creatorsMicros <= this.grossMicros - this.feeMicros, 'creators are paid by payments and by nothing else')
    this.assertBooks()
    const treasury = this.get(state.treasury)
    if (treasury !== undefined) {
      assert(outstanding(treasury) <= MAX_OUTSTANDING_MICROS, 'credits outstanding stay within their bound')
    }
    this.assertPlanLimits()
  }

  /** Every book changed by exactly what was posted to it: no type writes a balance past the postings. */
  private assertBooks(): void {
    for (const { key, row } of this.changes.values()) {
      if (key.table.name === state.accounts.name) this.assertBooksOf(ACCOUNT_BOOKS, key, row, key.key)
      if (key.path === state.treasury.path) this.assertBooksOf(PLATFORM_BOOKS, key, row, undefined)
    }
  }

  private assertBooksOf(books: typeof ACCOUNT_BOOKS | typeof PLATFORM_BOOKS, key: RowKey, row: unknown, account?: string): void {
    const before = this.rows.get(key) as Record<string, bigint> | undefined
    for (const [book, { field }] of Object.entries(books)) {
      const name = bookName(book as BookClass, account)
      const expected = (before?.[field] ?? 0n) + (this.postings.get(name)?.amountMicros ?? 0n)
      assert((row as Record<string, bigint>)[field] === expected, `the book ${name} changed by its postings`)
    }
  }

  private assertPlanLimits(): void {
    for (const { key, row } of this.changes.values()) {
      if (key.table.name !== state.deployments.name) continue
      const before = this.rows.get(key as RowKey<state.Deployments>)?.models.length ?? 0
      const now = (row as state.Deployments).models.length
      if (now > before) assert(now <= limitInForce(this, key.key), `account ${key.key} deploys within its plan`)
    }
  }
}
