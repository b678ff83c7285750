/**
 * Attacks on notes, with real signatures, on both stores: replays, relays, lines of others, notes that share a batch. Each test
 * says what is tried; the comment in it why it fails.
 */

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { formatSeconds, wholeSeconds } from '../../core/domain/time.ts'
import type { Accepted } from '../../core/ledger/accepted.ts'
import type { StoreWriter } from '../../core/ledger/store.ts'
import { type NoteSigner, signNote } from '../../core/log/note.ts'
import { homes } from '../ledger/homes.ts'
import { mandateFor, usageBatch } from '../ledger/marketplace.ts'
import {
  ADA,
  BOB,
  CYD,
  codes,
  DAY,
  GENESIS,
  interpose,
  MODEL,
  OPERATOR,
  person,
  SECOND,
  SEQUENCER,
  signerAs,
  submitAll,
} from '../ledger/support.ts'
import { bobHas, scene, textOf, withSignature } from './scene.ts'

describe.each(homes)('attacks on notes, on $kind', ({ make }) => {
  test('a signed note sent again as another: with another nonce, another end, a word more', async () => {
    // The signature is over the text, so another text is not signed; and what fails there is not remembered of the true one.
    const it = await scene(await make())
    const text = textOf(it.purchase)
    const nonce = /"nonce":"(.)/.exec(text)![1]!
    const forged = [
      text.replace(`"nonce":"${nonce}`, `"nonce":"${nonce === 'B' ? 'C' : 'B'}`),
      text.replace('"validUntil":"2026-01-02', '"validUntil":"2026-01-03'),
      text.replace('"price":"4"', '"price":"5"'),
      text.replace(BOB.account, CYD.account),
    ]
    expect(forged.filter((one) => one === text)).toEqual([])
    const answers = await submitAll(it.test, [...forged.map((one) => utf8(one)), it.purchase])
    expect(codes(answers)).toEqual(['bad_signature', 'bad_signature', 'bad_signature', 'malformed', 'accepted'])
    await bobHas(it, 246n)
  })

  test('one note many times: in a batch, in the next, after a restart, after its end', async () => {
    // An id is known for ever: whoever sends the note again gets its first outcome, and nothing happens.
    const it = await scene(await make())
    const first = await submitAll(it.test, [it.purchase, it.purchase])
    const second = await it.test.ledger.submit(it.purchase)
    await it.test.reopen()
    const third = await it.test.ledger.submit(it.purchase)
    it.test.time += 400 * DAY
    const last = await it.test.ledger.submit(it.purchase)
    const indexes = [...first, second, third, last].map((answer) => answer.status === 'accepted' && answer.index)
    expect(new Set(indexes)).toEqual(new Set([it.test.ledger.size - 1]))
    await bobHas(it, 246n)
  })

  test('a relay that spoils the signature first, so that the true note is refused later', async () => {
    // What fails at the signature check is not remembered, so nobody can spoil a note that he cannot sign.
    const it = await scene(await make())
    const spoiled = withSignature(it.purchase, (bytes) => bytes.set([bytes[40]! ^ 1], 40))
    expect(codes(await submitAll(it.test, [spoiled, spoiled]))).toEqual(['bad_signature', 'bad_signature'])
    await it.test.reopen()
    expect(codes([await it.test.ledger.submit(spoiled), await it.test.ledger.submit(it.purchase)])).toEqual([
      'bad_signature',
      'accepted',
    ])
    expect(codes([await it.test.ledger.submit(spoiled)])).toEqual(['bad_signature'])
    await bobHas(it, 246n)
  })

  test('a key for the log named by strangers, to learn which ones the sequencer holds, or by a spoiled note', async () => {
    // Who may name one is looked at first, as for every note; only then whether the sequencer holds the key.
    const it = await scene(await make())
    const rotation = { sequencerKey: person('thief').publicKey }
    const stranger = it.test.sign(BOB, 'sequencer.rotate', rotation)
    const forged = it.test.sign(OPERATOR, 'sequencer.rotate', rotation, { signedBy: BOB })
    const elsewhere = it.test.sign(BOB, 'ledger.genesis', {
      ...GENESIS,
      operatorKey: BOB.publicKey,
      sequencerKey: rotation.sequencerKey,
    })
    const answers = await submitAll(it.test, [stranger, forged, elsewhere, it.purchase])
    expect(codes(answers)).toEqual(['key_scope', 'bad_signature', 'already_founded', 'accepted'])
    await expect(it.test.submit(OPERATOR, 'sequencer.rotate', rotation)).rejects.toMatchObject({ code: 'missing' })
    await bobHas(it, 246n)
  })

  test("another's signature: in his own name, in the signer's, under the signer's key id, by the log's key", async () => {
    // A line names its account and its key; the first is the signer's, and only a key of his verifies it.
    const it = await scene(await make())
    const text = it.test.compose(BOB, 'feature.purchase', { listing: it.feature, terms: 1, price: '4' })
    const lines: NoteSigner[] = [
      CYD.signer,
      { ...CYD.signer, name: BOB.account },
      { ...CYD.signer, name: BOB.account, keyId: BOB.signer.keyId },
      { ...SEQUENCER, name: BOB.account },
      { ...BOB.signer, keyId: '00000000' },
    ]
    const answers = await submitAll(
      it.test,
      [...lines, BOB.signer].map((line) => signNote(text, [line])),
    )
    expect(codes(answers)).toEqual(['malformed', ...lines.slice(1).map(() => 'bad_signature'), 'accepted'])
    await bobHas(it, 246n)
  })

  test('lines too many, too few, twice, in another order', async () => {
    // Exactly the signatures that the type demands, in its order; and the true note is taken after all of these.
    const it = await scene(await make())
    const { signer: bob } = BOB
    const single = it.test.compose(BOB, 'feature.purchase', { listing: it.feature, terms: 1, price: '4' })
    const usage = { requests: 10_000, inputTokens: 0, outputTokens: 0, milliseconds: 0 }
    const shared = it.test.compose(BOB, 'query.charge', { listing: it.api, terms: 1, usage, reference: 'r' })
    const notes: [string, NoteSigner[]][] = [
      [single, [bob, bob]],
      [single, [bob, ADA.signer]],
      [single, [ADA.signer, bob]],
      [shared, [bob]],
      [shared, [ADA.signer, bob]],
      [shared, [bob, ADA.signer, ADA.signer]],
      [shared, [bob, ADA.signer, OPERATOR.signer]],
      [shared, [bob, { ...ADA.signer, sign: bob.sign }]],
      [shared, [{ ...bob, sign: ADA.signer.sign }, ADA.signer]],
      [single, [bob]],
      [shared, [bob, ADA.signer]],
    ]
    const answers = await submitAll(
      it.test,
      notes.map(([text, signers]) => signNote(text, signers)),
    )
    const malformed = Array.from({ length: 7 }, () => 'malformed')
    expect(codes(answers)).toEqual([...malformed, 'bad_signature', 'bad_signature', 'accepted', 'accepted'])
    await bobHas(it, 245n)
  })

  test('a stranger signs below the payer before the meter does, so that the true note is refused later', async () => {
    // Whoever may not meter is refused, and that is not remembered: the note is the payer's and the meter's.
    const it = await scene(await make())
    const usage = { requests: 10_000, inputTokens: 0, outputTokens: 0, milliseconds: 0 }
    const charge = it.test.compose(BOB, 'query.charge', { listing: it.api, terms: 1, usage, reference: 'r' })
    const below = (meter: NoteSigner) => signNote(charge, [BOB.signer, meter])
    const stolen = below(CYD.signer)
    expect(codes(await submitAll(it.test, [stolen, stolen]))).toEqual(['key_scope', 'key_scope'])
    await it.test.reopen()
    expect(codes(await submitAll(it.test, [stolen, below(ADA.signer), stolen]))).toEqual(['key_scope', 'accepted', 'accepted'])
    await bobHas(it, 249n)
  })

  test('a purchase that its buyer saw fail is kept by a shop, and sent when there are credits', async () => {
    // A refusal by a rule is remembered until the note has expired, durably; after that the note is too old.
    const it = await scene(await make())
    const note = it.test.sign(BOB, 'subscription.start', { listing: it.api, terms: 1, period: 'month', price: '11' })
    const dear = it.test.sign(CYD, 'plan.subscribe', { plan: 'experienced', price: '49' })
    await it.test.accept(CYD, 'dataset.purchase', { listing: it.dataset, terms: 1, price: '25' })
    await it.test.accept(CYD, 'usage.mandate', { ...mandateFor(it.test, it.api), reserve: '200' })
    expect(codes(await submitAll(it.test, [note, dear]))).toEqual(['price_changed', 'exceeds_credits'])
    await it.test.ledger.submit(it.test.topup(CYD, '100'))
    expect(codes(await submitAll(it.test, [dear, dear]))).toEqual(['exceeds_credits', 'exceeds_credits'])
    await it.test.reopen()
    expect(codes(await submitAll(it.test, [dear, note]))).toEqual(['exceeds_credits', 'price_changed'])
    it.test.time += DAY - SECOND
    expect(codes([await it.test.ledger.submit(dear)])).toEqual(['exceeds_credits'])
    it.test.time += SECOND
    expect(codes([await it.test.ledger.submit(dear)])).toEqual(['expired'])
    await bobHas(it, 250n)
  })

  test('a note for another ledger, and a second genesis', async () => {
    // A note names its ledger; and a ledger is founded once.
    const it = await scene(await make())
    const elsewhere = it.test.sign(BOB, 'model.create', MODEL, { ledger: 'other.example/credits' })
    expect(codes(await submitAll(it.test, [elsewhere, it.test.genesis()]))).toEqual(['wrong_ledger', 'already_founded'])
  })

  test('one text signed by two keys of an account, to pay or be paid twice', async () => {
    // The id is of the text alone: whoever of the account's keys signs it, it is one transaction.
    const it = await scene(await make())
    const phone = person("Bob's phone")
    await it.test.accept(BOB, 'key.add', { publicKey: phone.publicKey, scopes: ['all'], label: 'phone' })
    const text = it.test.compose(BOB, 'feature.purchase', { listing: it.feature, terms: 1, price: '4' })
    const notes = [BOB.signer, signerAs(phone.pair, BOB.account)].map((signer) => signNote(text, [signer]))
    const [first, second] = await submitAll(it.test, notes)
    expect(first).toMatchObject({ status: 'accepted' })
    expect(second).toMatchObject({ status: 'accepted', repeated: true, index: (first as Accepted).index })
    await bobHas(it, 246n)
  })

  test('a key used in the batch that adds, limits and revokes it', async () => {
    // Each entry sees the one before, also in one batch: before it is added and after it is revoked a key signs nothing.
    const it = await scene(await make())
    const phone = person("Bob's phone")
    const by = signerAs(phone.pair, BOB.account)
    const spend = (price: string, listing = it.feature) =>
      signNote(it.test.compose(BOB, 'feature.purchase', { listing, terms: 1, price }), [by])
    const key = { publicKey: phone.publicKey, scopes: ['spend'], label: 'phone', budget: { amount: '8', per: 'day' } }
    const answers = await submitAll(it.test, [
      spend('4'),
      it.test.sign(BOB, 'key.add', key),
      spend('4'),
      spend('4'),
      spend('4'),
      it.test.sign(BOB, 'key.revoke', { key: by.keyId, reason: 'lost' }),
      spend('4'),
    ])
    const spent = ['bad_signature', 'accepted', 'accepted', 'accepted', 'exceeds_budget', 'accepted', 'bad_signature']
    expect(codes(answers)).toEqual(spent)
    await bobHas(it, 242n)
  })

  test('the same call or payment in two notes of one batch', async () => {
    // References and lines are looked up after the entries before them, not after the commit.
    const it = await scene(await make())
    await it.test.accept(BOB, 'usage.mandate', mandateFor(it.test, it.api))
    const batch = () => it.test.sign(ADA, 'usage.batch', usageBatch(it.api, 1, [BOB.account], [[0, 0, 10_000, 0, 0, 0]]))
    const usage = { requests: 10_000, inputTokens: 0, outputTokens: 0, milliseconds: 0 }
    const body: Json = { listing: it.api, terms: 1, usage, reference: 'r' }
    const call = () => signNote(it.test.compose(BOB, 'query.charge', body), [BOB.signer, ADA.signer])
    const answers = await submitAll(it.test, [
      batch(),
      batch(),
      call(),
      call(),
      it.test.topup(BOB, '1', 'x'),
      it.test.topup(BOB, '1', 'x'),
    ])
    const once = ['accepted', 'duplicate_lines', 'accepted', 'reference_used', 'accepted', 'reference_used']
    expect(codes(answers)).toEqual(once)
    await bobHas(it, 249n)
  })

  test('closings sent by strangers, so that the ledger adds up all its books for each', async () => {
    // Only for the operator are the books added up; whoever else asks is refused before.
    const it = await scene(await make())
    let scans = 0
    const counted = (store: StoreWriter) =>
      interpose(store, (method, call) => {
        if (method === 'scanRows') scans += 1
        return call()
      })
    await it.test.reopen({ wrap: counted })
    const now = wholeSeconds(it.test.time)
    const closing = { end: formatSeconds(now), size: it.test.ledger.size, ...(await it.test.ledger.summary(now)) }
    scans = 0
    const stranger = Array.from({ length: 20 }, () => it.test.sign(BOB, 'period.close', closing))
    expect(new Set(codes(await submitAll(it.test, stranger)))).toEqual(new Set(['key_scope']))
    expect(scans).toBe(0)
    expect((await it.test.submit(OPERATOR, 'period.close', closing)).status).toBe('accepted')
    expect(scans).toBeGreaterThan(0)
  })
})
