/** The log: which it is, pages of it, one entry with its proof, and what is new. */

import { type TrackedEnvelope, tracked } from '@trpc/server'
import { z } from 'zod'
import { toBase64 } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import { formatEntry } from '../../ledger/entry.ts'
import { readRange } from '../../ledger/history.ts'
import { logKey } from '../../ledger/log-keys.ts'
import { presentBody } from '../../ledger/present.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { receiptOf } from '../../ledger/receipt.ts'
import { readCheckpoint } from '../../log/checkpoint.ts'
import { formatVerifierKey } from '../../log/note.ts'
import { events, missing } from '../failures.ts'
import * as input from '../inputs.ts'
import { logPage, logRange } from '../log-pages.ts'
import { entryViews } from '../present.ts'
import type * as view from '../views.ts'
import { Feed } from './feed.ts'
import type { HubHost } from './host.ts'
import { denied, type HubContext, may, requireAccount, router } from './procedure.ts'
import { balancesFor, entryFor } from './sight.ts'

interface LogHead {
  readonly origin: string
  readonly vkey: string
  /** Only for those who may see the checkpoint. */
  readonly size?: number
}

/** An entry with everything needed to check it without trusting the hub. */
interface EntryProof extends view.Entry {
  readonly body: unknown
  readonly balances: Readonly<Record<string, view.Amount>>
  /** The entry's bytes. */
  readonly bytes: view.Base64
  /** The .tlog-proof with the entry in it, to be checked with the log's vkey. */
  readonly receipt: string
}

const rangeForm = z.strictObject({ from: input.index, limit: input.limit })
const pageForm = z.strictObject({ before: input.index.optional(), limit: input.limit, type: input.type.optional() })
const watchForm = z.strictObject({ after: input.index.optional(), account: input.account.optional(), lastEventId: input.eventId })
const sizesForm = z.strictObject({ lastEventId: input.eventId })

export const log = router({
  head: may('look').query(async ({ ctx }): Promise<LogHead> => {
    const { rights } = await ctx.caller()
    return ctx.host.reading(async ({ store }) => {
      const { origin, sequencerKey } = await readPlatform(store)
      const vkey = formatVerifierKey(logKey(ctx.host.tools.sha256, origin, sequencerKey))
      return { origin, vkey, ...(rights.has('own') && { size: await store.size() }) }
    })
  }),
  range: may('read')
    .input(rangeForm)
    .query(
      ({ ctx, input: { from, limit } }): Promise<view.LogRange> =>
        ctx.host.reading(({ store }) => logRange(ctx.host.tools, store, from, limit)),
    ),
  page: may('read')
    .input(pageForm.prefault({}))
    .query(({ ctx, input }): Promise<view.LogPage> => ctx.host.reading((sight) => logPage(ctx.host.tools, sight, input))),
  entry: may('own')
    .input(z.strictObject({ index: input.index }))
    .query(({ ctx, input }): Promise<EntryProof> => entryProof(ctx, input.index)),
  watch: may('own')
    .input(watchForm.prefault({}))
    .subscription(({ ctx, input: { after, account, lastEventId }, signal }) =>
      events(ctx.host, follow(ctx, { after: lastEventId ?? after, account }, signal!)),
    ),
  sizes: may('own')
    .input(sizesForm.prefault({}))
    .subscription(({ ctx, input: { lastEventId }, signal }) => events(ctx.host, sizes(ctx, lastEventId ?? -1, signal!))),
})

/** The whole entry, only for those who may read the log and for its signer: its bytes tell about everybody whom it touched. */
async function entryProof({ host, caller }: HubContext, index: number): Promise<EntryProof> {
  const asking = await caller()
  return host.reading(async ({ store }) => {
    const [entry] = await readRange(host.tools, store, index, 1)
    if (!asking.rights.has('read') && entry?.transaction.signer !== asking.account) throw denied()
    const receipt = entry && (await receiptOf(host.tools.sha256, store, index, host.cosigned))
    if (entry === undefined || receipt === undefined) throw missing(`There is no entry ${index} yet.`)
    const [shown] = await entryViews(store, [entry])
    return {
      ...shown!,
      body: presentBody(entry.transaction),
      balances: balancesFor(asking, entry),
      bytes: toBase64(formatEntry(entry)),
      receipt: new TextDecoder().decode(receipt.file),
    }
  })
}

const feeds = new WeakMap<HubHost, Feed>()

function feedOf(host: HubHost): Feed {
  const feed = feeds.get(host) ?? new Feed(host)
  feeds.set(host, feed)
  return feed
}

interface Following {
  /** Where it is not said, the last entry that there is now. */
  readonly after?: number | undefined
  readonly account?: string | undefined
}

/** The entries after an index that the caller may see, those of one account if one is named, for as long as the caller may. */
async function* follow(
  context: HubContext,
  { after, account }: Following,
  signal: AbortSignal,
): AsyncGenerator<TrackedEnvelope<view.Entry>> {
  if (account !== undefined) await requireAccount(context, account)
  const { host, caller, progress } = context
  const feed = feedOf(host)
  for (let next = (after ?? host.size - 1) + 1; !signal.aborted; ) {
    const page = await feed.from(next)
    if (page.length === 0) {
      await host.grown(next, signal)
      continue
    }
    const asking = await caller()
    if (!asking.rights.has('own')) throw denied()
    for (const shown of page) {
      const isWanted = account === undefined || shown.touched.includes(account)
      const entry = isWanted ? entryFor(asking, shown) : undefined
      if (entry !== undefined) yield tracked(String(entry.index), entry)
    }
    next += page.length
    progress.show(next)
  }
}

/** How many entries are published, now and whenever there are more; several growths at once are told as one. */
async function* sizes(
  { host, caller, progress }: HubContext,
  seen: number,
  signal: AbortSignal,
): AsyncGenerator<TrackedEnvelope<{ readonly size: number }>> {
  for (let last = seen; !signal.aborted; ) {
    const head = host.published && readCheckpoint(host.published)
    if (head === undefined || head instanceof Malformed || head.size <= last) {
      await host.publishedBeyond(last, signal)
      continue
    }
    if (!(await caller()).rights.has('own')) throw denied()
    last = head.size
    progress.tell(last)
    yield tracked(String(last), { size: last })
  }
}
