/** A mirror beside its hub: how the connection is, what is on its way, what the hub was caught at. */

import { z } from 'zod'
import { toBase64 } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import { formatMilliseconds } from '../../domain/time.ts'
import type { OutboxNote } from '../../ledger/outbox-store.ts'
import { presentKept } from '../../ledger/present.ts'
import { LoadedRows } from '../../ledger/rows.ts'
import type { LogTrust } from '../../log/checkpoint.ts'
import { readCheckpoint } from '../../log/checkpoint.ts'
import { checkEvidence, parseEvidence } from '../../sync/evidence.ts'
import { events, known, missing } from '../failures.ts'
import type { ConsoleHost, SyncHost } from '../host.ts'
import * as input from '../inputs.ts'
import { readNames } from '../present.ts'
import { may, router } from '../procedure.ts'
import type * as view from '../views.ts'

const STATES = { waiting: ['queued', 'sent'], answered: ['accepted', 'refused'] } as const

/** Of the notes that wait, those that go first; of the notes that are answered, the newest. */
const pageForm = z.strictObject({
  which: z.enum(['waiting', 'answered']),
  after: input.transactionId.optional(),
  limit: input.limit,
})
const noteForm = z.strictObject({ id: input.transactionId })

/** The least time between two states that are sent. */
const TELL_MS = 200

export const sync = router({
  state: may('read').query(({ ctx }): Promise<view.SyncState> => stateOf(syncOf(ctx.host))),
  watch: may('read').subscription(
    ({ ctx, signal }): AsyncGenerator<view.SyncState> => events(ctx.host, follow(ctx.host, signal!)),
  ),
  outbox: may('read')
    .input(pageForm)
    .query(({ ctx, input }): Promise<view.OutboxPage> => outboxPage(ctx.host, input)),
  /** An accepted note's receipt, or the hub's signed refusal. */
  proof: may('read')
    .input(noteForm)
    .query(async ({ ctx, input }): Promise<view.ProofFile> => {
      const { id, answer } = await noteOf(syncOf(ctx.host), input.id)
      const [bytes, ending] = answer?.status === 'accepted' ? [answer.receipt, 'tlog-proof'] : [answer?.statement, 'refusal']
      if (bytes === undefined) throw missing(`There is nothing signed about the transaction ${id} yet.`)
      return { name: `${id}.${ending}`, bytes: toBase64(bytes) }
    }),
  evidence: may('read').query(async ({ ctx }): Promise<view.EvidenceView[]> => {
    const host = syncOf(ctx.host)
    const trust = await host.trust()
    return host.evidence().map((file) => evidenceView(ctx.host, file, trust))
  }),
  evidenceFile: may('read')
    .input(z.strictObject({ name: input.text }))
    .query(({ ctx, input }): view.ProofFile => {
      const found = syncOf(ctx.host)
        .evidence()
        .find(({ name }) => name === input.name)
      if (found === undefined) throw missing('There is no such evidence.')
      return { name: found.name, bytes: toBase64(found.bytes) }
    }),
  /** Asks the hub now, and sends what waits. */
  now: may('submit').mutation(async ({ ctx }): Promise<view.SyncState> => {
    const host = syncOf(ctx.host)
    // The state tells the result of the round.
    await host.now().catch((error: unknown) => ctx.host.explain(error))
    return stateOf(host)
  }),
  /** Goes on at once with this read token from the hub's operator. */
  useToken: may('submit')
    .input(z.strictObject({ token: input.token }))
    .mutation(async ({ ctx, input }): Promise<view.SyncState> => {
      const host = syncOf(ctx.host)
      host.useToken(input.token)
      await host.now().catch((error: unknown) => ctx.host.explain(error))
      return stateOf(host)
    }),
  /** Forgets a note that was answered, or never sent. */
  forget: may('submit')
    .input(noteForm)
    .mutation(async ({ ctx, input }): Promise<void> => {
      const host = syncOf(ctx.host)
      const { id } = await noteOf(host, input.id)
      if (!(await host.outbox.drop(id)))
        throw known('usage', 'It was sent and is not answered yet: only the hub can tell what became of it.')
      host.touched()
    }),
})

function syncOf({ sync }: ConsoleHost): SyncHost {
  if (sync === undefined) throw missing('This folder has the ledger itself, which follows nobody.')
  return sync
}

async function stateOf(host: SyncHost): Promise<view.SyncState> {
  const [sizes, outbox] = await Promise.all([host.sizes(), host.outbox.counts()])
  return { hub: host.hub, link: host.link(), ...sizes, outbox, evidence: host.evidence().length }
}

/** The state as it is, and again whenever it changes. */
async function* follow(ledger: ConsoleHost, signal: AbortSignal): AsyncGenerator<view.SyncState> {
  const host = syncOf(ledger)
  for (let before = ''; !signal.aborted; ) {
    const changed = host.changed(signal)
    const state = await stateOf(host)
    const text = JSON.stringify(state)
    if (text !== before) yield state
    before = text
    await new Promise((resolve) => setTimeout(resolve, TELL_MS))
    await changed
  }
}

async function noteOf(host: SyncHost, id: string): Promise<OutboxNote> {
  const kept = await host.outbox.find(id)
  if (kept === undefined) throw missing(`There is no transaction ${id} in the outbox.`)
  return kept
}

async function outboxPage(host: ConsoleHost, { which, after, limit }: z.output<typeof pageForm>): Promise<view.OutboxPage> {
  const { outbox } = syncOf(host)
  const states = STATES[which]
  const kept = await (which === 'waiting' ? outbox.list(states, after, limit) : outbox.listBack(states, after, limit))
  return host.reading(async ({ store }) => {
    const rows = new LoadedRows(store)
    const notes: view.OutboxItem[] = []
    for (const one of kept) {
      // What presentKept writes is the form of an item.
      const shown = presentKept(host.tools, one) as unknown as Omit<view.OutboxItem, 'names'>
      notes.push({ ...shown, names: await readNames(rows, [shown.signer, shown.summary, shown.message ?? '']) })
    }
    return { notes, ...(kept.length === limit && { next: kept.at(-1)!.id }) }
  })
}

function evidenceView(
  { tools }: ConsoleHost,
  { name, kept, bytes }: ReturnType<SyncHost['evidence']>[number],
  trust: LogTrust,
): view.EvidenceView {
  const file = { name, kept: formatMilliseconds(kept) }
  const evidence = parseEvidence(bytes)
  if (evidence instanceof Malformed) return { ...file, kind: 'unreadable', message: `${evidence.reason}.`, isProof: false }
  const checked = checkEvidence(tools.sha256, evidence, trust)
  const { kind, message, held, shown } = evidence
  const [heldSize, shownSize] = [held, shown].map((signed) => {
    const head = signed && readCheckpoint(signed)
    return head === undefined || head instanceof Malformed ? undefined : head.size
  })
  return {
    ...file,
    kind,
    message,
    ...(heldSize !== undefined && { heldSize }),
    ...(shownSize !== undefined && { shownSize }),
    isProof: !(checked instanceof Malformed) && checked.isProof,
  }
}
