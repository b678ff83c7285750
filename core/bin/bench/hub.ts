/**
 * The hub over HTTP, in a process of its own on this machine: transactions handed in one by one and in hundreds, a mirror from
 * its first entry to its last, and a hundred watchers of live events. The clients run here, on the same processors, so each line
 * stands beside what a bare server, which only answers, achieves with the very same requests.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toBase64 } from '../../base/bytes.ts'
import { wholeSeconds } from '../../domain/time.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { openSqliteMirror } from '../../drivers/sqlite/mirror-store.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { ED25519, verifierKey } from '../../log/note.ts'
import { HubClient } from '../../net/hub-client.ts'
import { Mirror } from '../../sync/mirror.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { Failure } from '../failure.ts'
import { type BenchContext, type Figure, type Limited, limitFields, rounded } from './figure.ts'
import { sharedFolder, sharedMarket } from './fill.ts'
import { Lanes, type Load, percentiles, Watchers } from './http-load.ts'
import { type Market, ORIGIN, sequencer } from './market.ts'
import { signedPurchases, unpackNotes } from './notes.ts'
import { nextPurchases } from './purchases.ts'

const MIRRORED = 30_000
const SINGLE = 6_000
/** Handed in before and not counted: a hub runs for months, and much of its code is compiled with its first calls. */
const FIRST_SINGLE = 4_000
const BATCHED = 20_000
const BATCH_NOTES = 100
const SINGLE_LANES = 32
const BATCH_LANES = 4
const WATCHERS = 100
/** Events that are waited for one by one, and those that come as fast as they can. */
const AWAITED = 100
const FLOOD = 1_000

export const hub: Figure = {
  name: 'hub',
  description: 'over HTTP: submissions a second, single and in hundreds; a mirror; events to 100 watchers; milliseconds',
  async *run(context) {
    const shared = await sharedMarket(context, context.count ?? MIRRORED)
    const { market, purchases } = shared
    await shared.close()
    const site = await Site.start(context, sharedFolder(context), market, purchases)
    try {
      const count = (usual: number) => Math.min(context.count ?? usual, usual)
      await site.handIn(count(FIRST_SINGLE))
      yield await site.submissions('single', { count: count(SINGLE), notes: 1, lanes: SINGLE_LANES })
      yield await site.submissions('batches', { count: count(BATCHED), notes: BATCH_NOTES, lanes: BATCH_LANES })
      const withReceipts = { count: count(BATCHED), notes: BATCH_NOTES, lanes: BATCH_LANES, receipts: true } as const
      yield await site.submissions('batches with receipts', withReceipts)
      yield await site.mirror()
      yield await site.watchers(count(FLOOD), count(AWAITED))
    } finally {
      await site.stop()
    }
  },
}

interface Submissions {
  readonly count: number
  /** Notes in one call. */
  readonly notes: number
  /** Calls under way at a time, each on a connection of its own. */
  readonly lanes: number
  readonly receipts?: true
}

class Site {
  readonly #context: BenchContext
  readonly #child: ChildProcess
  readonly #hub: string
  readonly #bare: string
  readonly #market: Market
  #purchases: number

  private constructor(
    context: BenchContext,
    child: ChildProcess,
    { hub, bare }: { hub: string; bare: string },
    given: { readonly market: Market; readonly purchases: number },
  ) {
    this.#context = context
    this.#child = child
    this.#hub = hub
    this.#bare = bare
    this.#market = given.market
    this.#purchases = given.purchases
  }

  static async start(context: BenchContext, folder: string, market: Market, purchases: number): Promise<Site> {
    const child = fork(fileURLToPath(new URL('./hub-program.ts', import.meta.url)))
    child.send(folder)
    const ended = once(child, 'exit').then(() => {
      throw new Error('The process of the hub ended before it served.')
    })
    const [origins] = (await Promise.race([once(child, 'message'), ended])) as [{ hub: string; bare: string }]
    ended.catch(() => {})
    return new Site(context, child, origins, { market, purchases })
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }

  /** So many notes, one by one, which are not counted. */
  async handIn(count: number): Promise<void> {
    const calls = await this.#calls(count, 1)
    await withLanes(SINGLE_LANES, (clients) => clients.run(new URL('/trpc/transaction.submit', this.#hub), calls))
  }

  /** Calls of so many notes, as many under way at a time as there are lanes; and the same calls to the bare server. */
  async submissions(what: string, { count, notes, lanes, receipts }: Submissions): Promise<JsonObject> {
    const calls = await this.#calls(count, notes, receipts)
    const bare = await withLanes(lanes, (clients) => clients.run(new URL('/', this.#bare), calls))
    const path = notes === 1 ? '/trpc/transaction.submit' : '/trpc/transaction.submitMany'
    const { result, limits } = await this.#context.withLimit(() =>
      withLanes(lanes, (clients) => clients.run(new URL(path, this.#hub), calls, (answer) => expectAccepted(answer, notes))),
    )
    const sent = calls.length * notes
    return { figure: 'hub', what, notes: sent, notesEach: notes, connections: lanes, ...this.#rates(sent, result, limits, bare) }
  }

  #rates(count: number, load: Load, limits: Limited<unknown>['limits'], bare: Load): JsonObject {
    const perSecond = count / load.seconds
    const barePerSecond = count / bare.seconds
    const ofBare = { barePerSecond: Math.round(barePerSecond), ofBare: rounded(perSecond / barePerSecond, 3) }
    return { perSecond: Math.round(perSecond), ...limitFields(perSecond, limits), ...ofBare, ...percentiles(load.waits) }
  }

  async mirror(): Promise<JsonObject> {
    const verifier = createVerifier()
    const store = await openSqliteMirror(join(this.#context.scratch(), 'mirror'))
    try {
      const trusted = verifierKey(sha256, ORIGIN, ED25519, sequencer().publicKey)
      const remote = new HubClient(new URL(this.#hub))
      const progress = this.#context.progress('mirroring')
      const mirror = await Mirror.open({ ...LEDGER_TOOLS, store, verifier, remote, trusted, progress })
      const { result, limits } = await this.#context.withLimit(async () => {
        const started = performance.now()
        const synced = await mirror.sync()
        if (synced.status === 'caught') throw new Failure('damaged', synced.evidence.message)
        return { entries: synced.applied, seconds: (performance.now() - started) / 1000 }
      })
      const perSecond = result.entries / result.seconds
      const rates = { seconds: rounded(result.seconds, 3), perSecond: Math.round(perSecond), ...limitFields(perSecond, limits) }
      return { figure: 'hub', what: 'mirror', entries: result.entries, ...rates }
    } finally {
      await store.close()
      await verifier.close()
    }
  }

  /** Deliveries a second where many entries come at once; and from handing in one transaction until each watcher has it. */
  async watchers(flood: number, awaited: number): Promise<JsonObject> {
    const calls = await this.#calls(Math.ceil(flood / BATCH_NOTES) * BATCH_NOTES, BATCH_NOTES)
    const singles = await this.#calls(awaited, 1)
    const submit = new URL('/trpc/transaction.submit', this.#hub)
    const submitMany = new URL('/trpc/transaction.submitMany', this.#hub)
    const watching = await Watchers.open(new URL('/trpc/log.watch?input=%7B%7D', this.#hub), WATCHERS)
    const said = calls.length * BATCH_NOTES
    const { result, limits } = await this.#context.withLimit(() =>
      watching.until(said, () => withLanes(1, (clients) => clients.run(submitMany, calls))),
    )
    const waits = await withLanes(1, (clients) => watching.each(singles, (call) => clients.run(submit, [call])))
    const text = watching.last
    watching.close()
    const bareWatching = await Watchers.open(new URL('/events', this.#bare), WATCHERS)
    const say = JSON.stringify({ text, times: BATCH_NOTES })
    const saying = calls.map(() => say)
    const bare = await bareWatching.until(said, () => withLanes(1, (clients) => clients.run(new URL('/say', this.#bare), saying)))
    bareWatching.close()
    const rates = this.#rates(said * WATCHERS, { seconds: result, waits }, limits, { seconds: bare, waits: [] })
    return { figure: 'hub', what: 'watchers', watchers: WATCHERS, events: said, awaited: singles.length, ...rates }
  }

  /** The next purchases, signed, as bodies of calls. */
  async #calls(count: number, notes: number, receipts?: true): Promise<string[]> {
    const signed: string[] = []
    for await (const packed of signedPurchases(this.#market, nextPurchases(this.#purchases, count, wholeSeconds(Date.now()))))
      for (const note of unpackNotes(packed)) signed.push(toBase64(note))
    this.#purchases += count
    if (notes === 1) return signed.map((note) => JSON.stringify({ note }))
    const calls: string[] = []
    for (let from = 0; from < signed.length; from += notes)
      calls.push(JSON.stringify({ notes: signed.slice(from, from + notes), ...(receipts && { receipts }) }))
    return calls
  }
}

async function withLanes<T>(count: number, use: (lanes: Lanes) => Promise<T>): Promise<T> {
  const lanes = new Lanes(count)
  try {
    return await use(lanes)
  } finally {
    lanes.close()
  }
}

function expectAccepted(answer: string, notes: number): void {
  const accepted = answer.split('"status":"accepted"').length - 1
  if (accepted !== notes) throw new Failure('damaged', `The hub did not accept what it was given: ${answer.slice(0, 500)}`)
}
