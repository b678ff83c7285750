/**
 * Commands that are none, and names that stand for nothing. Whatever it is: one clear sentence and the right exit code,
 * nothing written, never a stack.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { foundMarket, type Market } from './market.ts'
import { cli, copyOf, expectFailed, expectNoStack, stateOf } from './run.ts'
import { expectAsBefore, files } from './untouched.ts'

let market: Market
let dir: string
let before: Awaited<ReturnType<typeof stateOf>>

beforeAll(async () => {
  market = await foundMarket()
  dir = market.dir
  before = await stateOf(dir)
})

const expectUntouched = () => expectAsBefore(dir, before)

/** An id of which the last letter is another one. */
const mistyped = (id: string) => id.slice(0, -1) + (id.endsWith('q') ? 'p' : 'q')

describe('wrong usage', () => {
  it('ends in 2 and a sentence', async () => {
    const lines: string[][] = [
      ['nothing'],
      ['balance'],
      ['balance', 'Nobody'],
      ['balance', 'sequencer'],
      ['balance', mistyped(market.accounts.Bob!)],
      ['account', 'show', 'nim1w3s85znzge5uyuylz8rzj3j9tryzxfqmn7g8es'],
      ['log', '--from', '-1'],
      ['log', '--limit', '99999999999999999999'],
      ['log', '--min', '-1'],
      ['log', '--max', '1.0000001'],
      ['log', '--since', 'yesterday'],
      ['tx'],
      ['tx', 'model.create', '--as', 'Ada'],
      ['tx', 'model.create', '--as', 'Nobody', '--body', '{}'],
      ['topup', 'Bob', '1'],
      ['export', 'tar', join(files, 'x')],
      ['verify', join(files, 'nothing')],
      ['verify', '--old', join(files, 'nothing')],
      ['account', 'new', 'operator'],
      ['hub', '--access', 'some'],
      ['witness', '--listen', 'nowhere'],
      ['bench', 'nothing'],
    ]
    const runs = await Promise.all(lines.map((args) => cli(dir, args)))
    expect(lines.filter((_, i) => runs[i]!.code !== 2)).toEqual([])
    for (const run of runs) expectFailed(run, 'usage')
    await expectUntouched()
  })

  it('says what is missing, also where a group of commands is called without one', async () => {
    const runs = await Promise.all([[], ['account'], ['usage']].map((args) => cli(dir, args)))
    for (const run of runs) {
      expectFailed(run, 'usage')
      expect(run.json.message).not.toContain('outputHelp')
    }
  })

  it('leaves no key behind for an account that was not opened', async () => {
    const twin = copyOf(dir)
    const keys = readFileSync(join(twin, 'keys.json'), 'utf8')
    const names = ['', 'x'.repeat(65), 'a\u202eb']
    for (const run of await Promise.all(names.map((name) => cli(twin, ['account', 'new', name])))) {
      expectNoStack(run)
      expect([1, 2]).toContain(run.code)
    }
    expect(readFileSync(join(twin, 'keys.json'), 'utf8')).toBe(keys)
    expect(await stateOf(twin)).toEqual(before)
  })

  it('keeps local names apart from account ids', async () => {
    const twin = copyOf(dir)
    const bob = market.accounts.Bob!
    await cli(twin, ['account', 'new', bob])
    // Whatever came of it, the id means the account, not a name somebody gave.
    const run = await cli(twin, ['balance', bob])
    expect(run.json.account).toBe(bob)
  })
})
