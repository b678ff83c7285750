/** The log: pages, one entry with its proof, what is new, and the audit of all of it. */

import { once } from 'node:events'
import { type TrackedEnvelope, tracked } from '@trpc/server'
import { z } from 'zod'
import { toBase64 } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import type { Tools } from '../../domain/envelope.ts'
import { formatMicros } from '../../domain/money.ts'
import { type Key, keys, refunds } from '../../domain/state.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { formatEntry } from '../../ledger/entry.ts'
import { readRange } from '../../ledger/history.ts'
import { logKey } from '../../ledger/log-keys.ts'
import { presentBody } from '../../ledger/present.ts'
import { readPlatform, readRow } from '../../ledger/queries.ts'
import { proveEntry } from '../../ledger/receipt.ts'
import { LoadedRows } from '../../ledger/rows.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { readCheckpoint } from '../../log/checkpoint.ts'
import { formatVerifierKey } from '../../log/note.ts'
import { formatProof } from '../../log/proof.ts'
import { compareCheckpoints } from '../comparing.ts'
import { events, missing } from '../failures.ts'
import { type ConsoleHost, EXPORT_FORMATS, type ExportFormat, type Sight } from '../host.ts'
import * as input from '../inputs.ts'
import { readLines } from '../lines.ts'
import { logPage, logRange } from '../log-pages.ts'
import { balancesOf, entryViews, signatureViews } from '../present.ts'
import { may, router } from '../procedure.ts'
import { progressOf } from '../progress.ts'
import type * as view from '../views.ts'

const pageForm = z.strictObject({
  before: input.index.optional(),
  limit: input.limit,
  account: input.account.optional(),
  type: input.type.optional(),
  /** Accepted at this time or later, and before the other. */
  since: input.time.optional(),
  until: input.time.optional(),
  /** What the entry moved: the gross of its payment, or the largest of its postings. */
  minAmount: input.amount.optional(),
  maxAmount: input.amount.optional(),
})
const compareForm = z.strictObject({
  first: input.evidence,
  second: input.evidence.optional(),
  vkeys: input.vkeys.default([]),
})
const partForm = z.strictObject({ id: input.handle, from: input.index })
const watchForm = z.strictObject({ after: input.eventId, lastEventId: input.eventId })

/** Of an export, in one answer. */
const EXPORT_PART_BYTES = 2 * 1024 * 1024
const SECOND_MS = 1_000
/** Entries sent to a watcher before checking again whether it still wants them. */
const WATCH_PAGE = 100

export const log = router({
  page: may('read')
    .input(pageForm.prefault({}))
    .query(
      ({ ctx, input }): Promise<view.LogPage> => ctx.host.reading((sight) => logPage(ctx.host.tools, sight, filterOf(input))),
    ),
  range: may('read')
    .input(z.strictObject({ from: input.index, limit: input.limit }))
    .query(
      ({ ctx, input }): Promise<view.LogRange> =>
        ctx.host.reading(({ store }) => logRange(ctx.host.tools, store, input.from, input.limit)),
    ),
  entry: may('read')
    .input(z.strictObject({ index: input.index }))
    .query(
      ({ ctx, input }): Promise<view.EntryDetail> => ctx.host.reading((sight) => entryDetail(ctx.host.tools, sight, input.index)),
    ),
  /** The lines of a batch of calls. */
  lines: may('read')
    .input(z.strictObject({ index: input.index, after: input.index.optional(), limit: input.limit }))
    .query(({ ctx, input }): Promise<view.LinePage> => ctx.host.reading((sight) => readLines(ctx.host.tools, sight, input))),
  checkpoint: may('read').query(
    ({ ctx }): Promise<view.CheckpointView> =>
      ctx.host.reading(async ({ store }) => {
        const checkpoint = await store.checkpoint()
        const head = checkpoint && readCheckpoint(checkpoint)
        if (checkpoint === undefined || head === undefined || head instanceof Malformed)
          throw missing('There is no checkpoint yet.')
        return { size: head.size, vkey: await readLogKey(ctx.host.tools, store), checkpoint: toBase64(checkpoint) }
      }),
  ),
  compare: may('read')
    .input(compareForm)
    .query(
      ({ ctx, input }): Promise<view.ComparisonView> =>
        ctx.host.reading(({ store }) => compareCheckpoints(ctx.host, store, input)),
    ),
  watch: may('read')
    .input(watchForm.prefault({}))
    .subscription(({ ctx, input, signal }) => {
      const seen = input.lastEventId ?? input.after
      return events(ctx.host, follow(ctx.host, seen ?? undefined, signal!))
    }),
  verify: may('read').subscription(
    ({ ctx, signal }): AsyncGenerator<view.VerifyEvent> => events(ctx.host, verify(ctx.host, signal!)),
  ),
  /** The log for other programs: made beside everything else, then fetched part by part. */
  export: may('read')
    .input(z.strictObject({ format: z.enum(EXPORT_FORMATS) }))
    .subscription(
      ({ ctx, input, signal }): AsyncGenerator<view.ExportEvent> => events(ctx.host, exported(ctx.host, input.format, signal!)),
    ),
  exportPart: may('read')
    .input(partForm)
    .query(
      async ({ ctx, input: { id, from } }): Promise<view.Base64> =>
        toBase64(await ctx.host.files.exportedPart(id, from, EXPORT_PART_BYTES)),
    ),
})

function filterOf({ since, until, minAmount, maxAmount, ...rest }: z.output<typeof pageForm>) {
  const times = { since: since && since * SECOND_MS, until: until && until * SECOND_MS }
  return { ...rest, ...times, leastMicros: minAmount, mostMicros: maxAmount }
}

async function entryDetail(tools: Tools, { store }: Sight, index: number): Promise<view.EntryDetail> {
  const [entry] = await readRange(tools, store, index, 1)
  if (entry === undefined) throw missing(`There is no entry ${index} yet.`)
  const proof = await proveEntry(tools.sha256, store, index, await store.checkpoint())
  if (proof === undefined) throw missing(`Entry ${index} is not covered by a checkpoint yet.`)
  const [shown] = await entryViews(store, [entry])
  const undone = await readRow(store, refunds.at(index))
  return {
    ...shown!,
    body: presentBody(entry.transaction),
    balances: balancesOf(entry),
    note: new TextDecoder().decode(entry.note),
    bytes: toBase64(formatEntry(entry)),
    signatures: signatureViews(entry, await readSigningKeys(store, entry)),
    proof: toBase64(formatProof(proof)),
    vkey: await readLogKey(tools, store),
    ...(undone && { undone: formatMicros(undone.refundedMicros) }),
  }
}

/** The keys of an entry's signatures as they are now, by "account/key id". */
async function readSigningKeys(store: StoreReader, { transaction }: Accepted): Promise<ReadonlyMap<string, Key>> {
  const rows = new LoadedRows(store)
  const named = transaction.signatures.map(({ name, keyId }) => keys.at(name, keyId))
  await rows.load(named)
  const known = named.map((key) => [key.key, rows.get(key)] as const)
  return new Map(known.filter((pair): pair is [string, Key] => pair[1] !== undefined))
}

/** The log's key, as others use it to verify. */
async function readLogKey({ sha256 }: Tools, store: StoreReader): Promise<string> {
  const { origin, sequencerKey } = await readPlatform(store)
  return formatVerifierKey(logKey(sha256, origin, sequencerKey))
}

/** The entries after one that was seen, or those that are new from now on, for as long as somebody watches. */
async function* follow(
  host: ConsoleHost,
  seen: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<TrackedEnvelope<view.Entry>> {
  let next: number | undefined
  while (!signal.aborted) {
    const { size, entries } = await host.reading(async ({ store }) => {
      const now = await store.size()
      next ??= Math.min(now, seen === undefined ? now : seen + 1)
      return { size: now, entries: await entryViews(store, await readRange(host.tools, store, next, WATCH_PAGE)) }
    })
    for (const entry of entries) yield tracked(String(entry.index), entry)
    next = next! + entries.length
    if (next === size) await host.grown(size, signal)
  }
}

async function* verify(host: ConsoleHost, signal: AbortSignal): AsyncGenerator<view.VerifyEvent> {
  const started = performance.now()
  const report = yield* progressOf(signal, (progress) => host.audit(signal, progress))
  yield { what: 'report', report, seconds: Math.round(performance.now() - started) / 1000 }
}

/** Makes the file, says where its parts are, and keeps it until the subscription ends. */
async function* exported(host: ConsoleHost, format: ExportFormat, signal: AbortSignal): AsyncGenerator<view.ExportEvent> {
  const file = yield* progressOf(signal, (progress) => host.files.exportLog(format, signal, progress))
  const { id, name, bytes, entries } = file
  try {
    yield { what: 'file', id, name, bytes, entries }
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    await file.release()
  }
}
