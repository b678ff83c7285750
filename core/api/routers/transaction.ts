/** Transactions: shown before they are signed, signed as they were shown, or handed in signed. */

import { z } from 'zod'
import { tryFromBase64 } from '../../base/bytes.ts'
import { MAX_JSON_DEPTH, MAX_NOTE_BYTES } from '../../base/limits.ts'
import { Malformed } from '../../base/malformed.ts'
import { findFault, type Json } from '../../domain/canonical.ts'
import { parseTransaction } from '../../domain/envelope.ts'
import * as field from '../../domain/fields.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { formatSeconds, type Milliseconds } from '../../domain/time.ts'
import { notesUnderWay } from '../../ledger/outbox-store.ts'
import { describe, presentPreview } from '../../ledger/present.ts'
import { preview as previewText } from '../../ledger/preview.ts'
import { LoadedRows } from '../../ledger/rows.ts'
import type { StoreReader } from '../../ledger/store.ts'
import type { ConsoleHost } from '../host.ts'
import * as input from '../inputs.ts'
import { outcomeView, readNames } from '../present.ts'
import { may, router } from '../procedure.ts'
import type { Outcome, Preview } from '../views.ts'

const draftForm = z.strictObject({
  signer: input.account,
  type: input.type,
  // Checked as a whole by the type's own form, once it is a text to sign.
  body: z.unknown(),
  validUntil: field.time.optional(),
})
type Draft = z.output<typeof draftForm>

export const transaction = router({
  types: may('read').query(({ ctx }): string[] => [...ctx.host.tools.rules.values()].flatMap((types) => [...types.keys()])),
  preview: may('read')
    .input(draftForm)
    .query(({ ctx, input }): Promise<Preview> => preview(ctx.host, input)),
  sign: may('sign')
    .input(z.strictObject({ text: input.draftText, cosigner: input.account.optional() }))
    .mutation(async ({ ctx, input }): Promise<Outcome> => outcomeView(await signAndSubmit(ctx.host, input))),
  submit: may('submit')
    .input(z.strictObject({ note: input.note }))
    .mutation(async ({ ctx, input }): Promise<Outcome> => outcomeView(await ctx.host.submit(tryFromBase64(input.note)!))),
  submitMany: may('submit')
    .input(z.strictObject({ notes: input.notes }))
    .mutation(async ({ ctx, input }): Promise<Outcome[]> => {
      const answers = await Promise.all(input.notes.map((note) => ctx.host.submit(tryFromBase64(note)!)))
      return answers.map(outcomeView)
    }),
})

async function preview(host: ConsoleHost, { signer, type, body, validUntil }: Draft): Promise<Preview> {
  const fault = body === undefined ? 'there is no body' : findFault(body, MAX_JSON_DEPTH - 1)
  if (fault !== undefined) return refuse('malformed', { reason: fault })
  if (JSON.stringify(body).length > MAX_NOTE_BYTES)
    return refuse('malformed', { reason: `the body has more than ${MAX_NOTE_BYTES} bytes` })
  const text = await host.compose({ signer, type, body: body as Json, ...(validUntil !== undefined && { validUntil }) })
  const parsed = parseTransaction(host.tools.rules, host.tools.sha256, text)
  if (parsed instanceof Malformed) return refuse('malformed', { reason: parsed.reason })
  return host.reading(async ({ store, time }) => {
    const outcome = await previewNow(host, store, text, time)
    const effects = outcome.status === 'preview' ? presentPreview(outcome) : outcome
    const summary = describe(parsed)
    const names = await readNames(new LoadedRows(store), [signer, summary, JSON.stringify(effects), text])
    const draft = {
      text,
      id: parsed.id,
      type,
      signer,
      validUntil: formatSeconds(parsed.validUntil),
      summary,
      isSignable: host.keys.has(signer),
      names,
    }
    // What presentPreview writes is the form of a preview's effects.
    return outcome.status === 'refused' ? { ...outcome, draft } : ({ ...effects, ...draft } as unknown as Preview)
  })
}

/** A preview; in a mirror as if everything on its way to the hub had been accepted. */
async function previewNow({ tools, sync }: ConsoleHost, store: StoreReader, text: string, time: Milliseconds) {
  return previewText(tools, store, text, time, { underWay: sync && (await notesUnderWay(sync.outbox)) })
}

/** Signs the very bytes that were shown. What they are is checked again: a page may have been given any text. */
async function signAndSubmit(host: ConsoleHost, given: { text: string; cosigner?: string | undefined }) {
  const { text, cosigner } = given
  const parsed = parseTransaction(host.tools.rules, host.tools.sha256, text)
  if (parsed instanceof Malformed) return refuse('malformed', { reason: parsed.reason })
  const signers = cosigner === undefined ? [parsed.signer] : [parsed.signer, cosigner]
  const refusal: Refusal | undefined = await host.reading(async ({ store, time }) => {
    // It was signed before, and was accepted or is on its way: the same bytes again get the same answer.
    const [before] = await store.indexes([parsed.id])
    if (before !== undefined || (await host.sync?.outbox.find(parsed.id)) !== undefined) return undefined
    // No key is used for what would be refused: such a note is of no use now, and could be accepted later.
    const outcome = await previewNow(host, store, text, time)
    return outcome.status === 'refused' ? outcome : undefined
  })
  return refusal ?? host.sign(text, signers)
}
