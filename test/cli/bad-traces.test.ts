/**
 * Traces of calls that are none, or of nobody’s mandate: one clear sentence and the right exit code, nothing charged. Strange
 * but lawful ones are charged exactly.
 */

import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { writing } from '../../core/bin/desk.ts'
import { importUsage } from '../../core/bin/usage/import.ts'
import { foundMarket, type Market, placeOf } from './market.ts'
import { type Answer, cli, copyOf, expectFailed, expectOneValue, expectRefused, stateOf, TRACE } from './run.ts'
import { expectAsBefore, files, save } from './untouched.ts'

let market: Market
let dir: string
let before: Awaited<ReturnType<typeof stateOf>>

beforeAll(async () => {
  market = await foundMarket()
  dir = market.dir
  before = await stateOf(dir)
})

const expectUntouched = () => expectAsBefore(dir, before)

describe('traces', () => {
  const header = 'TIMESTAMP,ContextTokens,GeneratedTokens\n'
  const line = '2026-01-01 18:15:46.6805900,374,44\n'
  const traces: Record<string, string | Uint8Array> = {
    empty: '',
    'without a column': 'TIMESTAMP,ContextTokens\n2026-01-01 18:15:46.68,374\n',
    'without a header': line,
    'with a column twice': `TIMESTAMP,ContextTokens,GeneratedTokens,ContextTokens\n2026-01-01 18:15:46.68,374,44,375\n`,
    'with a bad number': `${header}${line}2026-01-01 18:15:46.68,37x,44\n`,
    'with a negative number': `${header}2026-01-01 18:15:46.68,-1,44\n`,
    'with a fraction': `${header}2026-01-01 18:15:46.68,1.5,44\n`,
    'with a number beyond 2^53': `${header}2026-01-01 18:15:46.68,9007199254740993,44\n`,
    'with nothing for a number': `${header}2026-01-01 18:15:46.68,,44\n`,
    'with a bad date': `${header}2026-02-30 18:15:46.68,1,44\n`,
    'with another date format': `${header}01/02/2026 18:15,1,44\n`,
    'with a date of another zone': `${header}2026-01-01 18:15:46+02:00,1,44\n`,
    'with a cell too few': `${header}${line}2026-01-01 18:15:46.68,1\n`,
    'with an open quote': `${header}"2026-01-01 18:15:46.68,1,44\n`,
    'a PNG': Buffer.from('89504e470d0a1a0a0000000d494844520a0000', 'hex'),
    'of every byte': Uint8Array.from({ length: 256 }, (_, byte) => byte),
    'of NULs': Buffer.alloc(5_000),
    'one endless line': 'x'.repeat(200_000),
    // The good lines before a bad one are not charged either.
    'bad at its end': `${header}${line.repeat(2_500)}oops\n`,
  }
  const bill = (file: string, ...more: string[]) => {
    const args = ['usage', 'import', file, '--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada', ...more]
    return cli(dir, args)
  }

  it('that are none are refused before anything is charged', async () => {
    const names = Object.keys(traces)
    const paths = names.map((name, i) => save(`trace-${i}.csv`, traces[name]!))
    const options = { listing: market.things.listing!, payer: 'Bob', meter: 'Ada', progress: () => {} }
    const answers = await writing(placeOf(dir), async (desk) => {
      const given: (Answer | Error)[] = []
      for (const file of paths)
        given.push(
          await importUsage(desk, { ...options, file }).then(
            (one) => one as never,
            (error) => error as Error,
          ),
        )
      return given
    })
    for (const [i, answer] of answers.entries()) {
      expect(answer, names[i]).toMatchObject({ status: 'refused', code: 'malformed' })
      expect(answer.message, names[i]).toMatch(/line|header|empty|CSV/i)
    }
    const sample = ['empty', 'without a column', 'a PNG', 'bad at its end']
    const runs = await Promise.all(sample.map((name) => bill(paths[names.indexOf(name)]!)))
    for (const run of runs) expectRefused(run, 'malformed')
    await expectUntouched()
  })

  it('of nobody’s mandate, listing, meter or file are refused', async () => {
    const other = (option: string, value: string) => {
      const args = ['--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
      args[args.indexOf(option) + 1] = value
      return cli(dir, ['usage', 'import', TRACE, ...args])
    }
    expectRefused(await other('--payer', 'Chiara'), 'no_mandate')
    expectRefused(await other('--listing', market.things.dataset!), 'no_mandate')
    expectRefused(await other('--meter', 'Chiara'), 'not_owner')
    expectFailed(await other('--payer', 'Nobody'), 'usage')
    expectFailed(await bill(join(files, 'none.csv')), 'usage')
    expectFailed(await bill(files), 'usage')
    await expectUntouched()
  })

  it('with strange but lawful lines are charged to the microcredit', async () => {
    const twin = copyOf(dir)
    const header = '\ufeffGeneratedTokens,Other,TIMESTAMP,ContextTokens'
    const csv = `${header}\r\n"44","a,b",2026-01-01 18:15:46,374\r\n\r\n0,,2026-01-01T18:15:46.1Z,0\r\n`
    const args = ['--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
    const run = await cli(twin, ['usage', 'import', save('strange.csv', csv), ...args])
    expectOneValue(run)
    // 100 µ a call, and 187 µ + 66 µ for the tokens of the first.
    expect(run.json).toMatchObject({ lines: 2, charged: 2, gross: '0.000453' })
    expect((await stateOf(twin)).ok).toBe(true)
  })

  it('of two imports at a time are charged once, and the one that comes too late says so', async () => {
    const twin = copyOf(dir)
    const file = save('shared.csv', `TIMESTAMP,ContextTokens,GeneratedTokens\n${'2026-01-01 00:00:00,1,1\n'.repeat(1_500)}`)
    const options = { listing: market.things.listing!, payer: 'Bob', meter: 'Ada', progress: () => {}, file }
    const both = await writing(placeOf(twin), (desk) =>
      Promise.allSettled([importUsage(desk, options), importUsage(desk, options)]),
    )
    const [first, second] = both.sort((a) => (a.status === 'fulfilled' ? -1 : 1))
    expect(first).toMatchObject({ status: 'fulfilled', value: { lines: 1_500, charged: 1_500 } })
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'busy', exitCode: 4 } })
    const again = await writing(placeOf(twin), (desk) => importUsage(desk, options))
    expect(again).toMatchObject({ lines: 1_500, charged: 0, alreadyCharged: 1_500 })
  })

  it('of files whose names are in another form of Unicode have a stream all the same', async () => {
    const twin = copyOf(dir)
    const csv = 'TIMESTAMP,ContextTokens,GeneratedTokens\n2024-02-29 23:59:59.9999999,1,1\n'
    const args = ['--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
    const run = await cli(twin, ['usage', 'import', save('caf\u0065\u0301.csv', csv), ...args])
    expect(run.json, run.stdout).toMatchObject({ stream: 'caf\u00e9.csv', charged: 1 })
  })
})
