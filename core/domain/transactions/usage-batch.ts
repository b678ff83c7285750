import { z } from 'zod'
import { MAX_STREAMS } from '../../base/limits.ts'
import { plural } from '../../base/plural.ts'
import { areLines, arePayers, linesForm, payersForm } from '../batch-lines.ts'
import { mayMeter, whyClosedTo } from '../calls.ts'
import { Charging } from '../charging.ts'
import { type Context, check, defineTransaction, type LineOutcome } from '../define.ts'
import * as field from '../fields.ts'
import { rowsOfPayers } from '../payer-rows.ts'
import { creatorRows, listingOf, listingRow, unknownListing } from '../sales.ts'
import { listings, streams, terms } from '../state.ts'
import type { RowKey } from '../table.ts'
import { formatSeconds } from '../time.ts'

const body = z.strictObject({
  listing: field.thing('lst'),
  stream: field.reference,
  first: field.number,
  start: field.time,
  payers: field.plainly(arePayers, payersForm),
  lines: field.plainly(areLines, linesForm),
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

/** Why no line of the batch could be charged. A query price can change but not disappear, so the current terms tell. */
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
      const rows: RowKey[] = [listingRow(context), streamsRow(context)]
      for (const { account, wallet, holder, subscriber } of rowsOfPayers(context.body)) {
        rows.push(account, wallet, holder, subscriber)
      }
      return rows
    },
    (context) => {
      const { listing } = context.body
      const rows = creatorRows(context)
      for (const payer of rowsOfPayers(context.body)) {
        const mandate = payer.mandate(context)
        if (mandate !== undefined) rows.push(mandate)
        const subscription = payer.subscription(context)
        if (subscription !== undefined) rows.push(subscription)
      }
      const version = context.get(listings.at(listing))?.version
      return version === undefined ? rows : [...rows, terms.at(listing, version)]
    },
    (context) => {
      const versions = new Set<number>()
      for (const payer of rowsOfPayers(context.body)) {
        const mandate = payer.mandate(context)
        if (mandate !== undefined) versions.add(context.need(mandate).terms)
      }
      return Array.from(versions, (version) => terms.at(context.body.listing, version))
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
    `Hands in ${plural(lines.length, 'call')} to ${listing}, from line ${first} of ${stream}, begun ${formatSeconds(start)}`,
})
