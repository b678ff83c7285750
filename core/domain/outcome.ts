/**
 * What an accepted entry did to the books: stored beside it, answered to its signer and to whoever sends the same note again, and
 * compared with the replay by an audit. It is compact, because there is one for each entry:
 *
 *   accounts touched    count, then for each its number and 1 + the index of the entry that touched it before (0: none)
 *   postings            count, then for each the class of its book, which touched account it is of (account books only), the
 *                       amount and the balance after it
 *   payment             0, or 1 and who paid and who was paid (1 + which touched account, 0: none, or many), gross, fee, the
 *                       fee's basis points, and the slices: count, then for each the granting entry (0: paid credits) and the
 *                       amount; paid credits at the end are left out
 *   lines               0, or 1 and their count, then for each 0 duplicate · 1 + code refused · 16 + gross, the fee and the
 *                       slices, charged
 *
 * Every number is a varint (base 128, least significant group first); signed ones are zigzag-coded. A thing that the entry made
 * is not stored: its id follows from the transaction's.
 */

import { assert, InvariantError } from '../base/assert.ts'
import { sharedCopy } from '../base/bytes.ts'
import { BOOK_CLASSES, type BookClass, bookName, isAccountBook } from './books.ts'
import type { LineOutcome } from './define.ts'
import { type Micros, micros } from './money.ts'
import type { Code } from './refusal.ts'
import type { Slice } from './state.ts'

export interface Posting {
  readonly book: BookClass
  readonly account?: string
  readonly amountMicros: Micros
  /** The book's balance after the entry. */
  readonly balanceMicros: Micros
}

export interface Touched {
  readonly account: string
  readonly number: number
  /** The entry that touched the account before this one. */
  readonly previous?: number
}

/** A payment, or the sum of the payments of a batch, whose lines tell who paid. */
export interface Payment {
  readonly payer?: string
  /** The creator; none where the platform was paid. */
  readonly payee?: string
  readonly grossMicros: Micros
  readonly feeMicros: Micros
  readonly feeBps: number
  /** What it was paid with, in the order in which it burned; what they leave of the gross were paid credits. */
  readonly slices: readonly Slice[]
}

export interface Outcome {
  readonly postings: readonly Posting[]
  readonly touched: readonly Touched[]
  readonly payment?: Payment
  readonly lines?: readonly LineOutcome[]
  readonly created?: string
}

export function postingBook({ book, account }: Posting): string {
  return bookName(book, account)
}

/** The codes that can refuse a line, as stored outcomes number them; new ones go at the end. */
const LINE_CODES: readonly Code[] = ['no_mandate', 'subscription_required', 'exceeds_mandate', 'exceeds_credits']
const FIRST_GROSS = 16n
/**
 * Amounts fit 63 bits, but what is sold and paid out over the years, and so a book's balance, has no bound: this one is beyond
 * what any history reaches, and tells damage.
 */
const MAX_BITS = 126
/** The bits of whole groups that a double holds. */
const SMALL_BITS = 49

export function encodeOutcome(outcome: Outcome): Uint8Array {
  const { postings, touched, payment, lines } = outcome
  writer.begin()
  writer.put(touched.length)
  for (const { number, previous } of touched) {
    writer.put(number)
    writer.put(previous === undefined ? 0 : previous + 1)
  }
  writer.put(postings.length)
  for (const { book, account, amountMicros, balanceMicros } of postings) {
    writer.put(BOOK_CLASSES.indexOf(book))
    if (account !== undefined) writer.put(placeOf(touched, account))
    writer.putSigned(amountMicros)
    writer.putSigned(balanceMicros)
  }
  writer.put(payment === undefined ? 0 : 1)
  if (payment !== undefined) {
    const { payer, payee, grossMicros, feeMicros, feeBps, slices } = payment
    writer.put(payer === undefined ? 0 : placeOf(touched, payer) + 1)
    writer.put(payee === undefined ? 0 : placeOf(touched, payee) + 1)
    writer.put(grossMicros)
    writer.put(feeMicros)
    writer.put(feeBps)
    putSlices(slices)
  }
  writer.put(lines === undefined ? 0 : 1)
  if (lines !== undefined) {
    writer.put(lines.length)
    for (const line of lines) putLine(line)
  }
  return writer.end()
}

/** Which of the accounts touched it is. */
function placeOf(touched: readonly Touched[], account: string): number {
  for (let place = 0; place < touched.length; place++) if (touched[place]!.account === account) return place
  throw new InvariantError(`the account ${account} was touched`)
}

function putLine(line: LineOutcome): void {
  switch (line.status) {
    case 'duplicate':
      writer.put(0)
      break
    case 'refused': {
      const code = LINE_CODES.indexOf(line.code)
      assert(code >= 0, `${line.code} can refuse a line`)
      writer.put(code + 1)
      break
    }
    case 'charged':
      writer.put(line.grossMicros + FIRST_GROSS)
      writer.put(line.feeMicros)
      putSlices(line.slices)
  }
}

function putSlices(slices: readonly Slice[]): void {
  writer.put(slices.length)
  for (const { entry, amountMicros } of slices) {
    // The genesis grants nothing, so 0 names no lot.
    writer.put(entry ?? 0)
    writer.put(amountMicros)
  }
}

/**
 * The outcome of encodeOutcome's bytes. `accountOf` names the account of a number; `created` is what the entry made. Throws
 * InvariantError where the bytes are not an outcome.
 */
export function decodeOutcome(bytes: Uint8Array, accountOf: (number: number) => string, created: string | undefined): Outcome {
  const reader = new Reader(bytes)
  const touched = reader.list(() => {
    const number = reader.number()
    const previous = reader.number()
    return { account: accountOf(number), number, ...(previous === 0 ? {} : { previous: previous - 1 }) }
  })
  const postings = reader.list((): Posting => {
    const book = BOOK_CLASSES[reader.number()]
    assert(book !== undefined, 'a stored posting names a book')
    const account = isAccountBook(book) ? touched[reader.number()]?.account : undefined
    assert(isAccountBook(book) === (account !== undefined), 'a stored posting to an account is to one that was touched')
    const amountMicros = micros(unzigzag(reader.value()))
    const balanceMicros = micros(unzigzag(reader.value()))
    return { book, ...(account === undefined ? {} : { account }), amountMicros, balanceMicros }
  })
  const payments = reader.list((): Payment => {
    const payer = readTouched(reader, touched)
    const payee = readTouched(reader, touched)
    return {
      ...(payer !== undefined && { payer }),
      ...(payee !== undefined && { payee }),
      grossMicros: micros(reader.value()),
      feeMicros: micros(reader.value()),
      feeBps: reader.number(),
      slices: readSlices(reader),
    }
  })
  assert(payments.length <= 1, 'an entry has at most one payment')
  const hasLines = reader.number()
  assert(hasLines <= 1, 'an entry has lines or none')
  const lines = hasLines === 1 ? { lines: reader.list(() => readLine(reader)) } : {}
  assert(reader.isAtEnd, 'a stored outcome ends with its last figure')
  const payment = payments[0] === undefined ? {} : { payment: payments[0] }
  return { postings, touched, ...payment, ...lines, ...(created === undefined ? {} : { created }) }
}

/** The account numbers that decodeOutcome will ask for. */
export function touchedNumbers(bytes: Uint8Array): number[] {
  const reader = new Reader(bytes)
  return reader.list(() => {
    const number = reader.number()
    reader.number()
    return number
  })
}

function readLine(reader: Reader): LineOutcome {
  const value = reader.value()
  if (value === 0n) return { status: 'duplicate' }
  if (value >= FIRST_GROSS)
    return {
      status: 'charged',
      grossMicros: micros(value - FIRST_GROSS),
      feeMicros: micros(reader.value()),
      slices: readSlices(reader),
    }
  const code = LINE_CODES[Number(value) - 1]
  assert(code !== undefined, 'a stored line outcome names a code')
  return { status: 'refused', code }
}

/** An account by 1 + its place among those touched; undefined for 0. */
function readTouched(reader: Reader, touched: readonly Touched[]): string | undefined {
  const place = reader.number()
  assert(place <= touched.length, 'a stored payment is between accounts that were touched')
  return touched[place - 1]?.account
}

function readSlices(reader: Reader): Slice[] {
  return reader.list(() => {
    const entry = reader.number()
    return { ...(entry > 0 && { entry }), amountMicros: micros(reader.value()) }
  })
}

function unzigzag(value: bigint): bigint {
  return value % 2n === 0n ? value / 2n : -(value + 1n) / 2n
}

/** Writes varints one after the other, into room that is kept: an outcome is made for every entry. */
class Writer {
  #bytes = new Uint8Array(4_096)
  #length = 0

  begin(): void {
    this.#length = 0
  }

  /** A copy of what was written since the beginning. */
  end(): Uint8Array {
    return sharedCopy(this.#bytes, 0, this.#length)
  }

  put(value: bigint | number): void {
    // Almost every figure fits a double: compare and divide there, several times faster than in bigints.
    let rest = Number(value)
    assert(rest >= 0, 'varints are not negative')
    if (rest <= Number.MAX_SAFE_INTEGER) {
      for (; rest >= 128; rest = Math.floor(rest / 128)) this.#push((rest % 128) + 128)
      this.#push(rest)
      return
    }
    let large = BigInt(value)
    for (; large >= 128n; large /= 128n) this.#push(Number(large % 128n) + 128)
    this.#push(Number(large))
  }

  /** Zigzag: 0, -1, 1, -2 … are 0, 1, 2, 3 … */
  putSigned(value: bigint): void {
    const small = Number(value)
    if (Math.abs(small) < 2 ** 52) this.put(small >= 0 ? small * 2 : -small * 2 - 1)
    else this.put(value >= 0n ? value * 2n : -value * 2n - 1n)
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes[this.#length++] = byte
  }
}

const writer = new Writer()

/** Reads varints one after the other. */
class Reader {
  readonly #bytes: Uint8Array
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length
  }

  value(): bigint {
    // As in writing: what fits a double is added up there.
    let small = 0
    for (let shift = 0; shift < SMALL_BITS; shift += 7) {
      const byte = this.#byte()
      small += (byte % 128) * 2 ** shift
      if (byte < 128) return BigInt(small)
    }
    let value = BigInt(small)
    for (let shift = SMALL_BITS; shift < MAX_BITS; shift += 7) {
      const byte = this.#byte()
      value += BigInt(byte % 128) << BigInt(shift)
      if (byte < 128) return value
    }
    throw new InvariantError('a stored outcome is complete')
  }

  #byte(): number {
    const byte = this.#bytes[this.#position++]
    assert(byte !== undefined, 'a stored outcome is complete')
    return byte
  }

  /** An index, a number or a count. */
  number(): number {
    const value = Number(this.value())
    assert(Number.isSafeInteger(value), 'a stored number is an integer up to 2^53-1')
    return value
  }

  /** A count, then as many items; each takes a byte at least, so a count beyond the bytes is damage. */
  list<T>(item: () => T): T[] {
    const count = this.number()
    assert(count <= this.#bytes.length - this.#position, 'a stored list ends within its outcome')
    return Array.from({ length: count }, item)
  }
}
