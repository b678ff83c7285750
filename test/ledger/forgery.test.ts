import { describe, expect, test } from 'vitest'
import { MemoryLedger } from '../../core/drivers/memory/store.ts'
import { type Entry, parseEntry } from '../../core/ledger/entry.ts'
import { signNote } from '../../core/log/note.ts'
import { at, expectFound, findIn, forge, of, small, transactionOf } from './forging.ts'
import { restorableMemory } from './homes.ts'
import { openMarketplace } from './marketplace.ts'
import { ADA, BOB, DAY, FOUNDED, MODEL, OPERATOR, SECOND, TestLedger } from './support.ts'

describe('an audit finds', () => {
  test('nothing in an honest log that was put together again', async () => {
    const { memory } = await small()
    const forged = await forge(memory, () => {})
    expect(forged.checkpoint).toEqual(memory.checkpoint)
    expect(await findIn(forged)).toEqual({ whole: undefined, logAlone: undefined })
  })

  test('swapped entries, by the time that runs backwards', () =>
    expectFound(
      (entries) => {
        ;[entries[4], entries[5]] = [entries[5]!, entries[4]!]
      },
      { index: 5, what: 'time_backwards' },
    ))

  test('swapped entries of one time, by what the rules then refuse', () =>
    expectFound(
      (entries) => {
        ;[entries[2], entries[3]] = [at(entries[3]!, FOUNDED + 2 * SECOND), at(entries[2]!, FOUNDED + 3 * SECOND)]
      },
      { index: 2, what: 'exceeds_credits' },
    ))

  test('a removed entry that others rest on', () =>
    expectFound((entries) => void entries.splice(2, 1), { index: 2, what: 'exceeds_credits' }))

  test('a removed genesis', () => expectFound((entries) => void entries.splice(0, 1), { index: 0, what: 'wrong_ledger' }))

  test('a second genesis', () =>
    expectFound((entries) => void entries.push(at(entries[0]!, FOUNDED + 9 * SECOND)), { index: 6, what: 'already_founded' }))

  test('an entry before the note was made', () =>
    expectFound(
      (entries, test) => {
        const made = (FOUNDED + 5 * SECOND) / 1000 + 301
        entries[5] = of(entries[5]!, test.sign(BOB, 'account.open', { publicKey: BOB.publicKey, name: 'Bob' }, { made }))
      },
      { index: 5, what: 'too_early' },
    ))

  test('an entry at the end of its note', () =>
    expectFound(
      (entries) => {
        entries[5] = at(entries[5]!, FOUNDED + 5 * SECOND + DAY)
      },
      { index: 5, what: 'expired' },
    ))

  test('a note that would have stayed valid for too long', () =>
    expectFound(
      (entries, test) => {
        const validUntil = FOUNDED / 1000 + 31 * 86_400
        entries[4] = of(entries[4]!, test.sign(ADA, 'model.create', MODEL, { made: FOUNDED / 1000, validUntil }))
      },
      { index: 4, what: 'too_far' },
    ))

  test('an entry that the rules refuse', () =>
    expectFound(
      (entries, test) => {
        entries[4] = of(entries[4]!, test.sign(ADA, 'plan.subscribe', { plan: 'experienced', price: '49' }))
      },
      { index: 4, what: 'already_subscribed' },
    ))

  test('a note for another ledger', () =>
    expectFound(
      (entries, test) => {
        entries[4] = of(entries[4]!, test.sign(ADA, 'model.create', MODEL, { ledger: 'other.example/credits' }))
      },
      { index: 4, what: 'wrong_ledger' },
    ))

  test('a note of an account that is opened later', () =>
    expectFound(
      (entries, test) => {
        entries[4] = of(entries[4]!, test.model(BOB))
      },
      { index: 4, what: 'unknown_account' },
    ))

  test('a refund of an entry that comes later', () =>
    expectFound(
      (entries, test) => {
        const refund = test.sign(OPERATOR, 'credit.refund', { entry: 4, amount: '19', reason: 'before it was paid' })
        entries.splice(3, 0, of(entries[3]!, refund))
      },
      { index: 3, what: 'unknown_entry' },
    ))

  test('a note signed by somebody else', () =>
    expectFound(
      (entries, test) => {
        entries[4] = of(entries[4]!, test.sign(ADA, 'model.create', MODEL, { signedBy: BOB }))
      },
      { index: 4, what: 'bad_signature' },
    ))

  test('a bad signature before a later entry that the rules refuse', () =>
    expectFound(
      (entries, test) => {
        entries[2] = of(entries[2]!, test.sign(OPERATOR, 'credit.topup', TOPUP, { signedBy: BOB }))
        entries[4] = entries[3]!
      },
      { index: 2, what: 'bad_signature' },
    ))

  test('a second signature line below a note', () =>
    expectFound(
      (entries, test) => {
        entries[4] = of(entries[4]!, signNote(test.compose(ADA, 'model.create', MODEL), [ADA.signer, BOB.signer]))
      },
      { index: 4, what: 'malformed' },
    ))

  test('a changed byte in an entry', () =>
    expectFound(
      (entries) => {
        const bytes = new Uint8Array(entries[4]!.bytes)
        bytes[60]! ^= 1
        entries[4] = { ...entries[4]!, bytes }
      },
      { index: 4 },
    ))

  test('an entry without its time', () =>
    expectFound(
      (entries) => {
        entries[4] = { ...entries[4]!, bytes: (parseEntry(entries[4]!.bytes) as Entry).note }
      },
      { index: 4, what: 'malformed' },
    ))

  test('a transaction that is in the log twice, though no rule refuses it', async () => {
    const { memory } = await small()
    const forged = await forge(memory, (entries) => void entries.push(at(entries[4]!, FOUNDED + 9 * SECOND)))
    const { whole, logAlone } = await findIn(forged)
    expect(logAlone).toMatchObject({ index: 6 })
    expect(whole).toBeDefined()
  })

  test('a licence that is in the log twice, which the rules alone would extend', async () => {
    const memory = new MemoryLedger()
    const test = await TestLedger.found(await restorableMemory(memory))
    const { dataset } = await openMarketplace(test)
    await test.accept(BOB, 'dataset.license', { listing: dataset, terms: 1, licence: 0, price: '0.5' })
    const twice = await forge(memory, (entries) => void entries.push(entries.at(-1)!))
    const { logAlone } = await findIn(twice)
    expect(logAlone).toMatchObject({ index: memory.entries.length, what: 'repeated' })
    for (const stored of [memory.entries.length - 1, memory.entries.length]) {
      const id = transactionOf(memory.entries.at(-1)!.bytes).id
      twice.ids.set(id, stored)
      expect((await findIn(twice)).whole).toBeDefined()
    }
  })

  test('an outcome that is not what the entry does', async () => {
    const { memory } = await small()
    for (const index of memory.entries.keys()) {
      const forged = await forge(memory, (entries) => {
        const outcome = new Uint8Array(entries[index]!.outcome)
        outcome[outcome.length - 3]! ^= 1
        entries[index] = { ...entries[index]!, outcome }
      })
      expect(await findIn(forged)).toMatchObject({ whole: { index, what: 'outcome' } })
    }
  })
})
const TOPUP = { account: ADA.account, amount: '30', provider: 'bank', reference: 'r' }
