/** The benchmarks, each in small: what they do is right and what they print is whole. How quick it was is not asked. */

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Malformed } from '../../core/base/malformed.ts'
import { Feeder } from '../../core/bin/bench/feeder.ts'
import type { BenchContext, Figure } from '../../core/bin/bench/figure.ts'
import { FIGURES } from '../../core/bin/bench/index.ts'
import { type Market, openMarket, payer, sign } from '../../core/bin/bench/market.ts'
import { packNotes, readNotes, signedPurchases, unpackNotes, writeNotes } from '../../core/bin/bench/notes.ts'
import { nextPurchases, purchaseAt, signPurchases } from '../../core/bin/bench/purchases.ts'
import { type BenchSettings, runBench } from '../../core/bin/bench/run.ts'
import { parseSignedTransaction } from '../../core/domain/envelope.ts'
import { wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { auditOf, cli, expectFailed, folder } from './run.ts'

type Line = { readonly [field: string]: unknown; readonly perSecond: number; readonly ratio: number }

const SMALL = { count: 300, payers: 20, limitMs: 20 }

async function linesOf(name: string, settings: BenchSettings = SMALL): Promise<Line[]> {
  const lines: Line[] = []
  const figures = FIGURES.filter((figure) => figure.name === name)
  expect(figures).toHaveLength(1)
  for await (const line of runBench(figures, settings)) lines.push(line as Line)
  for (const line of lines) expect(line).toMatchObject({ figure: name, what: expect.any(String) })
  return lines
}

function expectRate(line: Line): void {
  expect(line.perSecond).toBeGreaterThan(0)
  expect(line.ratio).toBeGreaterThan(0)
  expect(line.limitPerSecond).toBeGreaterThan(0)
}

describe('figures', () => {
  test('raw: the verifier and the disk by themselves', async () => {
    const lines = await linesOf('raw')
    expect(lines).toMatchObject([
      { what: 'verifier', signatures: 300 },
      { what: 'append', entries: 300 },
    ])
    lines.forEach(expectRate)
  })

  test('pipeline: every purchase is accepted, and the ledger verifies', async () => {
    const dir = folder()
    const lines = await linesOf('pipeline', { ...SMALL, dir })
    expect(lines).toMatchObject([{ entries: 300, payers: 20 }])
    lines.forEach(expectRate)
    const { ok, entries } = await auditOf(join(dir, 'market'))
    expect({ ok, entries }).toEqual({ ok: true, entries: 111 + 2 * 20 + 300 })
    expect(readdirSync(dir)).toEqual(['market'])
    expect(existsSync(join(dir, 'market', 'notes'))).toBe(false)
  })

  test('usage: every line of every size is charged, and a kept stream goes on', async () => {
    const dir = folder()
    for (const count of [300, 40]) {
      const lines = await linesOf('usage', { ...SMALL, count, dir })
      expect(lines.map(({ linesEach }) => linesEach)).toEqual([1, 10, 100, 1_000])
      for (const line of lines) expect(line.charged).toBe(line.lines)
      lines.forEach(expectRate)
    }
    expect((await auditOf(join(dir, 'usage'))).ok).toBe(true)
  })

  test('hub: over HTTP everything is accepted, mirrored and told to all who watch', { timeout: 120_000 }, async () => {
    const dir = folder()
    const lines = await linesOf('hub', { ...SMALL, count: 200, dir })
    expect(lines).toMatchObject([
      { what: 'single', notes: 200, notesEach: 1 },
      { what: 'batches', notes: 200, notesEach: 100 },
      { what: 'batches with receipts', notes: 200, notesEach: 100 },
      { what: 'mirror', entries: 111 + 2 * 20 + 200 + 800 },
      { what: 'watchers', watchers: 100, events: 200, awaited: 100 },
    ])
    lines.forEach(expectRate)
    for (const line of lines)
      if (line.what !== 'mirror') expect(line).toMatchObject({ p50Ms: expect.any(Number), ofBare: expect.any(Number) })
    expect(await auditOf(join(dir, 'market'))).toMatchObject({ ok: true, entries: 111 + 2 * 20 + 200 + 800 + 300 })
  })

  test('latency: a wait for every arrival', async () => {
    const lines = await linesOf('latency', { ...SMALL, count: 100 })
    expect(lines.map(({ load }) => load)).toEqual([0.05, 0.25, 0.5])
    for (const line of lines) {
      expect(line).toMatchObject({ arrivals: 100, busy: 0 })
      const waits = [0, line.p50Ms, line.p99Ms, line.p999Ms, line.maxMs] as number[]
      expect(waits).toEqual([...waits].sort((a, b) => a - b))
      expect(line.p50Ms).toBeGreaterThan(0)
    }
  })

  test('audit, bytes, growth and open share a market and let it grow', async () => {
    const dir = folder()
    const settings = { ...SMALL, dir }
    const [audited] = await linesOf('audit', settings)
    expect(audited).toMatchObject({ entries: 451, peakMegabytes: expect.any(Number) })
    expectRate(audited!)
    const [bytes] = await linesOf('bytes', { ...settings, count: 400 })
    expect(bytes).toMatchObject({ entries: 551 })
    expect(bytes!.ratio).toBeCloseTo((bytes!.diskBytes as number) / ((bytes!.payloadBytes as number) + 128), 2)
    const [opened] = await linesOf('open', settings)
    expect(opened).toMatchObject({ openMs: expect.any(Number), answerMs: expect.any(Number) })
    const [empty, grown] = await linesOf('growth', { ...settings, count: 500 })
    expect(empty).toMatchObject({ at: 0, entries: 500 })
    expect(grown).toMatchObject({ at: 651, entries: 500, ofEmpty: expect.any(Number) })
    const { ok, entries } = await auditOf(join(dir, 'market'))
    expect({ ok, entries }).toEqual({ ok: true, entries: 1_151 })
  })

  test('memory: every account buys once', async () => {
    const [line] = await linesOf('memory')
    expect(line).toMatchObject({ accounts: 300 })
    expect(line!.peakMegabytes).toBeGreaterThanOrEqual(line!.keptMegabytes as number)
  })

  test('those without a name of their own run together, in one folder that is gone afterwards', async () => {
    const folders: string[] = []
    const peek: Figure = {
      name: 'peek',
      description: '',
      async *run(context: BenchContext) {
        folders.push(context.folder('one'), context.scratch())
        yield {}
      },
    }
    for await (const _line of runBench([peek, peek], SMALL)) expect(folders.every(existsSync)).toBe(true)
    expect(new Set(folders).size).toBe(3)
    expect(folders.some(existsSync)).toBe(false)
  })
})

const MARKET: Market = {
  payers: 20,
  models: ['lst_a', 'lst_b', 'lst_c'],
  datasets: ['lst_d', 'lst_e', 'lst_f', 'lst_g'],
  features: ['lst_h'],
}

describe('purchases', () => {
  test('the mix is as it says, every payer buys as often, and nothing that is owned for ever is bought twice', () => {
    const kinds: Record<string, number> = {}
    const buyers: Record<number, number> = {}
    for (let number = 0; number < 400; number++) {
      const { buyer, type } = purchaseAt(
        { ...MARKET, datasets: Array(40).fill('lst_d'), models: Array(40).fill('lst_a') },
        number,
      )
      kinds[type] = (kinds[type] ?? 0) + 1
      buyers[buyer] = (buyers[buyer] ?? 0) + 1
    }
    expect(kinds).toEqual({ 'feature.purchase': 180, 'dataset.license': 140, 'dataset.purchase': 60, 'subscription.start': 20 })
    expect(Object.values(buyers)).toEqual(Array(20).fill(20))
    const once = new Set<string>()
    for (let number = 0; number < 4_000; number++) {
      const { buyer, type, body } = purchaseAt(MARKET, number)
      if (type !== 'dataset.purchase' && type !== 'subscription.start') continue
      const key = `${buyer} ${(body as { listing: string }).listing}`
      expect(once).not.toContain(key)
      once.add(key)
    }
    // The one who begins with the first of the twenty has bought all there is.
    expect([...once].filter((key) => key.startsWith('0 '))).toHaveLength(MARKET.datasets.length + MARKET.models.length)
  })

  test('threads sign what one signs, in order, and a file gives it back', async () => {
    const ids = 'lst_'.padEnd(36, '0')
    const market = { payers: 7, models: [ids], datasets: [ids], features: [ids] }
    const range = nextPurchases(13, 12_000, 1_800_000_000)
    const here = [...signPurchases(market, range)]
    const there: Uint8Array[] = []
    for await (const packed of signedPurchases(market, range)) there.push(...unpackNotes(packed))
    expect(there).toEqual(here)
    const file = join(folder(), 'notes')
    await writeNotes(file, [packNotes(here.slice(0, 5_000)), packNotes([]), packNotes(here.slice(5_000))])
    let read = 0
    for (const note of readNotes(file)) expect(Buffer.compare(note, here[read++]!)).toBe(0)
    expect(read).toBe(here.length)
    const transactions = here.map((note) => parseSignedTransaction(rules, sha256, note))
    expect(transactions.some((one) => one instanceof Malformed)).toBe(false)
    expect(new Set(transactions.map((one) => (one as { id: string }).id)).size).toBe(here.length)
  })
})

describe('the market', () => {
  test('a folder is taken up again with its purchases', async () => {
    const dir = folder()
    const first = await openMarket(dir, 5)
    const notes = [...signPurchases(first.market, nextPurchases(0, 30, wholeSeconds(Date.now())))]
    const feeder = new Feeder(first.ledger)
    for (const note of notes) await feeder.submit(note)
    await feeder.drain()
    expect(first.purchases).toBe(30)
    await first.close()
    const again = await openMarket(dir, 9)
    expect(again.market).toEqual(first.market)
    expect(again.purchases).toBe(30)
    await again.close()
  })

  test('a refused note ends the feeding', async () => {
    const { ledger, market, close } = await openMarket(folder(), 1)
    const feeder = new Feeder(ledger)
    const body = { listing: market.features[0]!, terms: 1, price: '5' }
    await feeder.submit(sign(payer(0), 'feature.purchase', body))
    await expect(feeder.drain()).rejects.toThrow('refused')
    await expect(async () => feeder.submit(sign(payer(0), 'feature.purchase', body))).rejects.toThrow('refused')
    await close()
  })
})

describe('the command', () => {
  test('prints one JSON line a figure', async () => {
    const run = await cli('', ['bench', 'bytes', '--count', '50', '--payers', '5'])
    expect(run.stderr).toBe('')
    expect(run.code).toBe(0)
    expect(run.lines).toMatchObject([{ figure: 'bytes', entries: 111 + 2 * 5 + 50, ratio: expect.any(Number) }])
  })

  test('refuses what it does not know, and the ledger of somebody else', async () => {
    expectFailed(await cli('', ['bench', 'speed']), 'usage')
    expectFailed(await cli('', ['bench', 'raw', '--count', '10', '--million']), 'usage')
    expectFailed(await cli('', ['bench', 'raw', '--count', '0']), 'usage')
    const dir = folder()
    await cli(join(dir, 'market'), ['init'])
    expectFailed(await cli(dir, ['bench', 'pipeline', '--count', '10']), 'usage')
  })
})
