/**
 * What an accepted entry did to the books: stored beside it, answered to its signer and to whoever sends the same note again, and compared
 * with the replay by an audit. It is compact, because there is one for each entry:
 *
 *   accounts touched    count, then for each its number and 1 + the index of the entry that touched it before (0: none)
 *   postings            count, then for each the class of its book, which touched account it is of (account books only), the
 *                       amount and the balance after it
 *   payment             0, or 1 and gross, fee and the fee's basis points
 *   lines               0, or 1 + count, then for each 0 duplicate · 1 + code refused · 16 + gross, and the fee, charged
 *
 * Every number is a varint (base 128, least significant group first); signed ones are zigzag-coded. A thing that the entry made is not
 * stored: its id follows from the transaction's.
 */

import { assert } from '../base/assert.ts'
import { BOOK_CLASSES, type BookClass, bookName, isAccountBook } from './books.ts'
import type { LineOutcome } from './define.ts'
import { type Micros, micros } from './money.ts'
import type { Code } from './refusal.ts'

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

export interface Payment {
  readonly grossMicros: Micros
  readonly feeMicros: Micros
  readonly feeBps: number
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

export function encodeOutcome(outcome: Outcome): Uint8Array {
  const { postings, touched, payment, lines } = outcome
  const bytes: number[] = []
  put(bytes, BigInt(touched.length))
  for (const { number, previous } of touched) {
    put(bytes, BigInt(number))
    put(bytes, previous === undefined ? 0n : BigInt(previous) + 1n)
  }
  put(bytes, BigInt(postings.length))
  for (const { book, account, amountMicros, balanceMicros } of postings) {
    put(bytes, BigInt(BOOK_CLASSES.indexOf(book)))
    if (account !== undefined) put(bytes, BigInt(touched.findIndex((one) => one.account === account)))
    put(bytes, zigzag(amountMicros))
    put(bytes, zigzag(balanceMicros))
  }
  put(bytes, payment === undefined ? 0n : 1n)
  if (payment !== undefined)
    for (const value of [payment.grossMicros, payment.feeMicros, BigInt(payment.feeBps)]) put(bytes, value)
  put(bytes, lines === undefined ? 0n : BigInt(lines.length) + 1n)
  for (const line of lines ?? []) putLine(bytes, line)
  return Uint8Array.from(bytes)
}

function putLine(bytes: number[], line: LineOutcome): void {
  switch (line.status) {
    case 'duplicate':
      put(bytes, 0n)
      break
    case 'refused': {
      const code = LINE_CODES.indexOf(line.code)
      assert(code >= 0, `${line.code} can refuse a line`)
      put(bytes, BigInt(code) + 1n)
      break
    }
    case 'charged':
      put(bytes, line.grossMicros + FIRST_GROSS)
      put(bytes, line.feeMicros)
  }
}

/**
 * The outcome of encodeOutcome's bytes. `accountOf` names the account of a number; `created` is what the entry made. Throws
 * InvariantError where the bytes are not an outcome.
 */
export function decodeOutcome(bytes: Uint8Array, accountOf: (number: number) => string, created: string | undefined): Outcome {
  const read = reader(bytes)
  const touched = readList(read(), () => {
    const number = Number(read())
    const previous = Number(read())
    return { account: accountOf(number), number, ...(previous === 0 ? {} : { previous: previous - 1 }) }
  })
  const postings = readList(read(), (): Posting => {
    const book = BOOK_CLASSES[Number(read())]
    assert(book !== undefined, 'a stored posting names a book')
    const of = isAccountBook(book) ? touched[Number(read())]!.account : undefined
    const amountMicros = micros(unzigzag(read()))
    return { book, ...(of === undefined ? {} : { account: of }), amountMicros, balanceMicros: micros(unzigzag(read())) }
  })
  const payment =
    read() === 0n ? {} : { payment: { grossMicros: micros(read()), feeMicros: micros(read()), feeBps: Number(read()) } }
  const lineCount = read()
  const lines = lineCount === 0n ? {} : { lines: readList(lineCount - 1n, () => readLine(read)) }
  return { postings, touched, ...payment, ...lines, ...(created === undefined ? {} : { created }) }
}

/** The account numbers that decodeOutcome will ask for. */
export function touchedNumbers(bytes: Uint8Array): number[] {
  const read = reader(bytes)
  return readList(read(), () => {
    const number = Number(read())
    read()
    return number
  })
}

function readLine(read: () => bigint): LineOutcome {
  const value = read()
  if (value === 0n) return { status: 'duplicate' }
  if (value >= FIRST_GROSS) return { status: 'charged', grossMicros: micros(value - FIRST_GROSS), feeMicros: micros(read()) }
  const code = LINE_CODES[Number(value) - 1]
  assert(code !== undefined, 'a stored line outcome names a code')
  return { status: 'refused', code }
}

function readList<T>(count: bigint, item: () => T): T[] {
  return Array.from({ length: Number(count) }, item)
}

function zigzag(value: bigint): bigint {
  return value >= 0n ? value * 2n : -value * 2n - 1n
}

function unzigzag(value: bigint): bigint {
  return value % 2n === 0n ? value / 2n : -(value + 1n) / 2n
}

function put(bytes: number[], value: bigint): void {
  assert(value >= 0n, 'varints are not negative')
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) {
    // Almost every figure fits a double: divide there, several times faster than in bigints.
    let rest = Number(value)
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
    bytes.push(rest)
    return
  }
  let rest = value
  for (; rest >= 128n; rest /= 128n) bytes.push(Number(rest % 128n) + 128)
  bytes.push(Number(rest))
}

function reader(bytes: Uint8Array): () => bigint {
  let position = 0
  return () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[position++]
      assert(byte !== undefined && shift < 70n, 'a stored outcome is complete')
      value += BigInt(byte % 128) << shift
      if (byte < 128) return value
    }
  }
}
