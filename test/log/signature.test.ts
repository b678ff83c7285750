import { createHash } from 'node:crypto'
import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, toHex, utf8 } from '../../core/base/bytes.ts'
import { sodiumPointCheck } from '../../core/drivers/sodium/point-check.ts'
import { type CheckPoint, isEnrollable, isPrimeOrder } from '../../core/log/enrolment.ts'
import { KNOWN_ANSWERS, passesGate, selfTest, type VerifySignature, verifyGated } from '../../core/log/signature.ts'
import { hex, keyPair, opensslVerify, readVectors, sodiumVerify } from './support.ts'

const { Point } = ed25519
const L = Point.Fn.ORDER
const P = Point.Fp.ORDER

/** One question to a verifier, from whatever source. */
interface Case {
  name: string
  publicKey: Uint8Array
  message: Uint8Array
  signature: Uint8Array
  isValid?: boolean
}

const RFC_8032: Case[] = ['rfc8032-ed25519.json', 'rfc8032-section7.1.json'].flatMap((file) =>
  readVectors<{ pub: string; msg: string; sig: string }[]>(`rfc8032/${file}`).map(({ pub, msg, sig }, i) => ({
    name: `${file} ${i}`,
    publicKey: hex(pub),
    message: hex(msg),
    signature: hex(sig),
    isValid: true,
  })),
)

const WYCHEPROOF: Case[] = readVectors<{
  testGroups: {
    publicKey: { pk: string }
    tests: { tcId: number; comment: string; msg: string; sig: string; result: string }[]
  }[]
}>('wycheproof/ed25519_test.json').testGroups.flatMap(({ publicKey, tests }) =>
  tests.map(({ tcId, comment, msg, sig, result }) => ({
    name: `wycheproof ${tcId} ${comment}`,
    publicKey: hex(publicKey.pk),
    message: hex(msg),
    signature: hex(sig),
    isValid: result === 'valid',
  })),
)

const ZIP215: Case[] = readVectors<{ vk_bytes: string; sig_bytes: string }[]>('rfc8032/zip215.json').map((vector, i) => ({
  name: `zip215 ${i}`,
  publicKey: hex(vector.vk_bytes),
  message: utf8('Zcash'),
  signature: hex(vector.sig_bytes),
}))

const VERIFIERS: [string, VerifySignature][] = [
  ['libsodium', sodiumVerify],
  ['OpenSSL', opensslVerify],
]

const POINT_CHECKS: [string, CheckPoint][] = [
  ['our own check', isPrimeOrder],
  ["libsodium's check", sodiumPointCheck()!],
]

/** The cofactored verifier, which is none for the ledger. */
const cofactoredVerify: VerifySignature = (publicKey, message, signature) =>
  ed25519.verify(signature, message, publicKey, { zip215: true })

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)
}

function encode(number: bigint): Uint8Array {
  return hex(number.toString(16).padStart(64, '0')).reverse()
}

/** The gate as its specification reads, in numbers. */
function passesGateByNumbers(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const isAcceptable = (bytes: Uint8Array) => {
    const value = littleEndian(bytes)
    const y = value % 2n ** 255n
    const isNegative = value >= 2n ** 255n
    const isMinusZero = isNegative && (y === 1n || y === P - 1n)
    return y < P && !isMinusZero && !ED25519_TORSION_SUBGROUP.includes(toHex(bytes))
  }
  return littleEndian(signature.subarray(32)) < L && isAcceptable(publicKey) && isAcceptable(signature.subarray(0, 32))
}

test('the vectors are all there', () => {
  expect(RFC_8032.length).toBe(4 + 5)
  expect(WYCHEPROOF.length).toBe(151)
  expect(WYCHEPROOF.filter(({ isValid }) => isValid).length).toBe(88)
  expect(ZIP215.length).toBe(196)
})

describe.each(VERIFIERS)('the gate in front of %s', (_, verify) => {
  test('accepts what RFC 8032 and Wycheproof call valid, and nothing that Wycheproof calls invalid', () => {
    for (const { name, publicKey, message, signature, isValid } of [...RFC_8032, ...WYCHEPROOF]) {
      expect(verifyGated(verify, publicKey, message, signature), name).toBe(isValid)
    }
  })

  test('refuses every ZIP215 case: each has a key or an R of small order, or one encoded twice', () => {
    for (const { name, publicKey, message, signature } of ZIP215) {
      expect(passesGate(publicKey, signature), name).toBe(false)
      expect(verifyGated(verify, publicKey, message, signature), name).toBe(false)
    }
  })

  test('passes the self-test', () => {
    expect(selfTest(verify)).toBe(true)
  })
})

describe('the self-test', () => {
  test('fails for verifiers that must not be used', () => {
    expect(selfTest(cofactoredVerify)).toBe(false)
    expect(selfTest(() => true)).toBe(false)
    expect(selfTest(() => false)).toBe(false)
    expect(selfTest((publicKey, _, signature) => sodiumVerify(publicKey, new Uint8Array(0), signature))).toBe(false)
  })

  test('asks about keys that only the equation tells apart', () => {
    const [onlyCofactored, both] = KNOWN_ANSWERS.slice(-2)
    for (const answer of [onlyCofactored!, both!]) {
      const [publicKey, message, signature] = [hex(answer.publicKey), utf8(answer.message), hex(answer.signature)]
      expect(passesGate(publicKey, signature)).toBe(true)
      expect(cofactoredVerify(publicKey, message, signature)).toBe(true)
      expect(isEnrollable(publicKey)).toBe(false)
    }
    expect([onlyCofactored!.valid, both!.valid]).toEqual([false, true])
  })
})

describe('the gate', () => {
  const { publicKey, sign } = keyPair(new Uint8Array(32).fill(1))
  const signature = sign(utf8('message'))

  test('decides as its specification does on all vectors', () => {
    for (const vector of [...RFC_8032, ...WYCHEPROOF, ...ZIP215]) {
      expect(passesGate(vector.publicKey, vector.signature), vector.name).toBe(
        passesGateByNumbers(vector.publicKey, vector.signature),
      )
    }
  })

  test.each([
    ['0', 0n, true],
    ['L - 1', L - 1n, true],
    ['L', L, false],
    ['L + 1', L + 1n, false],
    ['L with its lowest byte less', L - 0xedn, true],
    ['2^252', 2n ** 252n, true],
    ['2^253', 2n ** 253n, false],
    ['2^256 - 1', 2n ** 256n - 1n, false],
  ])('S = %s', (_, s, isBelow) => {
    expect(passesGate(publicKey, concatBytes(signature.subarray(0, 32), encode(s)))).toBe(isBelow)
  })

  const SIGN_BIT = 2n ** 255n
  const ORDER_8 = littleEndian(hex(ED25519_TORSION_SUBGROUP[1]!)) % SIGN_BIT
  const points: [string, bigint, boolean][] = [
    ['0, of order 4', 0n, false],
    ['0 with the other sign', SIGN_BIT, false],
    ['1, the identity', 1n, false],
    ['1 with x = -0', SIGN_BIT + 1n, false],
    ['2', 2n, true],
    ['2 with the other sign', SIGN_BIT + 2n, true],
    ['p - 2', P - 2n, true],
    ['p - 1, of order 2', P - 1n, false],
    ['p - 1 with x = -0', SIGN_BIT + P - 1n, false],
    ['p', P, false],
    ['p + 1', P + 1n, false],
    ['p + 2', P + 2n, false],
    ['p + 2 with the other sign', SIGN_BIT + P + 2n, false],
    ['2^255 - 1', SIGN_BIT - 1n, false],
    ['2^256 - 1', 2n * SIGN_BIT - 1n, false],
    ['of order 8', ORDER_8, false],
    ['of order 8 with the other sign', SIGN_BIT + ORDER_8, false],
    ['next to order 8', ORDER_8 + 1n, true],
    ['the other of order 8', P - ORDER_8, false],
    ['the other of order 8 with the other sign', SIGN_BIT + P - ORDER_8, false],
    ['p - 2^8, where all bytes but two are those of p', P - 2n ** 8n, true],
  ]
  test.each(points)('y = %s, as key and as R', (_, y, isAcceptable) => {
    expect(passesGate(encode(y), signature)).toBe(isAcceptable)
    expect(passesGate(publicKey, concatBytes(encode(y), signature.subarray(32)))).toBe(isAcceptable)
  })

  test('refuses all 8 points of small order', () => {
    expect(new Set(ED25519_TORSION_SUBGROUP).size).toBe(8)
    for (const point of ED25519_TORSION_SUBGROUP) expect(passesGate(hex(point), signature), point).toBe(false)
  })

  test.each([
    [31, 64],
    [33, 64],
    [0, 64],
    [32, 63],
    [32, 65],
    [32, 0],
  ])('refuses %i bytes of key with %i of signature', (keyLength, signatureLength) => {
    const resize = (bytes: Uint8Array, length: number) => concatBytes(bytes, new Uint8Array(8)).subarray(0, length)
    expect(passesGate(resize(publicKey, keyLength), resize(signature, signatureLength))).toBe(false)
  })

  test('looks at nothing outside views of longer buffers', () => {
    const buffer = concatBytes(new Uint8Array(7).fill(255), publicKey, signature, new Uint8Array(7).fill(255))
    expect(passesGate(buffer.subarray(7, 39), buffer.subarray(39, 103))).toBe(true)
  })

  test('decides as its specification does near every boundary', () => {
    const nearBoundary = fc
      .tuple(fc.constantFrom(0n, 1n, L, P, P - 1n, ORDER_8, P - ORDER_8), fc.bigInt(-300n, 300n), fc.boolean())
      .map(([base, distance, flip]) => encode((base + distance + 2n ** 256n + (flip ? SIGN_BIT : 0n)) % 2n ** 256n))
    const any32 = fc.oneof(nearBoundary, fc.uint8Array({ minLength: 32, maxLength: 32 }))
    fc.assert(
      fc.property(any32, any32, any32, (key, r, s) => {
        const hostile = concatBytes(r, s)
        expect(passesGate(key, hostile)).toBe(passesGateByNumbers(key, hostile))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('behind the gate libsodium and OpenSSL agree', () => {
  test('on all published vectors', () => {
    for (const { name, publicKey, message, signature } of [...RFC_8032, ...WYCHEPROOF, ...ZIP215]) {
      const answers = VERIFIERS.map(([, verify]) => verifyGated(verify, publicKey, message, signature))
      expect(answers[0], name).toBe(answers[1])
    }
  })

  test('on signatures made to be disputed: parts of small order, S not reduced, points encoded twice', () => {
    const torsion = ED25519_TORSION_SUBGROUP.map((point) => Point.fromHex(point))
    const encodings = ZIP215.flatMap(({ publicKey, signature }) => [publicKey, signature.subarray(0, 32)])
    const point = fc.record({
      scalar: fc.bigInt(0n, L - 1n),
      torsion: fc.oneof(fc.constant(Point.ZERO), fc.constantFrom(...torsion)),
      encoding: fc.oneof(
        { weight: 5, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom(...encodings) },
      ),
    })
    let accepted = 0
    let refused = 0
    fc.assert(
      fc.property(point, point, fc.constantFrom(0n, 0n, 0n, 1n, 2n), fc.uint8Array({ maxLength: 8 }), (a, r, excess, message) => {
        const encodingOf = ({ scalar, torsion, encoding }: typeof a) =>
          encoding ?? new Uint8Array((scalar === 0n ? Point.ZERO : Point.BASE.multiply(scalar)).add(torsion).toBytes())
        const [publicKey, R] = [encodingOf(a), encodingOf(r)]
        const k = littleEndian(createHash('sha512').update(R).update(publicKey).update(message).digest()) % L
        const s = ((r.scalar + k * a.scalar) % L) + excess * L
        const signature = concatBytes(R, encode(s))
        const answers = VERIFIERS.map(([, verify]) => verifyGated(verify, publicKey, message, signature))
        expect(answers[0]).toBe(answers[1])
        if (answers[0]) accepted++
        else refused++
      }),
      { numRuns: 500 },
    )
    expect(accepted).toBeGreaterThan(50)
    expect(refused).toBeGreaterThan(50)
  })
})

describe.each(POINT_CHECKS)('enrolment with %s', (_, check) => {
  const honest = Point.BASE.multiply(12345n)
  const offCurve = [2n, 5n, 6n, 7n, 8n].map(encode).find((bytes) => {
    try {
      Point.fromBytes(bytes)
      return false
    } catch {
      return true
    }
  })!

  test.each<[string, Uint8Array, boolean]>([
    ['an honest key', honest.toBytes(), true],
    ['an honest key, negated', honest.negate().toBytes(), true],
    ...ED25519_TORSION_SUBGROUP.map((point): [string, Uint8Array, boolean] => [`of small order, ${point}`, hex(point), false]),
    ...ED25519_TORSION_SUBGROUP.map((point): [string, Uint8Array, boolean] => [
      `with ${point} as a part`,
      honest.add(Point.fromHex(point)).toBytes(),
      Point.fromHex(point).is0(),
    ]),
    ['a y of no point', offCurve, false],
    ['a y encoded twice', encode(P + 3n), false],
    ['31 bytes', honest.toBytes().subarray(1), false],
    ['no bytes', new Uint8Array(0), false],
  ])('%s', (_, publicKey, isGood) => {
    expect(isEnrollable(publicKey, check)).toBe(isGood)
  })

  test('takes the keys of RFC 8032', () => {
    for (const { name, publicKey } of RFC_8032) expect(isEnrollable(publicKey, check), name).toBe(true)
  })
})

describe('both checks of points agree', () => {
  const torsion = ED25519_TORSION_SUBGROUP.map((point) => Point.fromHex(point))

  /** Whether behind the gate both answer alike, and what. */
  function agreed(bytes: Uint8Array): boolean {
    const answers = POINT_CHECKS.map(([, check]) => isEnrollable(bytes, check))
    expect(answers[0], toHex(bytes)).toBe(answers[1])
    return answers[0]!
  }

  test('on every key and every R of the vectors', () => {
    const points = [...RFC_8032, ...WYCHEPROOF, ...ZIP215].flatMap(({ publicKey, signature }) => [
      publicKey,
      signature.subarray(0, 32),
    ])
    const good = points.filter((point) => point.length === 32 && agreed(point))
    expect(good.length).toBeGreaterThan(100)
    expect(good.length).toBeLessThan(points.length)
  })

  test('on points of every order, encoded either way', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, L - 1n), fc.constantFrom(...torsion), (scalar, part) => {
        const point = Point.BASE.multiply(scalar).add(part)
        expect(agreed(point.toBytes())).toBe(part.is0())
        expect(agreed(point.negate().toBytes())).toBe(part.is0())
      }),
      { numRuns: 100 },
    )
  })

  test('on random bytes, of which few are points of prime order', () => {
    let good = 0
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        if (agreed(bytes)) good++
      }),
      { numRuns: 400 },
    )
    expect(good).toBeLessThan(200)
  })

  test('on the lowest and highest encodings there are', () => {
    for (let i = 0n; i < 40n; i++) {
      for (const y of [i, P - 1n - i, P + i, 2n ** 255n - 1n - i]) {
        if (y < 2n ** 255n) for (const sign of [0n, 2n ** 255n]) agreed(encode(y + sign))
      }
    }
  })
})
