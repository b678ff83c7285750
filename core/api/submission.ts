/**
 * How notes are handed in to a hub, and what it answers: the forms that the hub's router shares with those who call it.
 *
 *     submitMany   {"notes":["<base64>",…],"receipts"?:true,"signRefusals"?:true}   →   an answer for each note, in order
 *     submit       {"note":"<base64>","receipts"?:true,"signRefusals"?:true}        →   an answer
 *
 *     {"status":"accepted","id":"…","index":12,"time":"2026-11-22T08:31:09.123Z","repeated"?:true,"receipt"?:"<.tlog-proof>"}
 *     {"status":"refused","code":"exceeds_credits","message":"…","data":{…},"statement"?:"<signed refusal>"}
 *     {"status":"failed","code":"busy","message":"…"}
 *
 * What fails for all notes is an error of the call. A note that failed alone may be handed in again.
 */

import { z } from 'zod'
import { MAX_NOTE_BYTES, MAX_PROOF_BYTES } from '../base/limits.ts'
import { TRANSACTION_ID_PATTERN } from '../domain/ids.ts'
import * as input from './inputs.ts'

const MAX_MESSAGE_CHARACTERS = 4_000
const MAX_CODE_CHARACTERS = 64

const wanted = {
  /** Asks for the receipts of what is accepted: a .tlog-proof with the entry in it. */
  receipts: z.literal(true).optional(),
  /** Asks for refusals with the hub's signature. */
  signRefusals: z.literal(true).optional(),
}

export const submitForm = z.strictObject({ note: input.note, ...wanted })
export const submitManyForm = z.strictObject({ notes: input.notes, ...wanted })

const message = z.string().max(MAX_MESSAGE_CHARACTERS)

/** What callers read of an answer. There may be more in it. */
const answerForm = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('accepted'),
    id: z.string().regex(TRANSACTION_ID_PATTERN),
    index: input.index,
    time: z.iso.datetime({ precision: 3 }),
    repeated: z.literal(true).optional(),
    receipt: z.string().max(MAX_PROOF_BYTES).optional(),
  }),
  z.object({
    status: z.literal('refused'),
    code: z.string().max(MAX_CODE_CHARACTERS),
    message,
    data: z.record(z.string(), z.json()),
    statement: z.string().max(MAX_NOTE_BYTES).optional(),
  }),
  z.object({ status: z.literal('failed'), code: z.string().max(MAX_CODE_CHARACTERS), message }),
])

export type HubAnswer = z.output<typeof answerForm>

/** The form that tRPC gives the answers over HTTP. */
const resultForm = z.object({ result: z.object({ data: z.array(answerForm) }) })

/** The answers to a call, from the body of the response; undefined where there are none in it. */
export function readAnswers(body: string): HubAnswer[] | undefined {
  try {
    return resultForm.safeParse(JSON.parse(body)).data?.result.data
  } catch {
    return undefined
  }
}
