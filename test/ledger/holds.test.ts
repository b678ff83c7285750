/**
 * Holds and co-signed calls through the whole ledger: notes that race for the same credits in one batch, and time that goes on in
 * it.
 */

import { describe, expect, test } from 'vitest'
import { accounts } from '../../core/domain/state.ts'
import { readRow } from '../../core/ledger/queries.ts'
import { homes, type RestorableHome } from './homes.ts'
import { holdOf, mandateFor, openMarketplace, sumOfBooks, usageBatch } from './marketplace.ts'
import { ADA, BOB, CYD, codes, counting, OPERATOR, type Person, submitAll, TestLedger } from './support.ts'

const HOUR = 3_600_000
const usage = (requests: number) => ({ requests, inputTokens: 0, outputTokens: 0, milliseconds: 0 })

async function booksOf(test: TestLedger, who: Person) {
  const { walletMicros, heldMicros } = (await readRow(test.store, accounts.at(who.account)))!
  return { walletMicros, heldMicros }
}

/**
 * Lets the clock go on by `step` milliseconds with each look at it: the first note of a batch comes now, since the first look is
 * for prefetching all of them.
 */
function tick(test: TestLedger, step: number): void {
  let next = test.time - step
  Object.defineProperty(test, 'time', {
    get: () => {
      const time = next
      next += step
      return time
    },
  })
}

describe.each(homes)('holds of a ledger on $kind', ({ make }) => {
  const home: () => Promise<RestorableHome> = make
  const market = async () => {
    const test = await TestLedger.found(await home())
    return { test, ...(await openMarketplace(test)) }
  }
  const hold = async (test: TestLedger, listing: string, amount: string) =>
    (await test.accept(BOB, 'hold.open', holdOf(test, listing, amount))).outcome.created!

  const sound = async (test: TestLedger) => {
    expect(await sumOfBooks(test.store)).toBe(0n)
    expect((await test.audit()).defects).toEqual([])
  }

  test('of a capture and a release submitted together exactly the first is accepted', async () => {
    const { test, api } = await market()
    for (const isCaptureFirst of [true, false]) {
      const id = await hold(test, api, '0.5')
      const before = await booksOf(test, BOB)
      const capture = test.sign(ADA, 'hold.capture', { hold: id, usage: usage(5_000), reference: 'r' })
      const release = test.sign(OPERATOR, 'hold.release', { hold: id })
      const answers = await submitAll(test, isCaptureFirst ? [capture, release] : [release, capture])
      expect(codes(answers)).toEqual(['accepted', 'not_open'])
      const returned = isCaptureFirst ? 0n : 500_000n
      expect(await booksOf(test, BOB)).toEqual({ walletMicros: before.walletMicros + returned, heldMicros: 0n })
    }
    await sound(test)
  })

  test('two captures take a hold once, and two holds of all that there is open once', async () => {
    const { test, api } = await market()
    const id = await hold(test, api, '0.5')
    const captures = [ADA, OPERATOR].map((who) => test.sign(who, 'hold.capture', { hold: id, usage: usage(1), reference: 'r' }))
    expect(codes(await submitAll(test, captures))).toEqual(['accepted', 'not_open'])
    const all = [1, 2].map(() => test.sign(CYD, 'hold.open', holdOf(test, api, '250')))
    expect(codes(await submitAll(test, all))).toEqual(['accepted', 'exceeds_credits'])
    // The very same note again is answered with its first outcome.
    expect(codes(await submitAll(test, [all[0]!, captures[0]!]))).toEqual(['accepted', 'accepted'])
    await sound(test)
  })

  test('expire between the entries of a batch', async () => {
    const { test, api } = await market()
    const early = await hold(test, api, '200')
    const counts = counting(test)
    await test.reopen(test.settings)
    const opening = (amount: string) => test.sign(BOB, 'hold.open', { ...holdOf(test, api, amount) })
    test.time += HOUR - 1
    const notes = [
      opening('60'),
      // A millisecond later the hold is over: its credits pay for what follows, and nobody captures it any more.
      opening('240'),
      test.sign(ADA, 'hold.capture', { hold: early, usage: usage(1), reference: 'r' }),
      test.sign(ADA, 'hold.release', { hold: early }),
      opening('10.000001'),
      opening('10'),
    ]
    tick(test, 1)
    const before = counts.get('commit') ?? 0
    const answers = await submitAll(test, notes)
    expect(codes(answers)).toEqual(['exceeds_credits', 'accepted', 'expired_hold', 'not_open', 'exceeds_credits', 'accepted'])
    expect(counts.get('commit')).toBe(before + 1)
    expect(await booksOf(test, BOB)).toEqual({ walletMicros: 0n, heldMicros: 250_000_000n })
    await sound(test)
  })

  test('give way to lines of a usage batch in the same commit only where they are over', async () => {
    const { test, api } = await market()
    await test.accept(BOB, 'usage.mandate', mandateFor(test, api))
    await hold(test, api, '250')
    test.time += HOUR - 1
    const lines = [[0, 0, 1_000, 0, 0, 0]]
    const notes = [1, 2].map((first) => test.sign(ADA, 'usage.batch', usageBatch(api, first, [BOB.account], lines)))
    tick(test, 1)
    const [refused, charged] = await submitAll(test, notes)
    expect(refused).toMatchObject({ outcome: { lines: [{ status: 'refused', code: 'exceeds_credits' }] } })
    expect(charged).toMatchObject({ outcome: { lines: [{ status: 'charged', grossMicros: 100_000n }] } })
    expect(await booksOf(test, BOB)).toEqual({ walletMicros: 249_900_000n, heldMicros: 0n })
    await sound(test)
  })

  test('a co-signed call is charged once under its reference, with both signatures in their order', async () => {
    const { test, api } = await market()
    const body = { listing: api, terms: 1, usage: usage(1), reference: 'r' }
    const notes = [ADA, OPERATOR].map((cosigner) => test.sign(BOB, 'query.charge', body, { cosigner }))
    const [once] = notes
    expect(codes(await submitAll(test, [...notes, once!]))).toEqual(['accepted', 'reference_used', 'accepted'])
    const other = { ...body, reference: 's' }
    const wrong = [
      test.sign(BOB, 'query.charge', other),
      test.sign(BOB, 'query.charge', other, { cosigner: ADA, signedBy: CYD }),
      test.sign(BOB, 'query.charge', other, { cosigner: { ...ADA, signer: { ...ADA.signer, sign: CYD.signer.sign } } }),
      test.sign(BOB, 'query.charge', other, { cosigner: CYD }),
      swapped(test.sign(BOB, 'query.charge', other, { cosigner: ADA })),
      test.sign(BOB, 'hold.release', { hold: `hld_${'0'.repeat(32)}` }, { cosigner: ADA }),
    ]
    const expected = ['malformed', 'bad_signature', 'bad_signature', 'key_scope', 'malformed', 'malformed']
    expect(codes(await submitAll(test, wrong))).toEqual(expected)
    expect(await booksOf(test, BOB)).toEqual({ walletMicros: 249_999_900n, heldMicros: 0n })
    await sound(test)
  })
})

/** The note with its two signature lines in the other order. */
function swapped(note: Uint8Array): Uint8Array {
  const [text, signatures] = Buffer.from(note).toString('utf8').split('\n\n') as [string, string]
  const [first, second] = signatures.trimEnd().split('\n')
  return Buffer.from(`${text}\n\n${second}\n${first}\n`)
}
