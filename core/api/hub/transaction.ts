/** Transactions: what one would do, and notes handed in as the exact bytes that were signed. */

import { z } from 'zod'
import { tryFromBase64 } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import { parseTransaction } from '../../domain/envelope.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { formatMilliseconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { describe, presentPreview } from '../../ledger/present.ts'
import { preview as previewText } from '../../ledger/preview.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { receiptsOf } from '../../ledger/receipt.ts'
import type { Failure } from '../failures.ts'
import * as input from '../inputs.ts'
import { type HubAnswer, submitForm, submitManyForm } from '../submission.ts'
import type { Amount, Effects, Refused } from '../views.ts'
import type { HubHost } from './host.ts'
import { type Caller, denied, may, router } from './procedure.ts'
import { balancesFor } from './sight.ts'

/** What a text would do to the ledger now. */
type HubPreview = Refused | (Effects & { readonly status: 'preview'; readonly id: string; readonly type: string } & Shown)

interface Shown {
  readonly summary: string
  readonly balances: Readonly<Record<string, Amount>>
}

const previewForm = z.strictObject({
  text: input.draftText,
  keyId: z.string().max(8).optional(),
  cosigner: input.account.optional(),
})

type RefusedAnswer = Extract<HubAnswer, { status: 'refused' }>
type Submission = Omit<z.output<typeof submitManyForm>, 'notes'>

export const transaction = router({
  preview: may('own')
    .input(previewForm)
    .query(async ({ ctx, input }): Promise<HubPreview> => {
      await ctx.spend(1)
      return preview(ctx.host, await ctx.caller(), input)
    }),
  submit: may('submit')
    .input(submitForm)
    .mutation(async ({ ctx, input: { note, ...wanted } }): Promise<HubAnswer> => {
      await ctx.spend(1)
      return (await submitAll(ctx.host, [note], wanted))[0]!
    }),
  submitMany: may('submit')
    .input(submitManyForm)
    .mutation(async ({ ctx, input: { notes, ...wanted } }): Promise<HubAnswer[]> => {
      await ctx.spend(notes.length)
      return submitAll(ctx.host, notes, wanted)
    }),
})

async function submitAll(host: HubHost, notes: readonly string[], wanted: Submission): Promise<HubAnswer[]> {
  const submitted = host.submitAll(notes.map((note) => tryFromBase64(note)!))
  const answers = await Promise.all(submitted.map((one) => one.catch((error: unknown) => host.explain(error))))
  const receipts = wanted.receipts === true ? await receiptsFor(host, answers) : new Map<number, string>()
  const statements = wanted.signRefusals === true ? await statementsOf(host, notes, answers) : []
  return answers.map((answer, i): HubAnswer => {
    if (!('status' in answer)) return { status: 'failed', ...answer }
    const statement = statements[i]
    if (answer.status === 'refused')
      return { ...answer, data: answer.data as RefusedAnswer['data'], ...(statement !== undefined && { statement }) }
    const { index, time, transaction, repeated } = answer
    const receipt = receipts.get(index)
    return {
      status: 'accepted',
      id: transaction.id,
      index,
      time: formatMilliseconds(time),
      ...(repeated && { repeated }),
      ...(receipt !== undefined && { receipt }),
    }
  })
}

/** The signed refusals of what was refused, in the order of the notes, as far as refusals are signed. */
function statementsOf(
  host: HubHost,
  notes: readonly string[],
  answers: readonly (Accepted | Refusal | Failure)[],
): Promise<(string | undefined)[]> {
  return Promise.all(
    answers.map(async (answer, i) => {
      if (!('status' in answer) || answer.status !== 'refused') return undefined
      const signed = await host.signRefusal(tryFromBase64(notes[i]!)!, answer)
      return signed && new TextDecoder().decode(signed)
    }),
  )
}

/** The receipts of what was accepted, by index, all from one state of the ledger. */
async function receiptsFor(host: HubHost, answers: readonly (Accepted | Refusal | Failure)[]): Promise<Map<number, string>> {
  const accepted = answers.filter((answer): answer is Accepted => 'status' in answer && answer.status === 'accepted')
  if (accepted.length === 0) return new Map()
  const indexes = accepted.map(({ index }) => index)
  const receipts = await host.reading(({ store }) => receiptsOf(host.tools.sha256, store, indexes, host.cosigned))
  const texts = new Map<number, string>()
  for (const [i, receipt] of receipts.entries())
    if (receipt !== undefined) texts.set(indexes[i]!, new TextDecoder().decode(receipt.file))
  return texts
}

/**
 * Those who may see an account may try what it could sign. Only the proven operator may try what needs a summary of all books,
 * since that reads every row there is.
 */
async function preview(
  host: HubHost,
  caller: Caller,
  { text, keyId, cosigner }: z.output<typeof previewForm>,
): Promise<HubPreview> {
  const parsed = parseTransaction(host.tools.rules, host.tools.sha256, text)
  if (parsed instanceof Malformed) return refuse('malformed', { reason: parsed.reason })
  if (!caller.rights.has('read') && caller.account !== parsed.signer) throw denied()
  return host.reading(async ({ store, time }) => {
    if (parsed.definition.needsSummary === true && caller.account !== (await readPlatform(store)).operator) throw denied()
    const outcome = await previewText(host.tools, store, text, time, { keyId, cosigner })
    if (outcome.status === 'refused') return outcome
    // What presentPreview writes is the form of a preview's effects.
    const shown = presentPreview(outcome) as unknown as Effects & { status: 'preview'; id: string; type: string }
    return { ...shown, balances: balancesFor(caller, outcome), summary: describe(parsed) }
  })
}
