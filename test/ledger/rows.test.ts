/** Rows in memory: what is read from the store once, what is forgotten, and who may read ahead. */

import { expect, test } from 'vitest'
import { accounts, references } from '../../core/domain/state.ts'
import { encodeRow, type RowKey } from '../../core/domain/table.ts'
import { LoadedRows } from '../../core/ledger/rows.ts'
import type { NumberedText } from '../../core/ledger/store.ts'

/** Rows over a store that tells what it was asked for. */
function watched() {
  const asked: string[] = []
  const rows = async (keys: readonly RowKey[]) => {
    asked.push(...keys.map(({ path }) => path))
    return keys.map(() => undefined)
  }
  return { rows: new LoadedRows({ rows }), asked }
}

test('those asked for again stay, and others are forgotten with the second age after them', async () => {
  const { rows, asked } = watched()
  const [hot, cold] = [accounts.at('hot'), accounts.at('cold')]
  await rows.load([hot, cold])
  for (let age = 0; age < 3; age++) {
    await rows.load(Array.from({ length: 100_000 }, (_, i) => references.at(age, i)))
    rows.trim(0)
    expect(rows.has(hot)).toBe(true)
  }
  expect(rows.has(cold)).toBe(false)
  asked.length = 0
  await rows.load([hot, cold, references.at(2, 7), cold])
  expect(asked).toEqual([cold.path])
})

test('what was read ahead never takes the place of what a transaction changed meanwhile', async () => {
  let answer: (stored: NumberedText[]) => void = () => {}
  const rows = new LoadedRows({ rows: () => new Promise((resolve) => (answer = resolve)) })
  const key = references.at('bank', 'x')
  const ahead = rows.load([key])
  rows.apply([{ key, row: { entry: 2 } }])
  answer([{ number: 7, value: encodeRow({ entry: 1 }) }])
  await ahead
  expect(rows.get(key)).toEqual({ entry: 2 })
  expect(rows.takeChanged()).toMatchObject([{ value: '{"entry":2}', numbered: { number: 7 } }])
})

test('a row keeps the number that the store gave it, also to a change that was taken before', async () => {
  const { rows } = watched()
  const key = references.at('bank', 'x')
  await rows.load([key])
  rows.apply([{ key, row: { entry: 1 } }])
  const [first] = rows.takeChanged()
  rows.apply([{ key, row: { entry: 2 } }])
  const [second] = rows.takeChanged()
  expect([first, second]).toMatchObject([{ numbered: { number: 0 } }, { numbered: { number: 0 } }])
  first!.numbered!.number = 7
  expect(second).toMatchObject({ value: '{"entry":2}', numbered: { number: 7 } })
})
