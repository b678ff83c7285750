import { z } from 'zod'
import { MAX_BATCH_LINES, MAX_BATCH_PAYERS, MAX_STREAMS } from '../../base/limits.ts'
import { mayMeter, whyClosedTo } from '../calls.ts'
import { Charging } from '../charging.ts'
import { payerRows } from '../credits.ts'
import { type Context, check, defineTransaction, type LineOutcome } from '../define.ts'
import * as field from '../fields.ts'
import { mandateRow } from '../mandates.ts'
import { creatorRows, listingOf, listingRow, unknownListing } from '../sales.ts'
import { listings, mandateHolders, streams, subscribers, terms } from '../state.ts'
import { subscriptionRow } from '../subscriptions.ts'
import type { RowKey } from '../table.ts'
import { formatSeconds } from '../time.ts'

/** Index into payers, milliseconds after start, requests, inputTokens, outputTokens, milliseconds, reference (optional). */
type Line = readonly [number, number, number, number, number, number, string?]

const FIGURES = 6

/** Written by hand: a batch has a thousand lines, and a schema for each costs more than charging it. */
function isLine(line: unknown): line is Line {
  if (!Array.isArray(line) || (line.length !== FIGURES && line.length !== FIGURES + 1)) return false
  for (let i = 0; i < FIGURES; i++) if (!Number.isSafeInteger(line[i]) || line[i] < 0) return false
  return line.length === FIGURES || field.reference.safeParse(line[FIGURES]).success
}

const LINE_FORM = 'must be lines of payer index, milliseconds after start, four counts of usage and perhaps a reference'

const body = z.strictObject({
  listing: field.thing('lst'),
  stream: field.reference,
  first: field.number,
  start: field.time,
  payers: z
    .array(field.account)
    .min(1)
    .max(MAX_BATCH_PAYERS)
    .refine((payers) => new Set(payers).size === payers.length, 'must name each payer once'),
  lines: z.array(z.custom<Line>(isLine, LINE_FORM)).min(1).max(MAX_BATCH_LINES, `must be at most ${MAX_BATCH_LINES} lines`),
})
type Body = z.output<typeof body>
export type UsageBatch = Body

function streamsRow({ signer, body }: Context<Body>) {
  return streams.at(signer, body.listing)
}

/** The number of the last line taken of the body's stream. */
function lastLine(context: Context<Body>): number {
  const known = context.get(streamsRow(context))?.streams ?? []
  return known.find(({ stream }) => stream === context.body.stream)?.last ?? 0
}

function lastOf({ first, lines }: Body): number {
  return first + lines.length - 1
}

/** Why no line of the batch could be charged. A query price changes, but once there it stays: the current terms tell. */
function whyNothingSells(context: Context<Body>): string | undefined {
  const { listing, payers } = context.body
  const isPriced = context.need(terms.at(listing, listingOf(context).version)).query !== undefined
  return isPriced ? whyClosedTo(context, payers) : 'it has no query price'
}

/**
 * Charges the calls that a meter counted, each line on its own, at its payer's mandate's terms. Lines of a stream are numbered
 * without gaps, so nothing is charged twice and no index of references is needed: what was taken before is a duplicate, a jump is
 * refused.
 */
export const usageBatch = defineTransaction<Body>({
  type: 'usage.batch',
  signer: 'account',
  scope: 'meter',
  body,
  malformed: ({ body }) => {
    if (body.lines.some(([payer]) => payer >= body.payers.length)) return 'a line names a payer that is not in the list'
    return body.first <= Number.MAX_SAFE_INTEGER - body.lines.length + 1 ? undefined : 'the numbers of its lines exceed 2^53-1'
  },
  reads: [
    (context) => {
      const { listing, payers } = context.body
      const rows: RowKey[] = [...listingRow(context), streamsRow(context)]
      for (const payer of payers)
        rows.push(...payerRows(payer), mandateHolders.at(payer, listing), subscribers.at(payer, listing))
      return rows
    },
    (context) => {
      const { listing, payers } = context.body
      const rows = creatorRows(context)
      for (const payer of payers) {
        const mandate = mandateRow(context, payer, listing)
        if (mandate !== undefined) rows.push(mandate)
        rows.push(...subscriptionRow(context, payer, listing))
      }
      const version = context.get(listings.at(listing))?.version
      return version === undefined ? rows : [...rows, terms.at(listing, version)]
    },
    (context) => {
      const { listing, payers } = context.body
      const versions = new Set<number>()
      for (const payer of payers) {
        const mandate = mandateRow(context, payer, listing)
        if (mandate !== undefined) versions.add(context.need(mandate).terms)
      }
      return Array.from(versions, (version) => terms.at(listing, version))
    },
  ],
  checks: [
    unknownListing(),
    check('not_owner', (context) => {
      const { signer, body } = context
      return mayMeter(context, listingOf(context), signer) ? undefined : { thing: `The listing ${body.listing}` }
    }),
    check('not_for_sale', (context) => {
      const because = whyNothingSells(context)
      return because === undefined ? undefined : { listing: context.body.listing, because }
    }),
    check('too_many', (context) => {
      const known = context.get(streamsRow(context))?.streams ?? []
      const isKnown = known.some(({ stream }) => stream === context.body.stream)
      return isKnown || known.length < MAX_STREAMS ? undefined : { what: 'streams of this meter', limit: MAX_STREAMS }
    }),
    check('stream_gap', (context) => {
      const { stream, first } = context.body
      const expected = lastLine(context) + 1
      return first <= expected ? undefined : { stream, first, expected }
    }),
    check('duplicate_lines', (context) => {
      const last = lastLine(context)
      return lastOf(context.body) > last ? undefined : { stream: context.body.stream, last }
    }),
  ],
  apply: (effects) => {
    const { stream, first, lines } = effects.body
    const duplicates = lastLine(effects) - first + 1
    const charging = new Charging(effects)
    const outcomes = lines.map((line, i): LineOutcome => {
      const [payer, , requests, inputTokens, outputTokens, milliseconds] = line
      if (i < duplicates) return { status: 'duplicate' }
      return charging.charge(payer, { requests, inputTokens, outputTokens, milliseconds })
    })
    charging.settle()
    effects.recordLines(outcomes)
    const row = streamsRow(effects)
    const others = (effects.get(row)?.streams ?? []).filter((known) => known.stream !== stream)
    effects.put(row, { streams: [...others, { stream, last: lastOf(effects.body) }] })
  },
  describe: ({ listing, stream, first, start, lines }) =>
    `Hands in ${lines.length} calls to ${listing}, from line ${first} of ${stream}, begun ${formatSeconds(start)}`,
})
