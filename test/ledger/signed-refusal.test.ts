/** Signed refusals: what a ledger gives its word for, and what of it others can check. */

import { describe, expect, it } from 'vitest'
import { Malformed } from '../../core/base/malformed.ts'
import type { Refusal } from '../../core/domain/refusal.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { MemoryLedger } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { checkProof } from '../../core/ledger/receipt.ts'
import { checkSignedRefusal, isSignedRefusal, signRefusal } from '../../core/ledger/signed-refusal.ts'
import { type LogTrust, noteVerifier, openCheckpoint } from '../../core/log/checkpoint.ts'
import { ED25519, signNote, verifierKey } from '../../core/log/note.ts'
import {
  ADA,
  BOB,
  FOUNDED,
  LOG_KEY,
  memoryHome,
  ORIGIN,
  OTHER_SEQUENCER,
  SECOND,
  SEQUENCER,
  type TestLedger,
  withAda,
} from './support.ts'

const trustIn = (key = LOG_KEY, origin = ORIGIN): LogTrust => {
  return { origin, logKeys: [noteVerifier(chooseVerifier(), key)], witnesses: [], quorum: 0 }
}

const PURCHASE = { listing: `lst_${'0'.repeat(32)}`, price: '25', terms: 1 }

async function refused(test: TestLedger, note: Uint8Array): Promise<Refusal> {
  const answer = await test.ledger.submit(note)
  if (answer.status !== 'refused') throw new Error('It was accepted.')
  return answer
}

function sign(test: TestLedger, note: Uint8Array, refusal: Refusal, sequencerKeys = [SEQUENCER]) {
  return signRefusal({ rules, sha256, store: test.store, sequencerKeys, time: test.time }, note, refusal)
}

async function signedPurchase() {
  const test = await withAda(memoryHome(new MemoryLedger()))
  test.time += SECOND
  const note = test.sign(ADA, 'dataset.purchase', PURCHASE)
  const refusal = await refused(test, note)
  return { test, note, refusal, signed: (await sign(test, note, refusal))! }
}

describe('a signed refusal', () => {
  it('says which transaction, why, when, and after how many entries', async () => {
    const { signed, refusal } = await signedPurchase()
    expect(isSignedRefusal(signed)).toBe(true)
    const id = expect.stringMatching(/^[0-9a-f]{48}$/)
    expect(checkSignedRefusal(signed, trustIn())).toEqual({ id, time: FOUNDED + SECOND, size: 2, refusal })
    const [text] = new TextDecoder().decode(signed).split('\n\n')
    expect(text!.split('\n').map((line) => line.replace(/^[0-9a-f]{48}$/, '<id>'))).toEqual([
      'nimledger/refusal@v1',
      ORIGIN,
      '<id>',
      'unknown_listing',
      '2026-01-01T00:00:01.000Z',
      '2',
      `{"listing":"${PURCHASE.listing}"}`,
    ])
  })

  it('is believed from the log that signed it alone, and not once a byte of it is changed', async () => {
    const { signed } = await signedPurchase()
    const other = verifierKey(sha256, ORIGIN, ED25519, OTHER_SEQUENCER.publicKey)
    expect(checkSignedRefusal(signed, trustIn(other))).toBeInstanceOf(Malformed)
    expect(checkSignedRefusal(signed, trustIn(LOG_KEY, 'other.example/log'))).toBeInstanceOf(Malformed)
    for (let at = 0; at < signed.length; at++) {
      const changed = Uint8Array.from(signed)
      changed[at]! ^= 1
      expect(checkSignedRefusal(changed, trustIn()), `byte ${at}`).toBeInstanceOf(Malformed)
    }
  })

  it('is neither a checkpoint nor a receipt, and neither of them is one', async () => {
    const { test, signed } = await signedPurchase()
    expect(openCheckpoint(signed, trustIn())).toBeInstanceOf(Malformed)
    expect(checkProof({ rules, sha256 }, signed, trustIn())).toBeInstanceOf(Malformed)
    expect(isSignedRefusal(test.ledger.checkpoint!)).toBe(false)
    expect(checkSignedRefusal(test.ledger.checkpoint!, trustIn())).toBeInstanceOf(Malformed)
  })

  it.each([
    ['a line less', (text: string) => text.replace(/^2\n/m, '')],
    ['a line more', (text: string) => `${text}more\n`],
    ['another header', (text: string) => text.replace('@v1', '@v2')],
    ['a code that there is not', (text: string) => text.replace('unknown_listing', 'no_such_code')],
    ['a time that is none', (text: string) => text.replace('2026-01-01', '2026-02-30')],
    ['data that is not canonical', (text: string) => text.replace('{"listing"', '{ "listing"')],
    ['data that is a list', (text: string) => text.replace(/\{.*\}/, '[]')],
    ['a size with a zero before it', (text: string) => text.replace(/^2\n/m, '02\n')],
  ])('with %s is malformed, whoever signed it', async (_, change) => {
    const { signed } = await signedPurchase()
    const text = `${new TextDecoder().decode(signed).split('\n\n')[0]}\n`
    expect(change(text)).not.toBe(text)
    expect(checkSignedRefusal(signNote(text, [SEQUENCER]), trustIn())).toMatchObject({ refusal: { code: 'unknown_listing' } })
    expect(checkSignedRefusal(signNote(change(text), [SEQUENCER]), trustIn())).toBeInstanceOf(Malformed)
  })
})

describe('the ledger gives its word', () => {
  it('for nothing that anybody could provoke in the name of another', async () => {
    const { test } = await signedPurchase()
    const notes = [
      test.sign(ADA, 'dataset.purchase', PURCHASE, { signedBy: BOB }),
      test.sign(BOB, 'dataset.purchase', PURCHASE),
      test.sign(ADA, 'dataset.purchase', PURCHASE, { ledger: 'other.example/log' }),
      Uint8Array.of(1, 2, 3),
    ]
    const codes: string[] = []
    for (const note of notes) {
      const refusal = await refused(test, note)
      codes.push(refusal.code)
      expect(await sign(test, note, refusal), refusal.code).toBeUndefined()
    }
    expect(codes).toEqual(['bad_signature', 'unknown_account', 'wrong_ledger', 'malformed'])
  })

  it('for nothing that is in the log after all', async () => {
    const { test, refusal } = await signedPurchase()
    const note = test.model(ADA)
    await test.ledger.submit(note)
    expect(await sign(test, note, refusal)).toBeUndefined()
  })
})
