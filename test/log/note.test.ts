import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, toBase64, utf8 } from '../../core/base/bytes.ts'
import { MAX_NOTE_BYTES, MAX_SIGNATURE_LINES } from '../../core/base/limits.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { noteVerifier } from '../../core/log/checkpoint.ts'
import {
  COSIGNATURE_V1,
  ED25519,
  ed25519Verifier,
  formatNote,
  formatVerifierKey,
  isKeyName,
  keyId,
  type Note,
  type NoteSignature,
  openNote,
  parseNote,
  parseSignatureLines,
  parseSignerKey,
  parseVerifierKey,
  signNote,
  Unverified,
} from '../../core/log/note.ts'
import { selfTest } from '../../core/log/signature.ts'
import { expectInvariantError, hex, keyPair, namedKey, opensslVerify, readVectors, sha256, text, wellFormed } from './support.ts'

const vectors = readVectors<{
  valid: { source: string; note: string; vkeys: string[] }[]
  malformed: { notes: string[] }
  invalidSignature: { note: string; vkeys: string[] }
  signers: { keys: { skey: string; vkey: string }[] }
}>('notes/notes.json')

const parse = (bytes: Uint8Array | string) => parseNote(typeof bytes === 'string' ? utf8(bytes) : bytes, MAX_NOTE_BYTES)
const publicKeyOf = (seed: Uint8Array) => keyPair(seed).publicKey
const verifierOf = (vkey: string) => noteVerifier(opensslVerify, wellFormed(parseVerifierKey(sha256, vkey)))

test('the vectors are all there', () => {
  expect(vectors.valid.length).toBe(8)
  expect(vectors.malformed.notes.length).toBe(7)
  expect(vectors.signers.keys.length).toBe(2)
  expect(selfTest(opensslVerify)).toBe(true)
})

describe('published notes', () => {
  test.each(vectors.valid)('$source', ({ note: noteText, vkeys }) => {
    const note = wellFormed(parse(noteText))
    expect(text(note.textBytes)).toBe(note.text)
    expect(text(formatNote(note.text, note.signatures))).toBe(noteText)
    const verified = wellFormed(openNote(note, vkeys.map(verifierOf)))
    expect(verified.map(({ name, keyId }) => `${name}+${keyId}`)).toEqual(
      vkeys.map((vkey) => vkey.slice(0, vkey.indexOf('+') + 9)),
    )
  })

  test.each(vectors.malformed.notes.map((note, i) => ({ i, note })))('malformed note $i', ({ note }) => {
    expect(parse(note)).toBeInstanceOf(Malformed)
  })

  test('a note with a bad signature', () => {
    const note = wellFormed(parse(vectors.invalidSignature.note))
    expect(openNote(note, vectors.invalidSignature.vkeys.map(verifierOf))).toBeInstanceOf(Unverified)
  })

  test.each(vectors.signers.keys)('signer key of $vkey makes the same bytes again', ({ skey, vkey }) => {
    const { name, keyId, seed } = wellFormed(parseSignerKey(sha256, publicKeyOf, skey))
    const published = vectors.valid.find(({ vkeys }) => vkeys.length === 1 && vkeys[0] === vkey)!
    const note = wellFormed(parse(published.note))
    const own = note.signatures.find((signature) => signature.name === name)!
    const signed = signNote(note.text, [{ name, keyId, sign: keyPair(seed).sign }])
    expect(wellFormed(parse(signed)).signatures).toEqual([own])
  })
})

describe('the specification example of this project', () => {
  const VKEY = 'ledger.example/credits+72b0b5d8+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c'

  test('seed 01 x 32 gives the key, its id and its vkey', () => {
    const { key } = namedKey('ledger.example/credits', ED25519, 1)
    expect(key.publicKey).toEqual(hex('8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c'))
    expect(key.keyId).toBe('72b0b5d8')
    expect(formatVerifierKey(key)).toBe(VKEY)
    expect(parseVerifierKey(sha256, VKEY)).toEqual(key)
  })
})

describe('parsing', () => {
  const alice = namedKey('alice', ED25519, 1)
  const signed = text(signNote('text\n', [{ ...alice.key, sign: alice.sign }]))
  const line = signed.slice('text\n\n'.length)
  const base64 = line.slice('— alice '.length, -1)
  expect(base64.endsWith('=')).toBe(true)

  test.each<[string, string, string, number]>([
    ['a plain note', signed, 'text\n', 1],
    ['an empty line as text', `\n\n${line}`, '\n', 1],
    ['empty lines in the text', `a\n\nb\n\n\n\n${line}`, 'a\n\nb\n\n\n', 1],
    ['what looks like a note as text', `${signed}\n${line}`, signed, 1],
    ['a byte order mark, which stays', `\ufefftext\n\n${line}`, '\ufefftext\n', 1],
    ['text beyond the first plane', `\u{1f4b0}\n\n${line}`, '\u{1f4b0}\n', 1],
    ['a delete character and other bytes above 0x1f', `\u007f\u0080\n\n${line}`, '\u007f\u0080\n', 1],
    ['a line twice', `text\n\n${line}${line}`, 'text\n', 2],
    ['a name that is not ASCII', `text\n\n${line.replace('alice', 'élise')}`, 'text\n', 1],
    ['the most lines', `text\n\n${line.repeat(MAX_SIGNATURE_LINES)}`, 'text\n', MAX_SIGNATURE_LINES],
  ])('takes %s', (_, noteText, expectedText, count) => {
    const note = wellFormed(parse(noteText))
    expect(note.text).toBe(expectedText)
    expect(note.textBytes).toEqual(utf8(expectedText))
    expect(note.signatures.length).toBe(count)
    expect(note.signatures[0]!.signature).toEqual(alice.sign(utf8('text\n')))
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['a newline', '\n'],
    ['two newlines', '\n\n'],
    ['no text', `\n${line}`],
    ['signature lines alone', line],
    ['no empty line', `text\n${line}`],
    ['an empty line at the end', `text\n\n${line}\n`],
    ['no final newline', signed.slice(0, -1)],
    ['a carriage return', signed.replace('\n', '\r\n')],
    ['a tab', `\t${signed}`],
    ['a zero byte', `\0${signed}`],
    ['a hyphen for the dash', signed.replace('—', '-')],
    ['an en dash for the dash', signed.replace('—', '–')],
    ['no space after the dash', signed.replace('— ', '—')],
    ['no name', signed.replace('alice ', '')],
    ['an empty name', signed.replace('alice', '')],
    ['a space in the name', signed.replace('alice', 'al ice')],
    ['a plus in the name', signed.replace('alice', 'al+ice')],
    ['a no-break space in the name', signed.replace('alice', 'al\u00a0ice')],
    ['an ideographic space in the name', signed.replace('alice', 'al\u3000ice')],
    ['a next-line character in the name', signed.replace('alice', 'al\u0085ice')],
    ['no base64', signed.replace(` ${base64}`, '')],
    ['empty base64', signed.replace(base64, '')],
    ['base64 without padding', signed.replace('=\n', '\n')],
    ['base64 with stray bits', signed.replace(/.=\n$/, 'B=\n')],
    ['base64url', signed.replace(base64, base64.replace(/[A-Z]/, '-'))],
    ['a space after the base64', signed.replace('=\n', '= \n')],
    ['a key id and no signature', `text\n\n— alice ${toBase64(new Uint8Array(4))}\n`],
    ['three bytes', `text\n\n— alice ${toBase64(new Uint8Array(3))}\n`],
    ['a line that is none after one that is', `${signed}more\n`],
    ['too many lines', `text\n\n${line.repeat(MAX_SIGNATURE_LINES + 1)}`],
  ])('refuses %s', (_, noteText) => {
    expect(parse(noteText)).toBeInstanceOf(Malformed)
  })

  test.each<[string, Uint8Array]>([
    ['in the text', concatBytes(Uint8Array.of(0xff), utf8(signed))],
    ['in the name', concatBytes(utf8('text\n\n— '), Uint8Array.of(0xc3), utf8(`alice ${base64}\n`))],
    ['as an overlong newline', concatBytes(Uint8Array.of(0xc0, 0x8a), utf8(signed))],
    ['as a surrogate', concatBytes(Uint8Array.of(0xed, 0xa0, 0x80), utf8(signed))],
  ])('refuses bytes that are not UTF-8, %s', (_, bytes) => {
    expect(parse(bytes)).toBeInstanceOf(Malformed)
  })

  test('bounds the size', () => {
    const bytes = utf8(signed)
    expect(parseNote(bytes, bytes.length)).not.toBeInstanceOf(Malformed)
    expect(parseNote(bytes, bytes.length - 1)).toBeInstanceOf(Malformed)
  })

  test('views the bytes of a longer buffer', () => {
    const buffer = concatBytes(utf8('\n\nbefore'), utf8(signed), utf8('after\n\n'))
    const note = wellFormed(parse(buffer.subarray(8, 8 + utf8(signed).length)))
    expect(note.text).toBe('text\n')
    expect(note.textBytes.buffer).toBe(buffer.buffer)
  })

  test('reads signature lines alone', () => {
    expect(wellFormed(parseSignatureLines(line + line)).length).toBe(2)
    for (const bad of ['', '\n', line.slice(0, -1), `${line}\n`, `\n${line}`]) {
      expect(parseSignatureLines(bad)).toBeInstanceOf(Malformed)
    }
  })

  test('gives back what was formatted', () => {
    const line = fc.string({ unit: 'grapheme' })
    const signature = fc.record<NoteSignature>({
      name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isKeyName),
      keyId: fc.stringMatching(/^[0-9a-f]{8}$/),
      signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    })
    fc.assert(
      fc.property(fc.array(line), fc.array(signature, { minLength: 1, maxLength: 5 }), (lines, signatures) => {
        const noteText = `${lines.join('\n')}\n`
        const bytes = formatNote(noteText, signatures)
        const note = wellFormed(parse(bytes))
        expect(note.text).toBe(noteText)
        expect(note.signatures).toEqual(signatures)
        expect(formatNote(note.text, note.signatures)).toEqual(bytes)
      }),
    )
  })

  test('reads the signatures of a note as it does those lines alone, whatever is wrong with them', () => {
    const lines = `${line}${line.replace('alice', 'nim1a.b-c/d')}${line.replace('alice', 'zoë')}`
    const change = fc.tuple(fc.nat(lines.length), fc.nat(2), fc.constantFrom('', ' ', '\n', '+', '=', '— ', 'é', 'A', '\u007f'))
    const count = fc.constantFrom(1, 1, 1, 99, 100, 101)
    fc.assert(
      fc.property(fc.array(change, { maxLength: 2 }), fc.nat(3), count, (changes, whole, repeated) => {
        let spoiled = lines.split('\n').slice(0, whole).join('\n').concat('\n').repeat(repeated)
        for (const [at, cut, by] of changes) spoiled = spoiled.slice(0, at) + by + spoiled.slice(at + cut)
        if (spoiled.startsWith('\n') || spoiled.includes('\n\n')) return
        const note = parse(`text\n\n${spoiled}`)
        const alone = parseSignatureLines(spoiled)
        if (note instanceof Malformed || alone instanceof Malformed) expect(note).toEqual(alone)
        else expect(note.signatures).toEqual(alone)
      }),
      { numRuns: 2_000 },
    )
  })

  test('answers anything at all with a note or a reason', () => {
    const fragment = fc.constantFrom('\n', '\n\n', '— ', 'alice', ' ', base64, '=', '+', line, '\r', 'é', '\ud800')
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 12 }), (fragments) => {
        const bytes = utf8(fragments.join(''))
        const note = parse(bytes)
        if (!(note instanceof Malformed)) expect(formatNote(note.text, note.signatures)).toEqual(bytes)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parse(bytes)).toBeInstanceOf(Malformed)
      }),
    )
  })

  test('formats nothing that could not be read back', () => {
    const good = { name: 'alice', keyId: '00000000', signature: Uint8Array.of(1) }
    expectInvariantError(() => formatNote('no newline', [good]))
    expectInvariantError(() => formatNote('text\n', []))
    expectInvariantError(() => formatNote('tab\t\n', [good]))
    expectInvariantError(() => formatNote('\ud800\n', [good]))
    expectInvariantError(() => formatNote('text\n', [{ ...good, name: 'al ice' }]))
    expectInvariantError(() => formatNote('text\n', [{ ...good, name: 'al\nice' }]))
    expectInvariantError(() => formatNote('text\n', [{ ...good, name: 'al\u0001ice' }]))
    expectInvariantError(() => formatNote('text\n', [{ ...good, keyId: '123' }]))
    expectInvariantError(() => formatNote('text\n', [{ ...good, keyId: 'ABCDEF00' }]))
    expectInvariantError(() => formatNote('text\n', [{ ...good, signature: new Uint8Array(0) }]))
  })
})

describe('opening', () => {
  const alice = namedKey('alice', ED25519, 1)
  const bob = namedKey('bob', ED25519, 2)
  const otherAlice = namedKey('alice', ED25519, 3)
  const noteText = 'text\n'
  const signatureOf = ({ key, sign }: typeof alice, signedText = noteText): NoteSignature => ({
    name: key.name,
    keyId: key.keyId,
    signature: sign(utf8(signedText)),
  })
  const noteOf = (...signatures: NoteSignature[]): Note => wellFormed(parse(formatNote(noteText, signatures)))
  const verifier = ({ key }: typeof alice) => ed25519Verifier(opensslVerify, key)
  const forged = signatureOf(alice, 'another text\n')

  test.each<[string, Note, (typeof alice)[], string[] | 'refused']>([
    ['one known key', noteOf(signatureOf(alice)), [alice], ['alice']],
    ['two known keys', noteOf(signatureOf(bob), signatureOf(alice)), [alice, bob], ['bob', 'alice']],
    ['an unknown key ignored', noteOf(signatureOf(bob), signatureOf(alice)), [alice], ['alice']],
    ['an unknown key with a forged signature ignored', noteOf(forged, signatureOf(bob)), [bob], ['bob']],
    ['a known name with an unknown id ignored', noteOf(signatureOf(otherAlice), signatureOf(alice)), [alice], ['alice']],
    ['a known key listed twice', noteOf(signatureOf(alice)), [alice, alice], ['alice']],
    ['a line twice counts once', noteOf(signatureOf(alice), signatureOf(alice)), [alice], ['alice']],
    [
      'two keys of one name count each',
      noteOf(signatureOf(alice), signatureOf(otherAlice)),
      [alice, otherAlice],
      ['alice', 'alice'],
    ],
    ['nobody known', noteOf(signatureOf(alice)), [], 'refused'],
    ['only a known name', noteOf(signatureOf(otherAlice)), [alice], 'refused'],
    ['only a known id', noteOf({ ...signatureOf(alice), name: 'bob' }), [alice, bob], 'refused'],
    ['a forged signature of a known key', noteOf(forged), [alice], 'refused'],
    ['a forged one beside a good one', noteOf(signatureOf(bob), forged), [alice, bob], 'refused'],
    ['a forged one after a good one of the same key', noteOf(signatureOf(alice), forged), [alice], 'refused'],
    ["another key's signature", noteOf({ ...signatureOf(bob), name: 'alice', keyId: alice.key.keyId }), [alice], 'refused'],
    ['a signature cut short', noteOf({ ...signatureOf(alice), signature: new Uint8Array(63) }), [alice], 'refused'],
  ])('%s', (_, note, known, expected) => {
    const opened = openNote(note, known.map(verifier))
    if (expected === 'refused') expect(opened).toBeInstanceOf(Unverified)
    else expect(wellFormed(opened).map(({ name }) => name)).toEqual(expected)
  })

  test('where two known keys share name and id, both must accept', () => {
    const accepting = { name: 'alice', keyId: alice.key.keyId, verify: () => true }
    const refusing = { ...accepting, verify: () => false }
    expect(openNote(noteOf(signatureOf(alice)), [accepting, accepting])).not.toBeInstanceOf(Unverified)
    expect(openNote(noteOf(signatureOf(alice)), [accepting, refusing])).toBeInstanceOf(Unverified)
  })

  test('no byte of a signed note can be changed', () => {
    const bytes = signNote('a\n\nb\n', [{ ...alice.key, sign: alice.sign }])
    const opens = (changed: Uint8Array) => {
      const note = parse(changed)
      return !(note instanceof Malformed) && !(openNote(note, [verifier(alice)]) instanceof Unverified)
    }
    expect(opens(bytes)).toBe(true)
    for (let i = 0; i < bytes.length; i++) {
      for (const flip of [0x01, 0x20, 0x80]) {
        const changed = bytes.slice()
        changed[i]! ^= flip
        expect(opens(changed), `byte ${i} flipped by ${flip}`).toBe(false)
      }
      expect(opens(concatBytes(bytes.subarray(0, i), bytes.subarray(i + 1))), `byte ${i} removed`).toBe(false)
    }
  })
})

describe('keys', () => {
  const { key } = namedKey('alice', ED25519, 1)
  const vkey = formatVerifierKey(key)
  const withBytes = (bytes: Uint8Array, name = 'alice') =>
    `${name}+${keyId(sha256, name, bytes[0]!, bytes.subarray(1))}+${toBase64(bytes)}`

  test.each(vectors.valid.flatMap(({ vkeys }) => vkeys))('vkey %s', (published) => {
    expect(formatVerifierKey(wellFormed(parseVerifierKey(sha256, published)))).toBe(published)
  })

  test('types 01 and 04 of one key have different ids', () => {
    const cosigner = namedKey('alice', COSIGNATURE_V1, 1).key
    expect(cosigner.publicKey).toEqual(key.publicKey)
    expect(cosigner.keyId).not.toBe(key.keyId)
    expect(parseVerifierKey(sha256, formatVerifierKey(cosigner))).toEqual(cosigner)
    expectInvariantError(() => ed25519Verifier(opensslVerify, cosigner))
  })

  test('base64 may hold a plus', () => {
    const seedByte = Array.from({ length: 256 }, (_, i) => i).find(
      (i) => formatVerifierKey(namedKey('a', ED25519, i).key).split('+').length > 3,
    )!
    const { key } = namedKey('a', ED25519, seedByte)
    expect(parseVerifierKey(sha256, formatVerifierKey(key))).toEqual(key)
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['a name', 'alice'],
    ['no bytes', `alice+${key.keyId}`],
    ['empty bytes', `alice+${key.keyId}+`],
    ['an empty name', vkey.replace('alice', '')],
    ['another name', vkey.replace('alice', 'bob')],
    ['another id', vkey.replace(key.keyId, '00000000')],
    ['an id in upper case', vkey.replace(key.keyId, key.keyId.toUpperCase())],
    ['an id of 7 digits', vkey.replace(key.keyId, key.keyId.slice(1))],
    ['a space in the name', withBytes(concatBytes(Uint8Array.of(1), key.publicKey), 'al ice')],
    ['a line break at the end', `${vkey}\n`],
    ['an unknown type', withBytes(concatBytes(Uint8Array.of(2), key.publicKey))],
    ['31 bytes of key', withBytes(concatBytes(Uint8Array.of(1), key.publicKey.subarray(1)))],
    ['33 bytes of key', withBytes(concatBytes(Uint8Array.of(1), key.publicKey, Uint8Array.of(0)))],
    ['one byte changed', vkey.replace(/.$/, (digit) => (digit === 'A' ? 'B' : 'A'))],
  ])('refuses a vkey with %s', (_, changed) => {
    expect(changed).not.toBe(vkey)
    expect(parseVerifierKey(sha256, changed)).toBeInstanceOf(Malformed)
  })

  const skey = vectors.signers.keys[0]!.skey
  test.each<[string, string]>([
    ['a vkey', vectors.signers.keys[0]!.vkey],
    ['another prefix', skey.replace('PRIVATE', 'PUBLIC')],
    ['another name', skey.replace('PeterNeumann', 'PeterNeuman')],
    ['another id', skey.replace('c74f20a3', 'c74f20a4')],
    ['another type', skey.replace('+AYEK', '+BIEK')],
    ['a seed cut short', skey.slice(0, -4)],
    ['another seed', skey.replace(/.$/, 'y')],
  ])('refuses as a signer key %s', (_, changed) => {
    expect(changed).not.toBe(skey)
    expect(parseSignerKey(sha256, publicKeyOf, changed)).toBeInstanceOf(Malformed)
  })

  test.each<[string, boolean]>([
    ['alice', true],
    ['hub.example/credits', true],
    ['Grüße/世界', true],
    ['', false],
    [' ', false],
    ['a b', false],
    ['a+b', false],
    ['a\n', false],
    ['a\u2028b', false],
    ['\ud800', false],
  ])('as a name, %j: %s', (name, isGood) => {
    expect(isKeyName(name)).toBe(isGood)
  })
})
