/** What tests rest on where commands share a process: that each answers there as it does alone. */

import { describe, expect, it } from 'vitest'
import { foundMarket } from './market.ts'
import { cli, folder, type RunOptions } from './run.ts'

describe('a command that shares its process', async () => {
  const { dir, things } = await foundMarket()
  const body = JSON.stringify({ listing: things.dataset, terms: 1, price: '25' })
  const cases: { args: string[]; options?: RunOptions; target?: string }[] = [
    { args: ['status'] },
    { args: ['log'], options: { plain: true } },
    { args: ['statement', 'Bob', '--format', 'pdf'], options: { plain: true } },
    { args: ['tx', 'submit', '-'], options: { stdin: 'no note' } },
    { args: ['tx', 'dataset.purchase', '--as', 'Bob', '--body', '-'], options: { stdin: body, passphrase: 'wrong' } },
    { args: ['balance', 'Bob'], target: folder() },
    { args: ['nothing'], options: { plain: true } },
    { args: ['verify', '--vkey', 'none'] },
    { args: ['--version'] },
  ]
  it.each(cases)('$args', async ({ args, options, target = dir }) => {
    const [shared, again] = [await cli(target, args, options), await cli(target, args, options)]
    const alone = await cli(target, args, { ...options, isAlone: true })
    expect([shared, again]).toEqual([alone, alone])
  })
})
