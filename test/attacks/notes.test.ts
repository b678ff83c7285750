/**
 * Attacks on notes and their signatures, with real ones, on both stores: replays, relays, malleated signatures, other encodings,
 * signature lines that are missing, too many or another's. Each test says what is tried; the comment in it why it fails.
 */

import { describe, expect, test } from 'vitest'
import { tryFromBase64, utf8 } from '../../core/base/bytes.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { accountId } from '../../core/domain/ids.ts'
import { type Account, accounts } from '../../core/domain/state.ts'
import { decodeRow } from '../../core/domain/table.ts'
import { formatSeconds, wholeSeconds } from '../../core/domain/time.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import type { Accepted } from '../../core/ledger/accepted.ts'
import type { StoreWriter } from '../../core/ledger/store.ts'
import { type NoteSigner, signNote } from '../../core/log/note.ts'
import { homes } from '../ledger/homes.ts'
import { type Marketplace, mandateFor, openMarketplace, usageBatch } from '../ledger/marketplace.ts'
import {
  ADA,
  BOB,
  CYD,
  codes,
  DAY,
  interpose,
  MODEL,
  OPERATOR,
  person,
  SECOND,
  SEQUENCER,
  signerAs,
  submitAll,
  TestLedger,
} from '../ledger/support.ts'

const L = 2n ** 252n + 27742317777372353535851937790883648493n

function textOf(note: Uint8Array): string {
  return new TextDecoder().decode(note)
}

/** The note with its signature bytes changed: key id, R and S of the first line. */
function withSignature(note: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const text = textOf(note)
  const encoded = /([A-Za-z0-9+/=]+)\n$/.exec(text)![1]!
  const bytes = tryFromBase64(encoded)!.slice()
  change(bytes)
  return utf8(text.replace(`${encoded}\n`, `${Buffer.from(bytes).toString('base64')}\n`))
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

function bytesOf(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex').reverse()
}

/** The same signature as S + L: tweetnacl and others take it. */
function plusOrder(note: Uint8Array): Uint8Array {
  return withSignature(note, (bytes) => bytes.set(bytesOf(numberOf(bytes.subarray(36)) + L), 36))
}

/** Bob, who buys Ada's feature for 4 of his 250 credits. */
interface Scene extends Marketplace {
  readonly test: TestLedger
  readonly purchase: Uint8Array
}

describe.each(homes)('attacks on notes, on $kind', ({ make }) => {
  async function scene(): Promise<Scene> {
    const test = await TestLedger.found(await make())
    const market = await openMarketplace(test)
    const purchase = test.sign(BOB, 'feature.purchase', { listing: market.feature, terms: 1, price: '4' })
    return { test, purchase, ...market }
  }

  async function bobHas({ test }: Scene, credits: bigint): Promise<void> {
    const [text] = await test.store.rows([accounts.at(BOB.account)])
    expect((decodeRow(text!) as Account).walletMicros).toBe(credits * 1_000_000n)
    expect((await test.audit()).defects).toEqual([])
  }

  test('a signed note sent again as another: with another nonce, another end, a word more', async () => {
    // The signature is over the text, so another text is not signed; and what fails there is not remembered of the true one.
    const it = await scene()
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
    const it = await scene()
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
    const it = await scene()
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

  test('the same signature in other bytes: S + L, R of small order, R that is not reduced, nothing but zeros', async () => {
    // One gate stands before every verifier: S below L, R canonical and not of small order; so a note has one signature by a key.
    const it = await scene()
    const malleated = [
      plusOrder(it.purchase),
      withSignature(it.purchase, (bytes) => bytes.fill(0, 4).set([1], 4)),
      withSignature(it.purchase, (bytes) => bytes.fill(0, 4)),
      withSignature(it.purchase, (bytes) => bytes.fill(255, 4, 36)),
      withSignature(it.purchase, (bytes) => bytes.set(Buffer.from(`ed${'ff'.repeat(30)}7f`, 'hex'), 4)),
    ]
    const spoiled = malleated.map(() => 'bad_signature')
    expect(codes(await submitAll(it.test, malleated))).toEqual(spoiled)
    expect(codes(await submitAll(it.test, [it.purchase, ...malleated]))).toEqual(['accepted', ...spoiled])
    await bobHas(it, 246n)
  })

  test('an account of a key with which everybody signs', async () => {
    // A small-order key passes no gate, whatever stands below the text.
    const it = await scene()
    const publicKey = `01${'00'.repeat(31)}`
    const account = accountId(sha256, Buffer.from(publicKey, 'hex'))
    const everybody = { ...BOB, account, signer: signerAs({ ...BOB.pair, publicKey: Buffer.from(publicKey, 'hex') }, account) }
    const note = it.test.sign(everybody, 'account.open', { publicKey, name: 'Everybody' })
    const signed = withSignature(note, (bytes) => bytes.fill(0, 4).set([1], 4))
    expect(codes(await submitAll(it.test, [note, signed]))).toEqual(['bad_signature', 'bad_signature'])
  })

  test("another's signature: in his own name, in the signer's, under the signer's key id, by the log's key", async () => {
    // A line names its account and its key; the first is the signer's, and only a key of his verifies it.
    const it = await scene()
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
    const it = await scene()
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

  test('a stranger signs below the payer before the meter does', async () => {
    // Whoever may not meter is refused, which counts for this text alone: the payer signs another, and pays once.
    const it = await scene()
    const usage = { requests: 10_000, inputTokens: 0, outputTokens: 0, milliseconds: 0 }
    const charge = () => it.test.compose(BOB, 'query.charge', { listing: it.api, terms: 1, usage, reference: 'r' })
    const seen = charge()
    const stolen = signNote(seen, [BOB.signer, CYD.signer])
    const answers = await submitAll(it.test, [stolen, stolen, signNote(charge(), [BOB.signer, ADA.signer])])
    expect(codes(answers)).toEqual(['key_scope', 'key_scope', 'accepted'])
    expect(codes([await it.test.ledger.submit(signNote(seen, [BOB.signer, ADA.signer]))])).not.toEqual(['accepted'])
    await bobHas(it, 249n)
  })

  test('one meaning in another text: order of keys, escapes, spaces, numbers, doubled and hidden fields', async () => {
    // One value has one text: RFC 8785, and nothing else is even looked at; so a meaning has one id.
    const it = await scene()
    const text = it.test.compose(BOB, 'feature.purchase', { listing: it.feature, terms: 1, price: '4' })
    const variants = [
      text.replace('"price":"4","terms":1', '"terms":1,"price":"4"'),
      text.replace('"price"', '"\\u0070rice"'),
      text.replace('"terms":1', '"terms": 1'),
      text.replace('"terms":1', '"terms":1.0'),
      text.replace('"terms":1', '"terms":1e0'),
      text.replace('"terms":1', '"terms":null'),
      text.replace('"terms":1', '"terms":1,"terms":1'),
      text.replace('"body":{', '"body":{"__proto__":{"price":"1"},'),
      text.replace('{"body"', '{"__proto__":{},"body"'),
      text.replace('"type":', '"toString":"x","type":'),
      text.replace('"v":1', '"v":2'),
      text.replace('"v":1', '"v":"1"'),
      `\ufeff${text}`,
      text.replace('\n', ' \n'),
      `\n${text}`,
    ]
    expect(variants.filter((one) => one === text)).toEqual([])
    const answers = await submitAll(
      it.test,
      variants.map((one) => signNote(one, [BOB.signer])),
    )
    expect(codes(answers)).toEqual(variants.map(() => 'malformed'))
  })

  test('one note in other bytes: line ends, dashes, base64, padding, lines between', async () => {
    // Notes are stored and served as they came, so they come in one form.
    const it = await scene()
    const text = textOf(it.purchase)
    const variants = [
      text.replaceAll('\n', '\r\n'),
      text.slice(0, -1),
      `${text}\n`,
      text.replace('\n\n', '\n\n\n'),
      text.replace('\n\n', '\n'),
      text.replace('\u2014', '-'),
      text.replace('\u2014 ', '\u2014  '),
      text.replace(/=+\n$/, '\n'),
      text.replace(/.(=*)\n$/, (_, padding: string) => `/${padding}\n`),
      text.replace(/=*\n$/, 'AAAA\n'),
      `${text}— ${BOB.account} AAAA\n`,
      `${text}hello\n`,
    ]
    expect(variants.filter((one) => one === text)).toEqual([])
    const answers = await submitAll(
      it.test,
      variants.map((one) => utf8(one)),
    )
    const others = codes(answers).filter((code) => code !== 'malformed' && code !== 'bad_signature')
    expect(others).toEqual([])
    expect(codes([await it.test.ledger.submit(it.purchase)])).toEqual(['accepted'])
    await bobHas(it, 246n)
  })

  test('notes made to choke their reader: deep, long, wide, with figures beyond all figures', async () => {
    // Size, depth and form are looked at before anything else, and a number is an integer that every reader has exactly.
    const it = await scene()
    const text = it.test.compose(BOB, 'feature.purchase', { listing: it.feature, terms: 1, price: '4' })
    const variants = [
      text.replace('"terms":1', `"terms":${'['.repeat(25_000)}${']'.repeat(25_000)}`),
      text.replace('"terms":1', `"terms":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`),
      text.replace('"terms":1', `"terms":${'9'.repeat(50_000)}`),
      text.replace('"terms":1', '"terms":1e999'),
      text.replace('"terms":1', '"terms":9007199254740992'),
      text.replace('"terms":1', '"terms":-0'),
      text.replace('"price":"4"', `"price":"${'4'.repeat(50_000)}"`),
      text.replace('"price":"4"', '"price":"\\ud800"'),
      text.replace('"body":{', `"body":{${Array.from({ length: 5_000 }, (_, i) => `"a${i}":1,`).join('')}`),
      text.replace('"price":"4"', `"price":"${'x'.repeat(59_900)}"`),
    ]
    const answers = await submitAll(
      it.test,
      variants.map((one) => signNote(one, [BOB.signer])),
    )
    expect(codes(answers)).toEqual(variants.map(() => 'malformed'))
    expect(await it.test.ledger.submit(new Uint8Array())).toMatchObject({ code: 'malformed' })
    expect(await it.test.ledger.submit(new Uint8Array(59_900).fill(0xff))).toMatchObject({ code: 'malformed' })
    await bobHas(it, 250n)
  })

  test('a purchase that its buyer saw fail is kept by a shop, and sent when there are credits', async () => {
    // A refusal by a rule is remembered until the note has expired, durably; after that the note is too old.
    const it = await scene()
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
    const it = await scene()
    const elsewhere = it.test.sign(BOB, 'model.create', MODEL, { ledger: 'other.example/credits' })
    expect(codes(await submitAll(it.test, [elsewhere, it.test.genesis()]))).toEqual(['wrong_ledger', 'already_founded'])
  })

  test('one text signed by two keys of an account, to pay or be paid twice', async () => {
    // The id is of the text alone: whoever of the account's keys signs it, it is one transaction.
    const it = await scene()
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
    const it = await scene()
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
    const it = await scene()
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
    const it = await scene()
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
