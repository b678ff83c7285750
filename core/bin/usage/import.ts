/**
 * Bills a trace of calls through usage.batch, a thousand lines a batch. The lines of a file are the lines of a stream, in order, so a second run
 * goes on after the last line that was taken and nothing is charged twice. What was taken before is compared with the file first:
 * another file under the same stream's name stops the import before anything is charged.
 */

import { basename } from 'node:path'
import { MAX_BATCH_LINES } from '../../base/limits.ts'
import type { LineOutcome } from '../../domain/define.ts'
import { formatMicros } from '../../domain/money.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { mandateHolders, mandates, streams } from '../../domain/state.ts'
import { formatSeconds, parseSeconds, wholeSeconds } from '../../domain/time.ts'
import { type JsonObject, presentBody } from '../../ledger/present.ts'
import { accountChain, readRow } from '../../ledger/queries.ts'
import { type Desk, LEDGER_TOOLS } from '../desk.ts'
import { Failure } from '../failure.ts'
import { type Call, readTrace, TraceError } from './trace.ts'

export interface UsageImport {
  readonly file: string
  readonly listing: string
  readonly payer: string
  readonly meter: string
  readonly stream?: string | undefined
  readonly progress: (done: number, total: number) => void
}

type Line = readonly [number, number, number, number, number, number]

/** What a line of a stream was when it was taken. */
interface TakenLine {
  readonly payer: string
  readonly time: number
  readonly figures: readonly number[]
  readonly outcome: LineOutcome
}

interface Totals {
  lines: number
  charged: number
  alreadyCharged: number
  refused: Record<string, number>
  grossMicros: bigint
  feeMicros: bigint
  entries: number
}

/** Imports a file; the summary of this run, or the refusal that stopped it. */
export async function importUsage(desk: Desk, options: UsageImport): Promise<JsonObject | Refusal> {
  const { file, listing, progress } = options
  const stream = options.stream ?? basename(file)
  const payer = desk.account(options.payer)
  const meter = desk.signer(options.meter).name
  const lines = await countCalls(file)
  if (typeof lines !== 'number') return lines
  const unmandated = await withoutMandate(desk, payer, listing)
  if (unmandated !== undefined) return unmandated

  const known = await readRow(desk.ledger.reader, streams.at(meter, listing))
  const last = known?.streams.find((one) => one.stream === stream)?.last ?? 0
  if (last > lines)
    throw new Failure(
      'damaged',
      `The stream ${stream} has ${last} lines already; the file has only ${lines}: it is another file.`,
    )
  const totals: Totals = { lines, charged: 0, alreadyCharged: 0, refused: {}, grossMicros: 0n, feeMicros: 0n, entries: 0 }
  const taken = last === 0 ? new Map<number, TakenLine>() : await takenLines(desk, meter, listing, stream)

  let number = 0
  let batch: Call[] = []
  const charge = async () => {
    const first = number - batch.length + 1
    const answer = await desk.submit({
      signer: options.meter,
      type: 'usage.batch',
      body: { listing, stream, first, payers: [payer], ...batchLines(batch) },
    })
    if (answer.status === 'refused') return answer
    totals.entries += 1
    for (const line of answer.outcome.lines ?? []) count(totals, line)
    batch = []
    progress(number, lines)
    return undefined
  }
  for await (const call of readTrace(file)) {
    number += 1
    if (number <= last) {
      compare(number, call, payer, taken.get(number))
      countTaken(totals, taken.get(number)!.outcome)
      continue
    }
    batch.push(call)
    if (batch.length < MAX_BATCH_LINES && number < lines) continue
    const refusal = await charge()
    if (refusal !== undefined) return refusal
  }
  return summary(stream, totals)
}

/** Reads the whole file once before anything is charged, so that a bad line costs nothing. */
async function countCalls(file: string): Promise<number | Refusal> {
  try {
    let lines = 0
    for await (const _call of readTrace(file)) lines += 1
    return lines
  } catch (error) {
    if (error instanceof TraceError)
      return refuse('malformed', { reason: `${basename(file)}: ${error.message.replace(/\.$/, '')}` })
    throw error
  }
}

/** Lines without a mandate would be refused one by one and never charged again, so the import does not begin without one. */
async function withoutMandate(desk: Desk, payer: string, listing: string): Promise<Refusal | undefined> {
  const holder = await readRow(desk.ledger.reader, mandateHolders.at(payer, listing))
  const mandate = holder && (await readRow(desk.ledger.reader, mandates.at(holder.mandate)))
  return mandate === undefined || wholeSeconds(desk.time) >= mandate.expires
    ? refuse('no_mandate', { payer, listing })
    : undefined
}

/** The lines of a stream as they were taken, from the batches in the log, the newest first. */
async function takenLines(desk: Desk, meter: string, listing: string, stream: string): Promise<Map<number, TakenLine>> {
  const taken = new Map<number, TakenLine>()
  for await (const { transaction, outcome } of accountChain(LEDGER_TOOLS, desk.ledger.reader, meter)) {
    if (transaction.definition.type !== 'usage.batch' || transaction.signer !== meter) continue
    const body = presentBody(transaction) as unknown as {
      listing: string
      stream: string
      first: number
      start: string
      payers: string[]
      lines: Line[]
    }
    if (body.listing !== listing || body.stream !== stream) continue
    body.lines.forEach(([payer, offset, ...figures], i) => {
      const line = outcome.lines![i]!
      if (line.status === 'duplicate') return
      const time = parseSeconds(body.start)! * 1000 + offset
      taken.set(body.first + i, { payer: body.payers[payer]!, time, figures: figures.slice(0, 4), outcome: line })
    })
    if (body.first === 1) break
  }
  return taken
}

function compare(number: number, call: Call, payer: string, taken: TakenLine | undefined): void {
  const figures = [1, call.inputTokens, call.outputTokens, 0]
  const isSame = taken !== undefined && taken.time === call.time && figures.every((figure, i) => figure === taken.figures[i])
  if (!isSame)
    throw new Failure(
      'damaged',
      `Line ${number} of the stream is not the one in the file: the file is another one, or it was changed.`,
    )
  if (taken.payer !== payer)
    throw new Failure('damaged', `Line ${number} of the stream was charged to ${taken.payer}, not to ${payer}.`)
}

/** Calls as the lines of a batch: milliseconds after the earliest of them, cut to its second. */
function batchLines(calls: readonly Call[]): { start: string; lines: Line[] } {
  const start = wholeSeconds(Math.min(...calls.map(({ time }) => time)))
  const lines = calls.map(
    ({ time, inputTokens, outputTokens }): Line => [0, time - start * 1000, 1, inputTokens, outputTokens, 0],
  )
  return { start: formatSeconds(start), lines }
}

function count(totals: Totals, line: LineOutcome): void {
  if (line.status === 'refused') totals.refused[line.code] = (totals.refused[line.code] ?? 0) + 1
  if (line.status !== 'charged') return
  totals.charged += 1
  totals.grossMicros += line.grossMicros
  totals.feeMicros += line.feeMicros
}

/** A line of an earlier run: charged then, or refused for good. */
function countTaken(totals: Totals, line: LineOutcome): void {
  if (line.status === 'refused') count(totals, line)
  else totals.alreadyCharged += 1
}

function summary(stream: string, { grossMicros, feeMicros, ...totals }: Totals): JsonObject {
  return {
    stream,
    lines: totals.lines,
    charged: totals.charged,
    alreadyCharged: totals.alreadyCharged,
    refused: totals.refused,
    gross: formatMicros(grossMicros),
    fees: formatMicros(feeMicros),
    takeHome: formatMicros(grossMicros - feeMicros),
    entries: totals.entries,
  }
}
