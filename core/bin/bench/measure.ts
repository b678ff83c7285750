/**
 * Notes against the clock: signed beforehand and read from a file, then submitted as many at a time as the ledger takes, until
 * the last of them has its durable answer.
 */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { wholeSeconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { Feeder } from './feeder.ts'
import { type BenchContext, type Limited, type LimitFields, limitFields, rounded } from './figure.ts'
import type { OpenMarket } from './market.ts'
import { readNotes, signedPurchases, writeNotes } from './notes.ts'
import { nextPurchases } from './purchases.ts'

interface Run {
  readonly seconds: number
  /** The part of the time in which the main thread, the one writer, was busy. */
  readonly mainBusy: number
  /** Processor time of the whole process. */
  readonly cpuSeconds: number
}

type RunFields = LimitFields & {
  readonly seconds: number
  readonly perSecond: number
  readonly mainBusy: number
  readonly cpuMicrosEach: number
}

/** What a line says of a run that dealt with `count` things. */
export function runFields(count: number, { seconds, mainBusy, cpuSeconds }: Run, limits: Limited<Run>['limits']): RunFields {
  const perSecond = count / seconds
  return {
    seconds: rounded(seconds, 3),
    perSecond: Math.round(perSecond),
    ...limitFields(perSecond, limits),
    mainBusy: rounded(mainBusy, 2),
    cpuMicrosEach: rounded((cpuSeconds / count) * 1e6, 1),
  }
}

/** Signs the next purchases of a market, then submits them. */
export async function measurePurchases(
  context: BenchContext,
  folder: string,
  { ledger, market, purchases }: OpenMarket,
  count: number,
): Promise<Limited<Run>> {
  const signed = signedPurchases(market, nextPurchases(purchases, count, wholeSeconds(Date.now())))
  return measureNotes(context, folder, ledger, signed)
}

/** Writes notes to a file, then submits them all. */
export async function measureNotes(
  context: BenchContext,
  folder: string,
  ledger: Ledger,
  packs: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  answered?: (answer: Accepted) => void,
): Promise<Limited<Run>> {
  const file = join(folder, 'notes')
  try {
    await writeNotes(file, packs)
    return await context.withLimit(() => submitAll(ledger, file, answered))
  } finally {
    rmSync(file, { force: true })
  }
}

async function submitAll(ledger: Ledger, file: string, answered?: (answer: Accepted) => void): Promise<Run> {
  const feeder = new Feeder(ledger, answered)
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
  const mainBusy = performance.eventLoopUtilization(loop).utilization
  return { seconds, mainBusy, cpuSeconds: (user + system) / 1e6 }
}
