/** The places of rows are stored in every book: they stay as they are. */

import { expect, test } from 'vitest'
import { fnv1a, placeOf, placesOf } from '../../core/drivers/sqlite/places.ts'

const ACCOUNT = 'nim1mlh5gfearv9yxvku5r0demjs85ulzsm6l7lxwg'
const LISTING = 'lst_112e043ce999a7782cfa0430374bec6e'

// The first four are those of draft-eastlake-fnv.
test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
  ['b', 0xe70c2de5],
])('the hash of %j', (text, hash) => expect(fnv1a(text)).toBe(hash))

test('the hash is over UTF-8, and goes on where another ended', () => {
  const texts = ['nim1/é', 'Łódź', '\u{1F600}a', 'a\u{1F600}', '\0']
  const plainly = (text: string) => Buffer.from(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5) >>> 0
  for (const text of texts) {
    expect(fnv1a(text)).toBe(plainly(text))
    expect(fnv1a(`foo${text}`, 3, fnv1a('foo'))).toBe(plainly(`foo${text}`))
  }
})

test.each([
  ['licence', `${ACCOUNT}/${LISTING}/0`, 22001816651728],
  ['account', ACCOUNT, 22689011421136],
  ['platform', '', 23261841235397],
  ['model', 'Łódź/é', 97044394746717],
])('the place of %s %s', (table, key, place) => expect(placeOf(table, key)).toBe(place))

test('the rows of a table are one range, and so are those of an account in it', () => {
  const table = placesOf('licence')
  const account = placesOf('licence', ACCOUNT)
  expect(table.last - table.first).toBe(2 ** 36 - 1)
  expect(account.last - account.first).toBe(2 ** 18 - 1)
  for (let i = 0; i < 1_000; i++) {
    const own = placeOf('licence', `${ACCOUNT}/${i}`)
    expect(own >= account.first && own <= account.last).toBe(true)
    const other = placeOf('licence', `${i}/${ACCOUNT}`)
    expect(other >= table.first && other <= table.last).toBe(true)
  }
  expect(placeOf('licence', ACCOUNT)).toBeGreaterThanOrEqual(account.first)
})

test('few rows share a place', () => {
  const places = new Set<number>()
  for (let i = 0; i < 100_000; i++) places.add(placeOf('feature', `${ACCOUNT.slice(0, -2)}${i % 1_000}/${LISTING}${i}`))
  for (let i = 0; i < 100_000; i++) places.add(placeOf('number', String(i)))
  expect(places.size).toBeGreaterThan(199_900)
  expect(Math.max(...[...places].slice(0, 10_000))).toBeLessThan(2 ** 47)
})
