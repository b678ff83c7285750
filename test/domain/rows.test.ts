/** How rows are named, kept together and written: what the machine's maps and the stores rest on. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalize, type Json } from '../../core/domain/canonical.ts'
import { accounts, purchases, terms, wallets } from '../../core/domain/state.ts'
import { decodeRow, encodeRow, type RowKey, RowMap } from '../../core/domain/table.ts'

describe('a map of rows', () => {
  const tables = [accounts, wallets, purchases, terms]

  test('holds what a map by path holds, few rows or many', () => {
    const key = fc.tuple(fc.constantFrom(...tables), fc.integer({ min: 0, max: 40 })).map(([table, id]) => table.at(id))
    fc.assert(
      fc.property(fc.array(key, { maxLength: 200 }), fc.array(key), (added, asked) => {
        const rows = new RowMap<{ readonly key: RowKey }>()
        // Keys know the map that was asked last: one that has the same rows elsewhere must not be taken for it.
        const others = new RowMap<{ readonly key: RowKey }>()
        const naive = new Map<string, { readonly key: RowKey }>()
        for (const [i, row] of added.entries()) {
          const known = { key: row }
          if (!rows.has(row)) rows.add(row, known)
          if (i % 2 === 0 && !others.has(row)) others.add(row, known)
          if (!naive.has(row.path)) naive.set(row.path, known)
        }
        for (const row of [...asked, ...added]) {
          expect(rows.get(row)).toBe(naive.get(row.path))
          others.get(row)
          expect(rows.has(row)).toBe(naive.has(row.path))
        }
      }),
    )
  })

  test('tells rows of one key in two tables apart', () => {
    const rows = new RowMap<{ readonly key: RowKey }>()
    const account = accounts.at('nim1')
    rows.add(account, { key: account })
    expect(rows.get(wallets.at('nim1'))).toBeUndefined()
    expect(rows.has(wallets.at('nim1'))).toBe(false)
  })
})

describe('the key of a row', () => {
  const part = fc.oneof(fc.constantFrom('a', 'b', '1', 'a/b'), fc.integer({ min: 0, max: 3 }))
  const parts = fc.array(part, { minLength: 1, maxLength: 3 })

  test('is its parts, whatever was asked for before', () => {
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 40 }), (asked) => {
        for (const one of asked) {
          const key = purchases.at(...(one as [string]))
          expect(key.table).toBe(purchases)
          expect(key.key).toBe(one.join('/'))
        }
      }),
    )
  })

  test('is the same object where it was asked for just before', () => {
    expect(purchases.at('a', 'b')).toBe(purchases.at('a', 'b'))
    expect(purchases.at('a', 'b')).not.toBe(purchases.at('a/b'))
  })
})

describe('the stored text of a row', () => {
  const field = fc.stringMatching(/^[a-z][A-Za-z]{0,8}$/).filter((name) => !name.endsWith('Micros'))
  const leaf = fc.oneof(fc.boolean(), fc.maxSafeInteger(), fc.string({ unit: 'grapheme' }))
  const { row } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('row')),
    row: fc.dictionary(field, tie('value'), { maxKeys: 6 }),
  }))

  test('is canonical JSON', () => {
    fc.assert(
      fc.property(row, (value) => {
        expect(encodeRow(value)).toBe(canonicalize(value as Json))
      }),
    )
  })

  test('comes back as it was, amounts as bigints', () => {
    const withAmount = fc.tuple(row, fc.bigInt()).map(([fields, amountMicros]) => ({ ...(fields as object), amountMicros }))
    fc.assert(
      fc.property(withAmount, (value) => {
        expect(decodeRow(encodeRow(value))).toEqual(value)
      }),
    )
  })

  test.each([
    ['an amount that is no bigint', { amountMicros: 1 }],
    ['a bigint that is no amount', { amount: 1n }],
    ['a fraction', { count: 0.5 }],
    ['nothing', { value: null }],
    ['half a character', { name: '\ud800' }],
  ])('is none of %s', (_name, value) => {
    expect(() => encodeRow(value)).toThrow('field')
  })

  test('leaves out what is undefined', () => {
    expect(encodeRow({ b: undefined, a: 1 })).toBe('{"a":1}')
  })
})
