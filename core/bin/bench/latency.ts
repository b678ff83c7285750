/**
 * How long a note waits for its durable answer at a twentieth, a quarter and a half of the limit. Notes arrive at random times,
 * at a given average rate, whether the ledger has time or not. Their wait begins then: so if the ledger is late, that counts in
 * full, and so does the tick of the clock, about a millisecond, before an arrival is noticed.
 */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { wholeSeconds } from '../../domain/time.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { StoreError } from '../../ledger/store.ts'
import { Failure } from '../failure.ts'
import { type BenchContext, type Figure, limitFields, rounded } from './figure.ts'
import { sharedFolder, sharedMarket } from './fill.ts'
import type { OpenMarket } from './market.ts'
import { readNotes, signedPurchases, writeNotes } from './notes.ts'
import { nextPurchases } from './purchases.ts'

/** Parts of the limit. */
const LOADS = [0.05, 0.25, 0.5] as const
const SECONDS = 8
/**
 * Not counted: code is compiled, threads start, and the backlog of that time has to be worked off. A server does all this in its
 * first minute; how fast it is matters afterwards.
 */
const WARM_UP_SECONDS = 8
const WARM_UP_LOAD = 0.25

export const latency: Figure = {
  name: 'latency',
  description: 'milliseconds from arrival to the durable answer at 0.05, 0.25 and 0.5 of the limit',
  async *run(context) {
    const open = await sharedMarket(context, 0, 100_000)
    try {
      await measure(context, open, { load: WARM_UP_LOAD, seconds: WARM_UP_SECONDS })
      for (const load of LOADS) yield await measure(context, open, { load, seconds: SECONDS })
    } finally {
      await open.close()
    }
  },
}

interface Load {
  /** The part of the limit. */
  readonly load: number
  readonly seconds: number
}

async function measure(context: BenchContext, open: OpenMarket, { load, seconds }: Load): Promise<JsonObject> {
  const file = join(sharedFolder(context), 'notes')
  const before = await context.limit()
  const perSecond = load * before
  const count = Math.min(context.count ?? Number.POSITIVE_INFINITY, Math.ceil(perSecond * seconds))
  try {
    await writeNotes(file, signedPurchases(open.market, nextPurchases(open.purchases, count, wholeSeconds(Date.now()))))
    const { waits, busy } = await arrive(open.ledger, readNotes(file), perSecond)
    const limits = [before, await context.limit()] as const
    const sorted = waits.sort()
    const at = (part: number) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0, 2)
    return {
      figure: 'latency',
      what: 'arrival to durable',
      load,
      arrivals: count,
      perSecond: Math.round(perSecond),
      busy,
      ...limitFields(perSecond, limits),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      p999Ms: at(0.999),
      maxMs: at(1),
    }
  } finally {
    rmSync(file, { force: true })
  }
}

interface Arrivals {
  /** The waits of the notes that were answered, in milliseconds. */
  readonly waits: Float64Array
  /** Notes that the ledger did not take, because too many were waiting. */
  readonly busy: number
}

async function arrive(ledger: Ledger, notes: Iterable<Uint8Array>, perSecond: number): Promise<Arrivals> {
  const waits: number[] = []
  const answers: Promise<void>[] = []
  let busy = 0
  const random = randomNumbers(1)
  const started = performance.now()
  const submit = async (note: Uint8Array, due: number) => {
    try {
      const answer = await ledger.submit(note)
      waits.push(performance.now() - started - due)
      if (answer.status === 'refused') throw new Failure('damaged', `A note was refused: ${answer.message}`)
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'busy')) throw error
      busy += 1
    }
  }
  let due = 0
  for (const note of notes) {
    due += (-Math.log(1 - random()) / perSecond) * 1000
    while (performance.now() - started < due) await sleep(1)
    const answer = submit(note, due)
    // Awaited when all have arrived; until then a failure is not unhandled.
    answer.catch(() => {})
    answers.push(answer)
  }
  await Promise.all(answers)
  return { waits: Float64Array.from(waits), busy }
}

/** Numbers from 0 to below 1 that look random and are the same in every run (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
