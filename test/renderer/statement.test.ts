/** A statement from the wallet: the same file as the command writes, by the calendar of the ledger. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { statementTimes } from '../../renderer/periods.ts'
import { cli } from '../cli/run.ts'
import { axeFindings, openMarket } from './support.ts'

test('as CSV and as PDF, for a period', async () => {
  const { page, market } = await openMarket('Bob')
  const download = async (format: string) => {
    await page.getByRole('button', { name: 'Statement' }).click()
    expect(await axeFindings(page)).toEqual([])
    const coming = page.waitForEvent('download')
    await page.getByRole('button', { name: format }).click()
    const file = await coming
    return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) }
  }
  const csv = await download('As CSV')
  expect(csv.name).toBe('statement-all.csv')
  const written = join(market.dir, '..', 'bob.csv')
  await cli(market.dir, ['statement', 'Bob', '--format', 'csv', '-o', written])
  expect(csv.bytes.toString('utf8')).toBe(readFileSync(written, 'utf8'))
  const pdf = await download('As PDF')
  expect(pdf.bytes.subarray(0, 5).toString('latin1')).toBe('%PDF-')
})

test('months and years by UTC, one that has not ended without an end', () => {
  const now = '2026-01-31T23:59:59.999Z'
  expect(statementTimes('all', now)).toEqual({})
  expect(statementTimes('this-month', now)).toEqual({ from: '2026-01-01T00:00:00Z' })
  expect(statementTimes('last-month', now)).toEqual({ from: '2025-12-01T00:00:00Z', to: '2026-01-01T00:00:00Z' })
  expect(statementTimes('this-year', now)).toEqual({ from: '2026-01-01T00:00:00Z' })
  expect(statementTimes('last-year', now)).toEqual({ from: '2025-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' })
})
