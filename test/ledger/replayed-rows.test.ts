import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accounts, platform, wallets } from '../../core/domain/state.ts'
import { encodeRow, type RowKey } from '../../core/domain/table.ts'
import { openColdRows } from '../../core/drivers/sqlite/cold-rows.ts'
import { ReplayedRows } from '../../core/ledger/replayed-rows.ts'
import { compareRows } from '../../core/ledger/store.ts'

/** Few keys, so that each is set, read and removed again and again; some of other letters, since their order is by bytes. */
const KEYS: readonly RowKey[] = [
  platform,
  ...['a', 'b', 'ä', '\u{1f600}', '\uffee'].flatMap((key) => [accounts.at(key), wallets.at(key)]),
]

type Step =
  | { readonly what: 'set'; readonly key: RowKey; readonly row: unknown }
  | { readonly what: 'get' | 'text'; readonly key: RowKey }
  | { readonly what: 'all' }

const key = fc.constantFrom(...KEYS)
const row = fc.option(fc.record({ entries: fc.nat(9), paidMicros: fc.bigInt(0n, 9n) }), { nil: undefined, freq: 3 })
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ what: fc.constant('set' as const), key, row }) },
    { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('get' as const, 'text' as const), key }) },
    { weight: 1, arbitrary: fc.constant({ what: 'all' as const }) },
  ),
  { minLength: 30, maxLength: 80 },
)

/** Does the steps, and holds every answer against a plain map. */
function run(rows: ReplayedRows, taken: readonly Step[]): void {
  const model = new Map<string, { readonly key: RowKey; readonly row: unknown }>()
  for (const step of taken) {
    if (step.what === 'set') {
      rows.set(step.key, step.row)
      if (step.row === undefined) model.delete(step.key.path)
      else model.set(step.key.path, { key: step.key, row: step.row })
    } else if (step.what === 'all') {
      const expected = [...model.values()].map((one) => ({
        table: one.key.table.name,
        key: one.key.key,
        value: encodeRow(one.row),
      }))
      expect([...rows.all()].sort(compareRows)).toEqual(expected.sort(compareRows))
    } else {
      const expected = model.get(step.key.path)?.row
      if (step.what === 'get') expect(rows.get(step.key)).toEqual(expected)
      else expect(rows.text(step.key.table.name, step.key.key)).toBe(expected && encodeRow(expected))
    }
    expect(rows.count).toBe(model.size)
  }
}

describe('the rows of a replay', () => {
  test.each([1, 2, 5, 100])('are the same in memory and out of it, %i of them young at most', (maxYoung) => {
    let opened = 0
    const open = () => {
      opened += 1
      return openColdRows()
    }
    fc.assert(
      fc.property(steps, (taken) => {
        const rows = new ReplayedRows(open, maxYoung)
        try {
          run(rows, [...taken, { what: 'all' }])
        } finally {
          rows.close()
        }
      }),
      { numRuns: 60 },
    )
    if (maxYoung < 5) expect(opened).toBeGreaterThan(0)
    if (maxYoung === 100) expect(opened).toBe(0)
  })

  test('are all in memory where there is no other place', () => {
    fc.assert(fc.property(steps, (taken) => run(new ReplayedRows(), [...taken, { what: 'all' }])))
  })
})
