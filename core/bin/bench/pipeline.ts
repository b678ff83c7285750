/**
 * Signed purchases through the whole pipeline, from the bytes of the note to the durable answer, as many as it takes. Everybody
 * signed before the clock starts.
 */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { wholeSeconds } from '../../domain/time.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { Feeder } from './feeder.ts'
import { type BenchContext, type Figure, limitFields, payersFor, rounded } from './figure.ts'
import { type OpenMarket, openMarket } from './market.ts'
import { readNotes, signedPurchases, writeNotes } from './notes.ts'
import { nextPurchases } from './purchases.ts'

const PURCHASES = 200_000

export const pipeline: Figure = {
  name: 'pipeline',
  description: 'signed purchases, durable (200 000; --million)',
  async *run(context) {
    const count = context.count ?? PURCHASES
    const folder = context.folder('pipeline')
    const market = await openMarket(folder, payersFor(context, count))
    try {
      yield { figure: 'pipeline', what: 'signed purchases', ...(await measurePurchases(context, folder, market, count)) }
    } finally {
      await market.close()
    }
  },
}

/** Signs the next purchases of a market, then submits them against the clock. */
export async function measurePurchases(
  context: BenchContext,
  folder: string,
  { ledger, market, traded }: OpenMarket,
  count: number,
): Promise<JsonObject> {
  const file = join(folder, 'purchases.notes')
  const range = nextPurchases(traded, count, wholeSeconds(Date.now()))
  await writeNotes(file, signedPurchases(market, range))
  try {
    const { result, limits } = await context.withLimit(() => submitAll(ledger, file, context.progress('purchases'), count))
    const perSecond = count / result.seconds
    const { seconds, mainBusy, coresBusy } = result
    return {
      ...{ entries: count, payers: market.payers, seconds: rounded(seconds, 3), perSecond: Math.round(perSecond) },
      ...limitFields(perSecond, limits),
      ...{ mainBusy: rounded(mainBusy, 2), coresBusy: rounded(coresBusy, 2) },
    }
  } finally {
    rmSync(file, { force: true })
  }
}

interface Run {
  readonly seconds: number
  /** The part of the time in which the main thread, which is the one writer, was not waiting. */
  readonly mainBusy: number
  /** Processors that the whole process kept busy. */
  readonly coresBusy: number
}

async function submitAll(
  ledger: OpenMarket['ledger'],
  file: string,
  progress: (done: number, total: number) => void,
  count: number,
): Promise<Run> {
  let answered = 0
  const feeder = new Feeder(ledger, () => progress(++answered, count))
  const loop = performance.eventLoopUtilization()
  const processor = process.cpuUsage()
  const started = performance.now()
  for (const note of readNotes(file)) {
    const room = feeder.submit(note)
    if (room !== undefined) await room
  }
  await feeder.drain()
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(processor)
  return { seconds, mainBusy: performance.eventLoopUtilization(loop).utilization, coresBusy: (user + system) / 1e6 / seconds }
}
