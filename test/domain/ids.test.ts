import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../core/base/assert.ts'
import { utf8 } from '../../core/base/bytes.ts'
import {
  ACCOUNT_PATTERN,
  accountId,
  isAccountId,
  TRANSACTION_ID_PATTERN,
  thingId,
  transactionId,
  validUntilOf,
} from '../../core/domain/ids.ts'
import { MAX_SECONDS } from '../../core/domain/time.ts'
import { sha256 } from '../../core/drivers/sha256.ts'

const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'

/** Bech32m (BIP 350) once more, as the standard writes it down. */
function polymod(values: readonly number[]): number {
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
  let check = 1
  for (const value of values) {
    const top = check >>> 25
    check = ((check & 0x1ffffff) << 5) ^ value
    generator.forEach((term, i) => {
      if ((top >>> i) & 1) check ^= term
    })
  }
  return check >>> 0
}

function bech32m(prefix: string, data: Uint8Array): string {
  const words: number[] = []
  const bits = [...data].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  for (let i = 0; i < bits.length; i += 5) words.push(Number.parseInt(bits.slice(i, i + 5).padEnd(5, '0'), 2))
  const codes = [...prefix].map((character) => character.charCodeAt(0))
  const expanded = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
  const checksum = polymod([...expanded, ...words, 0, 0, 0, 0, 0, 0]) ^ 0x2bc830a3
  const tail = [25, 20, 15, 10, 5, 0].map((shift) => (checksum >>> shift) & 31)
  return `${prefix}1${[...words, ...tail].map((word) => CHARSET[word]).join('')}`
}

const publicKey = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('account ids', () => {
  test('the second implementation knows the example of BIP 350', () => {
    expect(bech32m('a', new Uint8Array())).toBe('a1lqfn3a')
  })

  test('an id is bech32m, prefix nim, of 20 bytes of the SHA-256 of the public key', () => {
    fc.assert(
      fc.property(publicKey, (key) => {
        const digest = createHash('sha256').update(key).digest().subarray(0, 20)
        const id = accountId(sha256, key)
        expect(id).toBe(bech32m('nim', digest))
        expect(id).toMatch(ACCOUNT_PATTERN)
        expect(isAccountId(id)).toBe(true)
      }),
    )
  })

  test('a slip of the pen is noticed', () => {
    fc.assert(
      fc.property(publicKey, fc.integer({ min: 4, max: 41 }), fc.constantFrom(...CHARSET), (key, at, character) => {
        const id = accountId(sha256, key)
        const slip = id.slice(0, at) + character + id.slice(at + 1)
        expect(isAccountId(slip)).toBe(slip === id)
      }),
    )
  })

  test.each([
    (id: string) => id.toUpperCase(),
    (id: string) => ` ${id}`,
    (id: string) => `${id}\n`,
    (id: string) => id.slice(0, -1),
  ])('another spelling is none (%#)', (spell) => expect(isAccountId(spell(accountId(sha256, new Uint8Array(32))))).toBe(false))

  test('an id of another prefix or of bech32 proper is none', () => {
    expect(isAccountId(bech32m('nix', new Uint8Array(20)))).toBe(false)
    expect(isAccountId('nim1')).toBe(false)
    expect(isAccountId('')).toBe(false)
  })
})

describe('transaction ids', () => {
  test('an id is validUntil in hex and 20 bytes of the SHA-256 of the text', () => {
    const text = utf8('{"a":1}\n')
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 40)
    expect(transactionId(sha256, text, 0x6b02_3080)).toBe(`6b023080${digest}`)
    expect(transactionId(sha256, text, 1)).toBe(`00000001${digest}`)
    expect(transactionId(sha256, text, MAX_SECONDS)).toBe(`ffffffff${digest}`)
    expect(transactionId(sha256, text, 1)).toMatch(TRANSACTION_ID_PATTERN)
  })

  test('ids sort by time, and tell it', () => {
    const time = fc.integer({ min: 0, max: MAX_SECONDS })
    fc.assert(
      fc.property(time, time, fc.uint8Array(), fc.uint8Array(), (a, b, textA, textB) => {
        const [idA, idB] = [transactionId(sha256, textA, a), transactionId(sha256, textB, b)]
        expect(validUntilOf(idA)).toBe(a)
        if (a !== b) expect(idA < idB).toBe(a < b)
      }),
    )
  })

  test.each([-1, MAX_SECONDS + 1, 0.5, Number.NaN])('validUntil %s is a bug', (time) => {
    expect(() => transactionId(sha256, utf8('x'), time)).toThrow(InvariantError)
  })

  test('a thing has its prefix and the last 32 digits of the id of what made it', () => {
    expect(thingId('mdl', `6b023080${'0'.repeat(8)}${'ab'.repeat(16)}`)).toBe(`mdl_${'ab'.repeat(16)}`)
  })
})
