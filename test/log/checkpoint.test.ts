import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, toHex, utf8 } from '../../core/base/bytes.ts'
import { MAX_NOTE_BYTES } from '../../core/base/limits.ts'
import { Malformed } from '../../core/base/malformed.ts'
import {
  type Checkpoint,
  cosignatureMessage,
  cosignatureSigner,
  cosignatureTime,
  cosignatureVerifier,
  formatCheckpoint,
  isOrigin,
  type LogTrust,
  noteVerifier,
  openCheckpoint,
  parseCheckpoint,
  parseDecimal,
  signCheckpoint,
} from '../../core/log/checkpoint.ts'
import {
  COSIGNATURE_V1,
  ED25519,
  formatNote,
  type NoteSigner,
  parseNote,
  parseVerifierKey,
  Unverified,
} from '../../core/log/note.ts'
import { selfTest } from '../../core/log/signature.ts'
import { base64, expectInvariantError, hex, namedKey, opensslVerify, readVectors, sha256, text, wellFormed } from './support.ts'

const ORIGIN = 'ledger.example/credits'
const log = namedKey(ORIGIN, ED25519, 1)
const witness = namedKey('witness.example/w1', COSIGNATURE_V1, 2)
const logSigner: NoteSigner = { ...log.key, sign: log.sign }
const witnessSigner = cosignatureSigner(witness.key, 1_795_305_600, witness.sign)
const verifierOf = ({ key }: typeof log) => noteVerifier(opensslVerify, key)

const checkpoint: Checkpoint = {
  origin: ORIGIN,
  size: 3,
  root: hex('385da30f3917282c8939dff851957e519ab1846b1351a14c0adb3b11632742aa'),
  extensions: [],
}

const EXAMPLE = `ledger.example/credits
3
OF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo=

— ledger.example/credits crC12Ip3WsG19g9pdWAouFAGXsqe22fXaCAJ/hdKkDe6XnoNllDhD38miyIy7RT0fJPCLbA3aKIEy7eKIkM0GUHJYgs=
— witness.example/w1 3xwKNQAAAABrAjCALBUze6NwV/SBbV8fcqHeDu8aVkwmX8kIlyF7cZa6UC3Kv/lQieVrG0sUi7FfvpVpoAczbvryh6UzlNej0C53Bw==
`

test('the verifier of these tests is one that may be used', () => {
  expect(selfTest(opensslVerify)).toBe(true)
})

describe('the specification example of this project', () => {
  test('is made byte for byte', () => {
    expect(witness.key.keyId).toBe('df1c0a35')
    expect(text(signCheckpoint(checkpoint, [logSigner, witnessSigner]))).toBe(EXAMPLE)
  })

  test('is opened', () => {
    const trust = { origin: ORIGIN, logKeys: [verifierOf(log)], witnesses: [verifierOf(witness)], quorum: 1 }
    const opened = wellFormed(openCheckpoint(utf8(EXAMPLE), trust))
    expect(opened.checkpoint).toEqual(checkpoint)
    expect(opened.signatures.map(({ name }) => name)).toEqual([ORIGIN, 'witness.example/w1'])
    const cosignature = opened.signatures[1]!.signature
    expect(toHex(cosignature.subarray(0, 8))).toBe('000000006b023080')
    expect(cosignatureTime(cosignature)).toBe(1_795_305_600n)
  })
})

describe('published checkpoints', () => {
  const { valid } = readVectors<{ valid: { source: string; note: string; vkeys: string[] }[] }>('notes/notes.json')
  const published = valid.filter(
    ({ note }) => !(parseCheckpoint(wellFormed(parseNote(utf8(note), MAX_NOTE_BYTES)).text) instanceof Malformed),
  )

  test('are all there', () => {
    expect(published.length).toBe(5)
    expect(published.map(({ note }) => note.split('\n', 2))).toEqual([
      ['go.sum database tree', '35225469'],
      ['example.com/log/testdata', '15'],
      ['rome2026h1.example.org', '300'],
      ['rome2026h1.example.org', '300'],
      ['milan2026h1.example.org', '300'],
    ])
  })

  test.each(published)('$source', ({ note, vkeys }) => {
    const key = wellFormed(parseVerifierKey(sha256, vkeys[0]!))
    const origin = note.slice(0, note.indexOf('\n'))
    const trust = { origin, logKeys: [noteVerifier(opensslVerify, key)], witnesses: [], quorum: 0 }
    const opened = wellFormed(openCheckpoint(utf8(note), trust))
    expect(opened.checkpoint.root.length).toBe(32)
    const [signature] = opened.signatures
    if (key.type === COSIGNATURE_V1) expect(cosignatureTime(signature!.signature)).toBe(1_767_139_200n)
  })
})

describe('texts', () => {
  const lines = formatCheckpoint(checkpoint).split('\n')
  const withLine = (index: number, line: string) => lines.with(index, line).join('\n')

  test('with extension lines', () => {
    const extended = { ...checkpoint, extensions: ['first', 'second line'] }
    expect(formatCheckpoint(extended)).toBe(`${formatCheckpoint(checkpoint)}first\nsecond line\n`)
    expect(parseCheckpoint(formatCheckpoint(extended))).toEqual(extended)
  })

  test.each([0, 1, 10, 2 ** 32, Number.MAX_SAFE_INTEGER])('of size %i', (size) => {
    expect(parseCheckpoint(formatCheckpoint({ ...checkpoint, size }))).toEqual({ ...checkpoint, size })
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['a newline', '\n'],
    ['two lines', 'origin\n3\n'],
    ['no final newline', lines.join('\n').slice(0, -1)],
    ['no origin', withLine(0, '')],
    ['no size', withLine(1, '')],
    ['a size with a leading zero', withLine(1, '03')],
    ['a size of 00', withLine(1, '00')],
    ['a negative size', withLine(1, '-3')],
    ['a signed size', withLine(1, '+3')],
    ['a size with a space', withLine(1, '3 ')],
    ['a size in hex', withLine(1, '0x3')],
    ['a size with an exponent', withLine(1, '3e0')],
    ['a size with a fraction', withLine(1, '3.0')],
    ['a size in other digits', withLine(1, '٣')],
    ['a size of 2^53', withLine(1, '9007199254740992')],
    ['a size of 2^64', withLine(1, '18446744073709551616')],
    ['a root of 31 bytes', withLine(2, 'XaMPORcoLIk53/hRlX5RmrGEaxNRoUwK2zsRYydCqg==')],
    ['a root of 33 bytes', withLine(2, 'ADhdow85FygsiTnf+FGVflGasYRrE1GhTArbOxFjJ0Kq')],
    ['a root without padding', withLine(2, lines[2]!.slice(0, -1))],
    ['a root with stray bits', withLine(2, lines[2]!.replace('o=', 'p='))],
    ['a root in hex', withLine(2, toHex(checkpoint.root))],
    ['an empty extension line', `${lines.join('\n')}\n`],
    ['an empty extension line between', `${lines.join('\n')}one\n\ntwo\n`],
    ['carriage returns', lines.join('\r\n')],
  ])('with %s are refused', (_, changed) => {
    expect(changed).not.toBe(lines.join('\n'))
    expect(parseCheckpoint(changed)).toBeInstanceOf(Malformed)
  })

  test('give back what was formatted', () => {
    const any = fc.record<Checkpoint>({
      origin: fc.stringMatching(/^[a-z0-9.-]+(\/[a-z0-9._-]+)*$/),
      size: fc.maxSafeNat(),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      extensions: fc.array(fc.string({ unit: 'grapheme', minLength: 1 })),
    })
    fc.assert(
      fc.property(any, (any) => {
        expect(parseCheckpoint(formatCheckpoint(any))).toEqual(any)
      }),
    )
  })

  test('are not made of what could not be read back', () => {
    const broken: Partial<Checkpoint>[] = [
      { origin: '' },
      { origin: 'two\nlines' },
      { origin: '{"v":1}' },
      { size: -1 },
      { size: 0.5 },
      { size: 2 ** 53 },
      { root: new Uint8Array(31) },
      { extensions: [''] },
      { extensions: ['two\nlines'] },
    ]
    for (const part of broken) expectInvariantError(() => formatCheckpoint({ ...checkpoint, ...part }))
  })

  test.each<[string, boolean]>([
    ['hub.example/credits', true],
    ['hub.example', true],
    ['a-b.example/x_y/z.1', true],
    ['', false],
    ['/credits', false],
    ['hub.example/', false],
    ['hub.example//credits', false],
    ['Hub.example', false],
    ['hub.example/credits\n', false],
    ['hub example', false],
    ['hub.example+', false],
    ['{"v":1}', false],
    ['hub_example', false],
  ])('origin %j: %s', (origin, isGood) => {
    expect(isOrigin(origin)).toBe(isGood)
  })

  test.each<[string, number | undefined]>([
    ['0', 0],
    ['10', 10],
    ['9007199254740991', 2 ** 53 - 1],
    ['9007199254740992', undefined],
    ['9999999999999999', undefined],
    ['00', undefined],
    ['', undefined],
    ['1\n', undefined],
  ])('decimal %j', (digits, value) => {
    expect(parseDecimal(digits)).toBe(value)
  })
})

describe('cosignatures', () => {
  const textBytes = utf8(formatCheckpoint(checkpoint))
  const verifier = cosignatureVerifier(opensslVerify, witness.key)

  test('are over the message of the standard', () => {
    expect(text(cosignatureMessage(1_679_315_147, utf8('example.com/behind-the-sofa\n')))).toBe(
      'cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n',
    )
  })

  test('cover the text, with extension lines, and the time', () => {
    const cosignature = witnessSigner.sign(textBytes)
    expect(verifier.verify(textBytes, cosignature)).toBe(true)
    expect(verifier.verify(concatBytes(textBytes, utf8('extension\n')), cosignature)).toBe(false)
    for (let i = 0; i < cosignature.length; i++) {
      const changed = cosignature.slice()
      changed[i]! ^= 1
      expect(verifier.verify(textBytes, changed), `byte ${i}`).toBe(false)
    }
    const longer = concatBytes(cosignature, Uint8Array.of(0))
    for (const resized of [longer, ...[0, 8, 64, 71].map((length) => cosignature.subarray(0, length))]) {
      expect(cosignatureTime(resized)).toBeUndefined()
      expect(verifier.verify(textBytes, resized)).toBe(false)
    }
  })

  test.each<[string, bigint, boolean]>([
    ['0', 0n, true],
    ['2^53 + 1', 2n ** 53n + 1n, true],
    ['2^63 - 1, the last', 2n ** 63n - 1n, true],
    ['2^63', 2n ** 63n, false],
    ['2^64 - 1', 2n ** 64n - 1n, false],
  ])('at time %s', (_, seconds, isValid) => {
    const time = new Uint8Array(8)
    new DataView(time.buffer).setBigUint64(0, seconds)
    const cosignature = concatBytes(time, witness.sign(cosignatureMessage(seconds, textBytes)))
    expect(cosignatureTime(cosignature)).toBe(isValid ? seconds : undefined)
    expect(verifier.verify(textBytes, cosignature)).toBe(isValid)
  })

  test('are no plain signatures, nor the reverse', () => {
    const plain = namedKey('witness.example/w1', ED25519, 2)
    expect(verifierOf(plain).verify(textBytes, witnessSigner.sign(textBytes))).toBe(false)
    expect(verifierOf(plain).verify(textBytes, plain.sign(textBytes))).toBe(true)
    expect(verifier.verify(textBytes, plain.sign(textBytes))).toBe(false)
    expectInvariantError(() => cosignatureVerifier(opensslVerify, plain.key))
    expectInvariantError(() => cosignatureSigner(witness.key, -1, witness.sign))
  })
})

describe('opening', () => {
  const secondWitness = namedKey('witness.example/w2', COSIGNATURE_V1, 3)
  const secondKeyOfWitness = namedKey('witness.example/w1', COSIGNATURE_V1, 6)
  const rotated = namedKey(ORIGIN, ED25519, 4)
  const signers = {
    log: logSigner,
    rotated: { ...rotated.key, sign: rotated.sign },
    w1: witnessSigner,
    w1Later: cosignatureSigner(witness.key, 1_795_305_601, witness.sign),
    w1Other: cosignatureSigner(secondKeyOfWitness.key, 1, secondKeyOfWitness.sign),
    w2: cosignatureSigner(secondWitness.key, 1, secondWitness.sign),
    forgedLog: { ...log.key, sign: () => rotated.sign(utf8('another text')) },
    forgedW1: { ...witness.key, sign: () => new Uint8Array(72) },
    stranger: { ...namedKey('stranger.example', ED25519, 5).key, sign: () => new Uint8Array(64) },
  }
  const trust: LogTrust = {
    origin: ORIGIN,
    logKeys: [verifierOf(log)],
    witnesses: [witness, secondKeyOfWitness, secondWitness].map(verifierOf),
    quorum: 0,
  }
  type Names = (keyof typeof signers)[]

  test.each<[string, Names, Partial<LogTrust>, Names | string]>([
    ['the log alone', ['log'], {}, ['log']],
    ['the log and a stranger', ['stranger', 'log'], {}, ['log']],
    ['one witness of one', ['log', 'w1'], { quorum: 1 }, ['log', 'w1']],
    ['two witnesses of two, in any order', ['w2', 'log', 'w1'], { quorum: 2 }, ['w2', 'log', 'w1']],
    ['the old key and the new one', ['log', 'rotated'], { logKeys: [verifierOf(log), verifierOf(rotated)] }, ['log', 'rotated']],
    ['the new key, the old one not known any more', ['log', 'rotated'], { logKeys: [verifierOf(rotated)] }, ['rotated']],
    ['no witness of one', ['log'], { quorum: 1 }, '0 of 1'],
    ['one witness of two', ['log', 'w1'], { quorum: 2 }, '1 of 2'],
    ['a witness twice counts once', ['log', 'w1', 'w1Later'], { quorum: 2 }, '1 of 2'],
    ['two keys of one witness count once', ['log', 'w1', 'w1Other'], { quorum: 2 }, '1 of 2'],
    ['witnesses without the log', ['w1', 'w2'], { quorum: 2 }, 'the log did not sign'],
    ['nobody known', ['stranger'], {}, 'no known key'],
    ['a forged signature of the log', ['forgedLog', 'w1'], {}, 'not valid'],
    ['a forged cosignature, though none is needed', ['log', 'forgedW1'], {}, 'not valid'],
    ['a forged cosignature of a witness that is not known', ['log', 'forgedW1'], { witnesses: [] }, ['log']],
    ['another origin', ['log'], { origin: 'other.example/credits' }, 'another log'],
  ])('%s', (_, names, difference, expected) => {
    const bytes = signCheckpoint(
      checkpoint,
      names.map((name) => signers[name]),
    )
    const opened = openCheckpoint(bytes, { ...trust, ...difference })
    if (typeof expected === 'string') {
      expect(opened).toBeInstanceOf(Unverified)
      expect((opened as Unverified).reason).toContain(expected)
    } else {
      const keyIds = wellFormed(opened).signatures.map(({ keyId }) => keyId)
      expect(keyIds).toEqual(expected.map((name) => signers[name].keyId))
    }
  })

  test('what is no note, or a note and no checkpoint, is malformed rather than unverified', () => {
    const transaction = formatNote('{"v":1}\n', [{ ...log.key, signature: log.sign(utf8('{"v":1}\n')) }])
    for (const bytes of [utf8('text\n'), transaction, new Uint8Array(MAX_NOTE_BYTES + 1).fill(10)]) {
      const opened = openCheckpoint(bytes, trust)
      expect(opened).toBeInstanceOf(Malformed)
      expect(opened).not.toBeInstanceOf(Unverified)
    }
  })

  test('no byte of a checkpoint that its quorum signed can be changed', () => {
    const bytes = signCheckpoint(checkpoint, [signers.log, signers.w1])
    const opens = (changed: Uint8Array) => !(openCheckpoint(changed, { ...trust, quorum: 1 }) instanceof Malformed)
    expect(opens(bytes)).toBe(true)
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice()
      changed[i]! ^= 1
      expect(opens(changed), `byte ${i}`).toBe(false)
    }
  })

  test('the root is what was signed', () => {
    const opened = wellFormed(openCheckpoint(signCheckpoint(checkpoint, [logSigner]), trust))
    expect(opened.checkpoint.root).toEqual(base64('OF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo='))
  })
})
