/**
 * Attacks on the form of notes, with real signatures, on both stores: signatures in other bytes, meanings in other texts, notes
 * in other encodings, notes made to choke whoever reads them. Each test says what is tried; the comment in it why it fails.
 */

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import { accountId } from '../../core/domain/ids.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { signNote } from '../../core/log/note.ts'
import { homes } from '../ledger/homes.ts'
import { BOB, codes, signerAs, submitAll } from '../ledger/support.ts'
import { bobHas, scene, textOf, withSignature } from './scene.ts'

const L = 2n ** 252n + 27742317777372353535851937790883648493n

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

describe.each(homes)('attacks on the form of notes, on $kind', ({ make }) => {
  test('the same signature in other bytes: S + L, R of small order, R that is not reduced, nothing but zeros', async () => {
    // One gate stands before every verifier: S below L, R canonical and not of small order; so a note has one signature by a key.
    const it = await scene(await make())
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
    const it = await scene(await make())
    const publicKey = `01${'00'.repeat(31)}`
    const account = accountId(sha256, Buffer.from(publicKey, 'hex'))
    const everybody = { ...BOB, account, signer: signerAs({ ...BOB.pair, publicKey: Buffer.from(publicKey, 'hex') }, account) }
    const note = it.test.sign(everybody, 'account.open', { publicKey, name: 'Everybody' })
    const signed = withSignature(note, (bytes) => bytes.fill(0, 4).set([1], 4))
    expect(codes(await submitAll(it.test, [note, signed]))).toEqual(['bad_signature', 'bad_signature'])
  })

  test('one meaning in another text: order of keys, escapes, spaces, numbers, doubled and hidden fields', async () => {
    // One value has one text: RFC 8785, and nothing else is even looked at; so a meaning has one id.
    const it = await scene(await make())
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
    const it = await scene(await make())
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
    const it = await scene(await make())
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
})
