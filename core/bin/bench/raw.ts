/**
 * The parts by themselves: the limit, how much of it the verifier reaches when one thread feeds it, and how much the disk takes
 * when entries cost nothing.
 */

import { randomBytes } from 'node:crypto'
import { toHex } from '../../base/bytes.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { openSqliteWriter } from '../../drivers/sqlite/store.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { type BenchContext, type Figure, limitFields, rounded } from './figure.ts'
import { purchaseChecks } from './limit.ts'

const VERIFIED = 100_000
const APPENDED = 200_000
const COMMIT_ENTRIES = 1_000
/** Calls that the verifier has at a time, each of some hundreds of checks. */
const CALLS = 8
const CALL_CHECKS = 500
const SMALL_COMMITS = 100

export const raw: Figure = {
  name: 'raw',
  description: 'the limit: signatures checked and nothing else; the verifier alone; entries appended durably and nothing else',
  async *run(context) {
    yield await verifying(context)
    yield await appending(context)
  },
}

async function verifying(context: BenchContext): Promise<JsonObject> {
  const count = context.count ?? VERIFIED
  const verifier = createVerifier()
  try {
    await feedVerifier(verifier, Math.min(count, 10_000))
    const { result: seconds, limits } = await context.withLimit(() => timed(() => feedVerifier(verifier, count)))
    const perSecond = count / seconds
    return {
      figure: 'raw',
      what: 'verifier',
      signatures: count,
      perSecond: Math.round(perSecond),
      ...limitFields(perSecond, limits),
    }
  } finally {
    await verifier.close()
  }
}

async function feedVerifier(verifier: ReturnType<typeof createVerifier>, count: number): Promise<void> {
  const checks = purchaseChecks()
  let left = count
  const call = async () => {
    while (left > 0) {
      const taken = Math.min(left, CALL_CHECKS)
      left -= taken
      const from = left % (checks.length - CALL_CHECKS)
      await verifier.verify(checks.slice(from, from + taken))
    }
  }
  await Promise.all(Array.from({ length: CALLS }, call))
}

async function appending(context: BenchContext): Promise<JsonObject> {
  const count = context.count ?? APPENDED
  const store = await openSqliteWriter(context.scratch(), { create: true })
  try {
    // About as long as a purchase with its acceptance line, and its outcome.
    const bytes = randomBytes(480)
    const outcome = randomBytes(48)
    const commit = async (entries: number) => {
      const now = Math.floor(Date.now() / 1000)
        .toString(16)
        .padStart(8, '0')
      const made = Array.from({ length: entries }, () => ({ id: now + toHex(randomBytes(20)), bytes, outcome }))
      await store.commit({ size: await store.size(), entries: made, rows: [], tiles: [] })
    }
    const { result, limits } = await context.withLimit(async () => {
      const seconds = await timed(async () => {
        for (let done = 0; done < count; done += COMMIT_ENTRIES) await commit(Math.min(COMMIT_ENTRIES, count - done))
      })
      const waits: number[] = []
      for (let i = 0; i < SMALL_COMMITS; i++) waits.push(await timed(() => commit(1)))
      return { seconds, commitMs: waits.sort((a, b) => a - b)[SMALL_COMMITS / 2]! * 1000 }
    })
    const perSecond = count / result.seconds
    const rates = { perSecond: Math.round(perSecond), ...limitFields(perSecond, limits) }
    return {
      figure: 'raw',
      what: 'append',
      entries: count,
      commitEntries: COMMIT_ENTRIES,
      commitMs: rounded(result.commitMs, 2),
      ...rates,
    }
  } finally {
    await store.close()
  }
}

/** Seconds that some work takes. */
async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}
