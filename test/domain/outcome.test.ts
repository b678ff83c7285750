import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../core/base/assert.ts'
import { BOOK_CLASSES, isAccountBook } from '../../core/domain/books.ts'
import type { LineOutcome } from '../../core/domain/define.ts'
import { micros } from '../../core/domain/money.ts'
import {
  decodeOutcome,
  encodeOutcome,
  type Outcome,
  type Posting,
  postingBook,
  touchedNumbers,
} from '../../core/domain/outcome.ts'

const account = (number: number) => `nim1account${number}`
const amount = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 62n - 1n)).map(micros)
/** Balances too: over the years they go beyond every amount. */
const signed = fc
  .oneof(fc.bigInt(-300n, 300n), fc.bigInt(-(2n ** 62n), 2n ** 62n - 1n), fc.bigInt(-(2n ** 124n), 2n ** 124n))
  .map(micros)

const touched = fc
  .uniqueArray(fc.nat(1_000_000), { minLength: 1, maxLength: 5 })
  .chain((numbers) =>
    fc.tuple(
      ...numbers.map((number) =>
        fc.record(
          { account: fc.constant(account(number)), number: fc.constant(number), previous: fc.nat(2 ** 31) },
          { requiredKeys: ['account', 'number'] },
        ),
      ),
    ),
  )

const slice = fc.record({ entry: fc.integer({ min: 1, max: 2 ** 31 }), amountMicros: amount }, { requiredKeys: ['amountMicros'] })
const slices = fc.array(slice, { maxLength: 3 })

const line: fc.Arbitrary<LineOutcome> = fc.oneof(
  fc.constant({ status: 'duplicate' } as const),
  fc
    .constantFrom('no_mandate', 'subscription_required', 'exceeds_mandate', 'exceeds_credits')
    .map((code) => ({ status: 'refused', code }) as const),
  fc.record({ status: fc.constant('charged' as const), grossMicros: amount, feeMicros: amount, slices }),
)

const outcome: fc.Arbitrary<Outcome> = touched.chain((accounts) => {
  const posting = fc
    .tuple(fc.constantFrom(...BOOK_CLASSES), fc.constantFrom(...accounts), signed, signed)
    .map(([book, { account }, amountMicros, balanceMicros]): Posting => {
      return { book, ...(isAccountBook(book) ? { account } : {}), amountMicros, balanceMicros }
    })
  const figures = { grossMicros: amount, feeMicros: amount, feeBps: fc.integer({ min: 0, max: 1500 }), slices }
  const party = fc.constantFrom(...accounts.map((one) => one.account))
  const payment = fc.record(
    { ...figures, payer: party, payee: party },
    { requiredKeys: ['grossMicros', 'feeMicros', 'feeBps', 'slices'] },
  )
  const optional = { payment, lines: fc.array(line, { maxLength: 8 }), created: fc.constant('mdl_0123') }
  return fc.record(
    { touched: fc.constant(accounts), postings: fc.array(posting, { maxLength: 6 }), ...optional },
    { requiredKeys: ['touched', 'postings'] },
  )
})

test('an outcome is what its bytes give back', () => {
  fc.assert(
    fc.property(outcome, (one) => {
      const bytes = encodeOutcome(one)
      expect(decodeOutcome(bytes, account, one.created)).toEqual(one)
      expect(touchedNumbers(bytes)).toEqual(one.touched.map(({ number }) => number))
    }),
    { numRuns: 500 },
  )
})

test('different outcomes have different bytes', () => {
  const plain = { touched: [{ account: account(0), number: 0 }], postings: [] }
  const variants: Outcome[] = [
    plain,
    { ...plain, touched: [{ account: account(0), number: 0, previous: 0 }] },
    { ...plain, lines: [] },
    { ...plain, lines: [{ status: 'duplicate' }] },
    { ...plain, lines: [{ status: 'charged', grossMicros: micros(0n), feeMicros: micros(0n), slices: [] }] },
    { ...plain, payment: { grossMicros: micros(0n), feeMicros: micros(0n), feeBps: 0, slices: [] } },
    { ...plain, payment: { payer: account(0), grossMicros: micros(0n), feeMicros: micros(0n), feeBps: 0, slices: [] } },
    { ...plain, payment: { payee: account(0), grossMicros: micros(0n), feeMicros: micros(0n), feeBps: 0, slices: [] } },
  ]
  expect(new Set(variants.map((one) => Buffer.from(encodeOutcome(one)).toString('hex'))).size).toBe(variants.length)
})

test('the bytes of a purchase, written down once: they are stored for ever', () => {
  const bytes = encodeOutcome({
    touched: [
      { account: account(3), number: 3, previous: 7 },
      { account: account(200), number: 200 },
    ],
    postings: [
      { book: 'wallet', account: account(3), amountMicros: micros(-25n), balanceMicros: micros(75n) },
      { book: 'revenue:fees', amountMicros: micros(3n), balanceMicros: micros(300n) },
      { book: 'earnings', account: account(200), amountMicros: micros(22n), balanceMicros: micros(22n) },
    ],
    payment: {
      payer: account(3),
      payee: account(200),
      grossMicros: micros(25n),
      feeMicros: micros(3n),
      feeBps: 1500,
      slices: [{ entry: 5, amountMicros: micros(4n) }, { amountMicros: micros(2n) }, { entry: 6, amountMicros: micros(1n) }],
    },
  })
  const hex =
    '02' +
    '0308' +
    'c80100' +
    '03' +
    '05003196' +
    '01' +
    '0206d804' +
    '07012c2c' +
    '01' +
    '01021903dc0b' +
    '03050400020601' +
    '00'
  expect(Buffer.from(bytes).toString('hex')).toBe(hex)
})

test('the bytes of lines, written down once', () => {
  const bytes = encodeOutcome({
    touched: [{ account: account(1), number: 1 }],
    postings: [],
    lines: [
      { status: 'duplicate' },
      { status: 'refused', code: 'no_mandate' },
      { status: 'refused', code: 'subscription_required' },
      { status: 'refused', code: 'exceeds_mandate' },
      { status: 'refused', code: 'exceeds_credits' },
      { status: 'charged', grossMicros: micros(0n), feeMicros: micros(0n), slices: [] },
      { status: 'charged', grossMicros: micros(353n), feeMicros: micros(52n), slices: [{ entry: 9, amountMicros: micros(1n) }] },
    ],
  })
  expect(Buffer.from(bytes).toString('hex')).toBe(
    '010100' + '00' + '00' + '01' + '07' + '00' + '01' + '02' + '03' + '04' + '100000' + 'f10234010901',
  )
})

describe('what is not an outcome', () => {
  const valid = encodeOutcome({
    touched: [{ account: account(0), number: 0 }],
    postings: [{ book: 'wallet', account: account(0), amountMicros: micros(1n), balanceMicros: micros(1n) }],
    lines: [{ status: 'duplicate' }],
  })
  const decode = (bytes: Uint8Array) => decodeOutcome(bytes, account, undefined)

  test('bytes cut short are damage', () => {
    for (let length = 0; length < valid.length; length++) {
      expect(() => decode(valid.subarray(0, length)), `${length} bytes`).toThrow(InvariantError)
    }
  })

  test('bytes too many are damage', () => {
    expect(() => decode(Uint8Array.from([...valid, 0]))).toThrow(InvariantError)
  })

  test('any other damage is told as such, at once', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decode(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(InvariantError)
        }
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['a posting of an account that was not touched', [1, 0, 0, 1, 5, 7, 2, 2, 0, 0]],
    ['a book that there is not', [1, 0, 0, 1, 99, 0, 2, 2, 0, 0]],
    ['a payment that is neither there nor not', [1, 0, 0, 0, 2, 1, 1, 1, 0]],
    ['a line refused by a code that there is not', [1, 0, 0, 0, 0, 2, 15]],
    ['more accounts than bytes', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['a number of eleven bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]],
  ])('%s', (_, bytes) => {
    expect(() => decode(Uint8Array.from(bytes))).toThrow(InvariantError)
  })
})

test('books are named by class and account', () => {
  const posting = { amountMicros: micros(1n), balanceMicros: micros(1n) }
  expect(postingBook({ book: 'issued', ...posting })).toBe('issued')
  expect(postingBook({ book: 'wallet', account: 'nim1x', ...posting })).toBe('wallet:nim1x')
})
