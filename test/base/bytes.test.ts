/** Text forms of bytes, held to what Node makes of the same. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toBase64, toHex, tryFromBase64, tryFromHex } from '../../core/base/bytes.ts'

const bytes = fc.uint8Array({ maxLength: 200 })

test('hex is written and read as Node does, of any length', () => {
  fc.assert(
    fc.property(bytes, (some) => {
      const text = Buffer.from(some).toString('hex')
      expect(toHex(some)).toBe(text)
      expect(tryFromHex(text)).toEqual(some)
    }),
  )
})

describe('base64', () => {
  test('is written and read as Node does', () => {
    fc.assert(
      fc.property(bytes, (some) => {
        const text = Buffer.from(some).toString('base64')
        expect(toBase64(some)).toBe(text)
        expect(tryFromBase64(text)).toEqual(some)
      }),
    )
  })

  test('is written of as many bytes as there are', () => {
    for (const length of [4_095, 4_096, 4_097, 300_000]) {
      const some = Uint8Array.from({ length }, (_, i) => (i * 251) & 0xff)
      expect(toBase64(some)).toBe(Buffer.from(some).toString('base64'))
    }
  })

  test('is read where it is what would be written, and nowhere else', () => {
    const character = fc.constantFrom(...'AQgwZz09+/=-_ \n.é\u0141\ud800')
    const spoiled = fc.tuple(bytes, fc.nat(300), fc.nat(2), fc.array(character, { maxLength: 2 })).map(([some, at, cut, by]) => {
      const text = toBase64(some)
      return text.slice(0, at) + by.join('') + text.slice(at + cut)
    })
    const chance = fc.array(character, { maxLength: 8 }).map((all) => all.join(''))
    fc.assert(
      fc.property(fc.oneof(spoiled, chance), (text) => {
        const read = Buffer.from(text, 'base64')
        const isCanonical = read.toString('base64') === text
        expect(tryFromBase64(text)).toEqual(isCanonical ? new Uint8Array(read) : undefined)
      }),
      { numRuns: 3_000 },
    )
  })
})
