/** The envelope: what is a well-formed transaction before anybody asks the ledger's state, its time or a signature. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_NOTE_BYTES } from '../../core/base/limits.ts'
import { Malformed } from '../../core/base/malformed.ts'
import type { Json } from '../../core/domain/canonical.ts'
import {
  composeText,
  type Draft,
  envelopeForm,
  parseSignedTransaction,
  parseTransaction,
  type Transaction,
} from '../../core/domain/envelope.ts'
import { accountId, transactionId } from '../../core/domain/ids.ts'
import { MAX_SECONDS, parseSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { formatNote, type NoteSignature } from '../../core/log/note.ts'
import { ORIGIN } from '../support/world.ts'
import { publicKeyOf } from './json.ts'

const ADA = accountId(sha256, publicKeyOf('ada'))
const MODEL = { name: 'law', base: 'llama', artifact: 'ab'.repeat(32), description: 'Law.' }
const DRAFT: Draft = {
  ...{ type: 'model.create', body: MODEL, ledger: ORIGIN, signer: ADA },
  ...{ made: parseSeconds('2026-11-22T08:31:07Z')!, nonce: new Uint8Array(16).fill(0xfb) },
}

const TEXT =
  `{"body":{"artifact":"${'ab'.repeat(32)}","base":"llama","description":"Law.","name":"law"},"ledger":"${ORIGIN}",` +
  `"made":"2026-11-22T08:31:07Z","nonce":"-_v7-_v7-_v7-_v7-_v7-w","signer":"${ADA}","type":"model.create","v":1,` +
  `"validUntil":"2026-11-23T08:31:07Z"}\n`

function parse(text: string): Transaction | Malformed {
  return parseTransaction(rules, sha256, text)
}

function reasonOf(parsed: unknown): string {
  return parsed instanceof Malformed ? parsed.reason : 'well-formed'
}

/** The text with fields of the envelope replaced; undefined takes one away. */
function withFields(fields: Record<string, unknown>): string {
  const envelope = { ...JSON.parse(TEXT), ...fields } as Record<string, unknown>
  const sorted = Object.entries(envelope).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${JSON.stringify(Object.fromEntries(sorted))}\n`
}

describe('text', () => {
  test('is one line of canonical JSON, valid for a day unless said otherwise', () => {
    expect(composeText(DRAFT)).toBe(TEXT)
    expect(composeText({ ...DRAFT, validUntil: DRAFT.made + 1 })).toContain('"validUntil":"2026-11-22T08:31:08Z"')
    expect(composeText({ ...DRAFT, made: MAX_SECONDS - 1 })).toContain('"validUntil":"2106-02-07T06:28:15Z"')
  })

  test('is read back as it was meant', () => {
    const transaction = parse(TEXT) as Transaction
    expect(transaction).toMatchObject({ text: TEXT, body: MODEL, ledger: ORIGIN, signer: ADA, made: DRAFT.made })
    expect(transaction.validUntil).toBe(DRAFT.made + 86_400)
    expect(transaction.definition.type).toBe('model.create')
    expect(transaction.id).toBe(transactionId(sha256, Buffer.from(TEXT), DRAFT.made + 86_400))
  })

  test('of any draft gives the draft back', () => {
    const ascii = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 })
    const name = ascii.filter((text) => /^[!-~]([ -~]*[!-~])?$/.test(text))
    const time = fc.integer({ min: 0, max: MAX_SECONDS - 1 })
    fc.assert(
      fc.property(
        name,
        time,
        fc.integer({ min: 1, max: 10 ** 9 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (title, made, span, nonce) => {
          const validUntil = Math.min(made + span, MAX_SECONDS)
          const text = composeText({ ...DRAFT, body: { ...MODEL, name: title }, made, validUntil, nonce })
          expect(parse(text)).toMatchObject({ text, body: { ...MODEL, name: title }, made, validUntil })
        },
      ),
    )
  })
})

describe('the envelope', () => {
  test('is well-formed where its schema says so, whatever stands in its fields', () => {
    const field = fc.constantFrom('body', 'ledger', 'made', 'nonce', 'signer', 'type', 'v', 'validUntil', 'more')
    const near = fc.constantFrom<Json>(
      ORIGIN,
      ADA,
      '2026-11-22T08:31:07Z',
      '2026-02-30T08:31:07Z',
      '-_v7-_v7-_v7-_v7-_v7-w',
      1,
      2,
      true,
      [],
      {},
    )
    const cut = fc
      .tuple(near, fc.nat(3))
      .map(([value, by]) => (typeof value === 'string' ? value.slice(0, value.length - by) : value))
    const chance = fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger(), fc.boolean())
    const fields = fc.dictionary(field, fc.oneof(near, cut, chance, fc.constant(undefined)), { maxKeys: 3 })
    fc.assert(
      fc.property(fields, (replaced) => {
        const text = withFields(replaced)
        const isFormed = envelopeForm.safeParse(JSON.parse(text)).success
        expect(reasonOf(parse(text)).startsWith('envelope')).toBe(!isFormed)
      }),
      { numRuns: 3_000 },
    )
  })

  test.each<[string, Record<string, unknown>]>([
    ['no body', { body: undefined }],
    ['a body that is no object', { body: [] }],
    ['a text for a body', { body: 'model' }],
    ['no ledger', { ledger: undefined }],
    ['a ledger that is no origin', { ledger: 'Hub Example' }],
    ['an origin that is too long', { ledger: 'a'.repeat(129) }],
    ['no time', { made: undefined }],
    ['a time of another form', { made: '2026-11-22T08:31:07.000Z' }],
    ['a day that there is not', { made: '2026-02-30T08:31:07Z' }],
    ['a number for a time', { made: 1_795_336_267 }],
    ['an hour that there is not', { validUntil: '2026-11-23T24:00:00Z' }],
    ['validUntil at made', { validUntil: '2026-11-22T08:31:07Z' }],
    ['validUntil before made', { validUntil: '2026-11-22T08:31:06Z' }],
    ['no nonce', { nonce: undefined }],
    ['a short nonce', { nonce: 'A'.repeat(21) }],
    ['a long nonce', { nonce: 'A'.repeat(23) }],
    ['a padded nonce', { nonce: `${'A'.repeat(21)}=` }],
    ['base64 that is not for URLs', { nonce: `+/${'A'.repeat(20)}` }],
    ['a nonce and a newline', { nonce: `${'A'.repeat(22)}\n` }],
    ['a signer that is no account', { signer: 'ada' }],
    ['a signer in capitals', { signer: ADA.toUpperCase() }],
    ['a type that there is not', { type: 'model.fly' }],
    ['a type that objects have', { type: 'constructor' }],
    ['a type that is no text', { type: 1 }],
    ['another version of the rules', { v: 2 }],
    ['no version', { v: undefined }],
    ['a text for a version', { v: '1' }],
    ['an unknown field', { comment: 'hello' }],
    ['a field that objects have', { constructor: 1 }],
  ])('%s is malformed', (_, fields) => {
    expect(reasonOf(parse(withFields(fields)))).toMatch(/^(envelope|body|there is no|validUntil)/)
  })

  test('its fields as they should be', () => {
    expect(withFields({})).toBe(TEXT)
    expect(reasonOf(parse(withFields({ nonce: 'A'.repeat(22) })))).toBe('well-formed')
    expect(reasonOf(parse(withFields({ validUntil: '2026-11-22T08:31:08Z' })))).toBe('well-formed')
  })
})

describe('the line', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['a newline alone', '\n'],
    ['no newline', TEXT.slice(0, -1)],
    ['two newlines', `${TEXT}\n`],
    ['an empty line first', `\n${TEXT}`],
    ['a carriage return', TEXT.replace('\n', '\r\n')],
    ['a byte order mark', `\ufeff${TEXT}`],
    ['white space', TEXT.replace(':', ': ')],
    ['white space at the end', `${TEXT.slice(0, -1)} \n`],
    ['two values', `${TEXT.slice(0, -1)}${TEXT}`],
    ['keys in another order', `{"type":"model.create",${TEXT.slice(1)}`],
    ['a key twice', TEXT.replace('"v":1', '"v":1,"v":1')],
    ['a key twice, the second time otherwise', TEXT.replace('"name":"law"', '"name":"law","name":"lax"')],
    ['a key twice, once escaped', TEXT.replace('"name":"law"', '"name":"law","\\u006eame":"lax"')],
    ['an escape that is not needed', TEXT.replace('"law"', '"l\\u0061w"')],
    ['a fraction', TEXT.replace('"v":1', '"v":1.0')],
    ['an exponent', TEXT.replace('"v":1', '"v":1e0')],
    ['a huge number', TEXT.replace('"v":1', `"v":1${'0'.repeat(400)}`)],
    ['a null', TEXT.replace('"law"', 'null')],
    ['a lone surrogate', TEXT.replace('"law"', '"\\ud800"')],
    ['a lone surrogate as it is', TEXT.replace('"law"', '"\ud800"')],
    ['__proto__ in the envelope', TEXT.replace('{"body"', '{"__proto__":{"v":1},"body"')],
    ['__proto__ in the body', TEXT.replace('{"artifact"', '{"__proto__":{},"artifact"')],
    ['__proto__ for the body', TEXT.replace(/"body":\{[^}]*\}/, `"__proto__":${JSON.stringify(MODEL)}`)],
    ['constructor in the body', TEXT.replace('"description"', '"constructor":1,"description"')],
    ['nine levels', TEXT.replace('"law"', `${'['.repeat(7)}${']'.repeat(7)}`)],
  ])('%s is malformed', (_, text) => {
    expect(parse(text)).toBeInstanceOf(Malformed)
  })

  test('__proto__ is an unknown field wherever it stands', () => {
    const limit = (inner: string) => `"limit":{${inner}"amount":"1","per":"day"}`
    const body = (fields: string) =>
      `{"expires":"2026-12-31T00:00:00Z",${fields},"listing":"lst_${'0'.repeat(32)}","reserve":"0","terms":1}`
    const mandate = (fields: string) =>
      TEXT.replace(/"body":\{[^}]*\}/, `"body":${body(fields)}`).replace('model.create', 'usage.mandate')
    expect(reasonOf(parse(mandate(limit(''))))).toBe('well-formed')
    expect(parse(mandate(limit('"__proto__":{},')))).toBeInstanceOf(Malformed)
    expect(parse(mandate(limit('')).replace('{"expires"', '{"__proto__":{},"expires"'))).toBeInstanceOf(Malformed)
    expect(parse(mandate(limit('')).replace('{"expires"', '{"__proto__":"x","expires"'))).toBeInstanceOf(Malformed)
  })

  test('any text is well-formed or malformed, never an exception', () => {
    const mutated = fc.tuple(fc.nat(TEXT.length - 1), fc.nat(3), fc.string({ unit: 'binary', maxLength: 3 }))
    fc.assert(
      fc.property(fc.array(mutated, { maxLength: 3 }), (changes) => {
        let text = TEXT
        for (const [at, length, by] of changes) text = text.slice(0, at) + by + text.slice(at + length)
        const parsed = parse(text)
        if (!(parsed instanceof Malformed)) expect(parsed.text).toBe(text)
      }),
      { numRuns: 1_000 },
    )
  })

  test('no body of chance is well-formed, for any type; a body without fields is where the type has none', () => {
    fc.assert(
      fc.property(fc.constantFrom(...rules.get(1)!.keys()), fc.dictionary(fc.string(), fc.jsonValue()), (type, body) => {
        const text = composeText({ ...DRAFT, type, body: body as Json })
        const isWellFormed = type === 'plan.cancel' && Object.keys(body).length === 0
        expect(parse(text) instanceof Malformed).toBe(!isWellFormed)
      }),
    )
  })
})

describe('the form of texts in fields', () => {
  test.each([
    ['NFC', 'Amélie', true],
    ['NFD', 'Ame\u0301lie', false],
    ['a control character', 'a\u0001', false],
    ['a right-to-left override', 'a\u202eb', false],
    ['a zero-width space', 'a\u200bb', false],
    ['64 characters', '爱'.repeat(64), true],
    ['65 characters', '爱'.repeat(65), false],
    ['a number in words', '1e3', true],
  ])('%s', (_, name, isTaken) => {
    expect(!(parse(composeText({ ...DRAFT, body: { ...MODEL, name } })) instanceof Malformed)).toBe(isTaken)
  })
})

const SIGNATURE: NoteSignature = { name: ADA, keyId: '01020304', signature: new Uint8Array(64).fill(7) }

describe('a received note', () => {
  const read = (note: Uint8Array) => parseSignedTransaction(rules, sha256, note)
  const note = formatNote(TEXT, [SIGNATURE])

  test('is read with the signature that stands below', () => {
    const signed = read(note)
    expect(reasonOf(signed)).toBe('well-formed')
    expect(signed).toMatchObject({ text: TEXT, note, signatures: [SIGNATURE] })
    expect(Buffer.from((signed as { textBytes: Uint8Array }).textBytes).toString()).toBe(TEXT)
  })

  test.each<[string, Uint8Array]>([
    ['two signatures', formatNote(TEXT, [SIGNATURE, { ...SIGNATURE, keyId: '01020305' }])],
    ['the signature of another', formatNote(TEXT, [{ ...SIGNATURE, name: accountId(sha256, publicKeyOf('bob')) }])],
    ['a signature of 63 bytes', formatNote(TEXT, [{ ...SIGNATURE, signature: new Uint8Array(63) }])],
    ['a signature of 65 bytes', formatNote(TEXT, [{ ...SIGNATURE, signature: new Uint8Array(65) }])],
    ['no signature', Buffer.from(`${TEXT}\n`)],
    ['the text alone', Buffer.from(TEXT)],
    ['nothing', new Uint8Array()],
    ['two texts', Buffer.from(`${TEXT}${Buffer.from(note).toString()}`)],
    ['an empty line in the text', Buffer.from(`${TEXT}\n${Buffer.from(note).toString()}`)],
    ['a line too many at the end', Buffer.concat([note, Buffer.from('\n')])],
    ['no newline at the end', note.subarray(0, -1)],
    ['carriage returns', Buffer.from(Buffer.from(note).toString().replaceAll('\n', '\r\n'))],
    ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), note])],
    ['what is not UTF-8', Buffer.from(Buffer.from(note).toString('latin1').replace('law', 'l\xff'), 'latin1')],
    ['an encoded surrogate', Buffer.concat([note.subarray(0, 20), Buffer.from([0xed, 0xa0, 0x80]), note.subarray(20)])],
    ['a zero byte', Buffer.from(Buffer.from(note).toString().replace('law', 'l\0'))],
  ])('with %s is malformed', (_, bytes) => {
    expect(reasonOf(read(bytes))).not.toBe('well-formed')
  })

  /** A batch whose note has `size` bytes. */
  function noteOfSize(size: number): Uint8Array {
    const batch = (references: readonly string[]): Uint8Array => {
      const lines = references.map((reference) => [0, 0, 1, 0, 0, 0, reference])
      const body = {
        listing: `lst_${'0'.repeat(32)}`,
        stream: 's',
        first: 1,
        start: '2026-11-22T08:31:07Z',
        payers: [ADA],
        lines,
      }
      return formatNote(composeText({ ...DRAFT, type: 'usage.batch', body }), [SIGNATURE])
    }
    const references = ['r']
    while (batch([...references, 'r'.repeat(128)]).length <= size) references.push('r'.repeat(128))
    const missing = size - batch([...references, 'r']).length
    // The last reference takes up the rest.
    return batch([...references, 'r'.repeat(missing + 1)])
  }

  test('has at most 59 900 bytes', () => {
    const largest = noteOfSize(MAX_NOTE_BYTES)
    expect(largest.length).toBe(59_900)
    expect(reasonOf(read(largest))).toBe('well-formed')
    const larger = noteOfSize(MAX_NOTE_BYTES + 1)
    expect(larger.length).toBe(59_901)
    expect(reasonOf(read(larger))).toBe('the note has 59901 bytes, more than 59900')
  })

  test('of any bytes is well-formed or malformed, never an exception', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void expect(read(bytes)).toBeInstanceOf(Malformed)))
    const change = fc.tuple(fc.nat(note.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const bytes = Uint8Array.from(note)
        for (const [at, byte] of changes) bytes[at] = byte
        const signed = read(bytes)
        if (!(signed instanceof Malformed)) expect(Buffer.from(signed.text).equals(signed.textBytes)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})
