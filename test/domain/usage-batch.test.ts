/**
 * Batches of calls: that lines charged together leave what lines charged one by one would, and that what reads many lines quickly
 * takes exactly what their form takes.
 */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { areLines, arePayers, linesForm, payersForm } from '../../core/domain/batch-lines.ts'
import * as field from '../../core/domain/fields.ts'
import { formatMicros, micros } from '../../core/domain/money.ts'
import { type Outcome, postingBook } from '../../core/domain/outcome.ts'
import { accounts } from '../../core/domain/state.ts'
import { encodeRow } from '../../core/domain/table.ts'
import { type Play, playScene } from './play.ts'

/** So many different accounts, of nobody. */
function accountsOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `nim1${String(i).padStart(38, 'q').replaceAll('1', 'z')}`)
}

function linesOf(count: number): number[][] {
  return Array.from({ length: count }, () => [0, 0, 1, 0, 0, 0])
}

describe('the payers and lines of a batch', () => {
  const account = `nim1${'q'.repeat(38)}`
  const digits = fc.constantFrom(...'023456789acdefghjklmnpqrstuvwxyz')
  const near = fc.oneof(
    fc.tuple(fc.string({ unit: digits, minLength: 37, maxLength: 39 })).map(([text]) => `nim1${text}`),
    fc.constantFrom<unknown>(account, account.toUpperCase(), `${account}\n`, '', 1, null, [account], {}),
  )

  test('are read as their form has payers', () => {
    const lists = fc.oneof(
      fc.array(near, { maxLength: 3 }),
      fc.constantFrom<unknown>('nim1', {}, null, undefined, accountsOf(101)),
    )
    fc.assert(fc.property(lists, (payers) => void expect(arePayers(payers)).toBe(payersForm.safeParse(payers).success)))
    expect(arePayers(accountsOf(100))).toBe(true)
  })

  test('are read as their form has lines', () => {
    const figure = fc.oneof(fc.nat(9), fc.constantFrom<unknown>(-1, 0.5, 2 ** 53 - 1, 2 ** 53, Number.NaN, '0', null, [], true))
    const reference = fc.constantFrom<unknown>('call 1', '', ' ', 'x'.repeat(128), 'x'.repeat(129), 'a\u0001', 1, null)
    const figures = fc.array(figure, { minLength: 5, maxLength: 7 })
    const line = fc.oneof(
      fc.constant<unknown>([0, 0, 1, 0, 0, 0]),
      figures,
      fc.tuple(fc.constant([0, 0, 1, 0, 0, 0]), reference).map(([usual, last]) => [...usual, last]),
      fc.constantFrom<unknown>(null, 'line', {}, { length: 6 }, []),
    )
    const lists = fc.oneof(
      fc.array(line, { maxLength: 3 }),
      fc.constantFrom<unknown>('lines', {}, null, undefined, linesOf(1_001)),
    )
    fc.assert(
      fc.property(lists, (lines) => void expect(areLines(lines)).toBe(linesForm.safeParse(lines).success)),
      { numRuns: 2_000 },
    )
    expect(areLines(linesOf(1_000))).toBe(true)
    const text = fc.oneof(reference, fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
    fc.assert(fc.property(text, (one) => void expect(field.isReference(one)).toBe(field.reference.safeParse(one).success)))
  })
})

const PAYERS = ['bob', 'carol', 'dora'] as const

/** What lets a payer be charged, in microcredits; a request costs 100 of them, a token half of one. */
const payer = fc.record({
  paid: fc.nat(3_000),
  granted: fc.option(fc.integer({ min: 1, max: 800 }), { freq: 1 }),
  limit: fc.option(fc.integer({ min: 1, max: 3_000 }), { freq: 6 }),
  per: fc.constantFrom('day', 'month'),
  reserved: fc.option(fc.integer({ min: 1, max: 800 }), { freq: 1 }),
  isSubscribed: fc.boolean(),
})
type Payer = typeof payer extends fc.Arbitrary<infer T> ? T : never

const line = fc.tuple(fc.nat(2), fc.constant(0), fc.nat(6), fc.nat(3), fc.constant(0), fc.constant(0))

/** A market in which these pay for calls of a model that includes ten requests for subscribers. */
function marketOf(payers: readonly Payer[]): { readonly play: Play; readonly listing: string } {
  const play = playScene('given/market')
  const included = '{"requests":10,"inputTokens":0,"outputTokens":0,"milliseconds":0}'
  const text = `$calls = ada listing.publish API + {"access":"open","included":${included}} -> ok`
  play.play([{ place: 'here', text, expected: [] }])
  const listing = play.thing('calls')
  const act = (name: string, type: string, body: Parameters<Play['world']['act']>[2]) => {
    const result = play.world.act(play.account(name), type, body)
    expect(result.status === 'refused' ? result.message : '').toBe('')
  }
  PAYERS.forEach((name, i) => {
    const { paid, granted, limit, per, reserved, isSubscribed } = payers[i]!
    const account = play.account(name)
    const setPaid = (amount: bigint) =>
      play.world.put(accounts.at(account), { ...play.world.get(accounts.at(account))!, walletMicros: micros(amount) })
    setPaid(10_000_000n)
    if (isSubscribed) act(name, 'subscription.start', { listing, terms: 1, period: 'month', price: '10' })
    setPaid(BigInt(paid))
    if (granted !== null) {
      const reason = { reason: 'welcome', provider: 'campaign', reference: name }
      const expiresAt = '2026-06-01T00:00:00Z'
      act('operator', 'credit.grant', { account, amount: formatMicros(BigInt(granted)), expiresAt, ...reason })
    }
    if (limit === null) return
    const reserve = formatMicros(BigInt(Math.min(reserved ?? 0, paid)))
    const expires = '2026-12-31T00:00:00Z'
    act(name, 'usage.mandate', { listing, terms: 1, limit: { amount: formatMicros(BigInt(limit)), per }, reserve, expires })
  })
  return { play, listing }
}

describe('lines charged in one batch', () => {
  /** All rows but how many entries touched an account, and which was the last. */
  function moneyIn({ world }: Play): string[] {
    const rows = [...world.rows].map(([path, { row }]) => `${path} ${encodeRow({ ...(row as object), entries: 0, last: 0 })}`)
    return rows.sort()
  }

  /** The books that batches moved, in the order in which they stand in one of all their lines. */
  function booksOf(outcomes: readonly Outcome[]): string[] {
    const books = new Set(outcomes.flatMap(({ postings }) => postings.map(postingBook)))
    // A payment takes its fee before it reaches the creator, even where that is nothing yet.
    const isPaid = books.delete('revenue:fees')
    return [...books].flatMap((book) => (isPaid && book.startsWith('earnings:') ? ['revenue:fees', book] : [book]))
  }

  test('leave what they leave one by one, and move books and touch accounts in that order', () => {
    const batch = fc.tuple(fc.tuple(payer, payer, payer), fc.array(line, { minLength: 1, maxLength: 12 }), fc.boolean())
    fc.assert(
      fc.property(batch, ([payers, lines, isOperators]) => {
        const { play: together, listing } = marketOf(payers)
        const apart = together.clone()
        const meter = together.account(isOperators ? 'operator' : 'ada')
        const accountIds = PAYERS.map((name) => together.account(name))
        const charge = ({ world }: Play, first: number, charged: readonly number[][]): Outcome => {
          const body = { listing, stream: 's', first, start: '2026-02-01T00:00:00Z', payers: accountIds, lines: charged }
          const result = world.act(meter, 'usage.batch', body)
          if (result.status === 'refused') throw new Error(result.message)
          return result.outcome
        }
        const outcome = charge(together, 1, lines)
        const outcomes = lines.map((one, i) => charge(apart, i + 1, [one]))
        expect(outcome.lines).toEqual(outcomes.flatMap((one) => one.lines ?? []))
        expect(outcome.postings.map(postingBook)).toEqual(booksOf(outcomes))
        const touched = new Set(outcomes.flatMap((one) => one.touched.map(({ account }) => account)))
        expect(outcome.touched.map(({ account }) => account)).toEqual([...touched])
        expect(moneyIn(together)).toEqual(moneyIn(apart))
      }),
      { numRuns: 300 },
    )
  })
})
