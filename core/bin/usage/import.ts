/**
 * Bills a trace of calls through usage.batch, a thousand lines a batch. The lines of a file are the lines of a stream, in order,
 * so a second run goes on after the last line that was taken and nothing is charged twice. What was taken before is first
 * compared with the file: another file under the same stream's name stops the import before anything is charged.
 */

import { basename } from 'node:path'
import { MAX_BATCH_LINES } from '../../base/limits.ts'
import { plural } from '../../base/plural.ts'
import type { LineOutcome } from '../../domain/define.ts'
import type { Transaction } from '../../domain/envelope.ts'
import { formatMicros } from '../../domain/money.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { listings, mandateHolders, mandates, streams } from '../../domain/state.ts'
import { formatSeconds, wholeSeconds } from '../../domain/time.ts'
import type { UsageBatch } from '../../domain/transactions/usage-batch.ts'
import { type Accepted, readAccepted } from '../../ledger/accepted.ts'
import { accountChain } from '../../ledger/chain.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { readRow } from '../../ledger/queries.ts'
import { type Desk, LEDGER_TOOLS } from '../desk.ts'
import { Failure } from '../failure.ts'
import { type Call, readTrace, TraceError } from './trace.ts'

interface UsageImport {
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
  readonly figures: readonly unknown[]
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
  // Some systems give file names in another Unicode form than that of the ledger's texts.
  const stream = options.stream ?? basename(file).normalize('NFC')
  const payer = desk.account(options.payer)
  const { name: meter } = await desk.signer(options.meter)
  const lines = await countCalls(file)
  if (typeof lines !== 'number') return lines
  const last = await lastLine(desk, meter, listing, stream)
  if (last > lines) {
    throw new Failure(
      'damaged',
      `The stream ${stream} has ${plural(last, 'line')} already and the file only ${lines}: it is another file.`,
    )
  }
  const unready = last < lines ? await whyNotReady(desk, payer, listing) : undefined
  if (unready !== undefined) return unready

  const totals: Totals = { lines, charged: 0, alreadyCharged: 0, refused: {}, grossMicros: 0n, feeMicros: 0n, entries: 0 }
  const taken = takenLines(desk, meter, listing, stream)
  let number = 0
  let batch: Call[] = []
  for await (const call of readTrace(file)) {
    number += 1
    if (number <= last) {
      countTaken(totals, compare(number, call, payer, (await taken.next()).value))
      continue
    }
    batch.push(call)
    if (batch.length < MAX_BATCH_LINES && number < lines) continue
    const body = { listing, stream, first: number - batch.length + 1, payers: [payer], ...batchLines(batch) }
    // It need not be kept until it is answered, as other notes are: a stream takes no line twice, however often it is sent.
    const answer = await desk.ledger.submit(await desk.sign({ signer: options.meter, type: 'usage.batch', body }))
    if (isShared(answer)) {
      throw new Failure('busy', `Another program imports the stream ${stream} at the moment; run this again once it is done.`)
    }
    if (answer.status === 'refused') return { ...answer, data: { ...answer.data, ...summary(stream, totals) } }
    totals.entries += 1
    for (const line of answer.outcome.lines ?? []) count(totals, line)
    batch = []
    progress(number, lines)
  }
  return summary(stream, totals)
}

/** Whether lines of a batch were taken by another import while this one, which saw none of them, was under way. */
function isShared(answer: Accepted | Refusal): boolean {
  if (answer.status === 'refused') return answer.code === 'duplicate_lines'
  return answer.outcome.lines?.some(({ status }) => status === 'duplicate') === true
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

/** Lines without a mandate would be refused one by one and could never be charged, so the import does not begin without one. */
async function whyNotReady(desk: Desk, payer: string, listing: string): Promise<Refusal | undefined> {
  const store = desk.ledger.reader
  if ((await readRow(store, listings.at(listing))) === undefined) return refuse('unknown_listing', { listing })
  const holder = await readRow(store, mandateHolders.at(payer, listing))
  const mandate = holder && (await readRow(store, mandates.at(holder.mandate)))
  const runs = mandate !== undefined && wholeSeconds(desk.time) < mandate.expires
  if (runs) return undefined
  return refuse('no_mandate', {
    because: `${payer} has no running mandate for ${listing}; the payer signs one with usage.mandate`,
  })
}

async function lastLine(desk: Desk, meter: string, listing: string, stream: string): Promise<number> {
  const known = await readRow(desk.ledger.reader, streams.at(meter, listing))
  return known?.streams.find((one) => one.stream === stream)?.last ?? 0
}

/** The lines of a stream in order, as they were taken, from the batches in the log. */
async function* takenLines(desk: Desk, meter: string, listing: string, stream: string): AsyncGenerator<TakenLine, undefined> {
  const store = desk.ledger.reader
  const batches: number[] = []
  for await (const { index, transaction, outcome } of accountChain(LEDGER_TOOLS, store, meter)) {
    const batch = batchOf(transaction)
    if (batch === undefined || transaction.signer !== meter || batch.listing !== listing || batch.stream !== stream) continue
    batches.push(index)
    if (batch.first === 1 && outcome.lines![0]!.status !== 'duplicate') break
  }
  for (const index of batches.reverse()) {
    const { transaction, outcome } = await readAccepted(LEDGER_TOOLS, store, index)
    const { start, payers, lines } = batchOf(transaction)!
    for (const [i, [payer, offset, ...figures]] of lines.entries()) {
      const line = outcome.lines![i]!
      // A line that repeats one of an earlier batch was taken there.
      if (line.status !== 'duplicate') yield { payer: payers[payer]!, time: start * 1000 + offset, figures, outcome: line }
    }
  }
  return undefined
}

function batchOf({ definition, body }: Transaction): UsageBatch | undefined {
  return definition.type === 'usage.batch' ? (body as UsageBatch) : undefined
}

function compare(number: number, call: Call, payer: string, taken: TakenLine | undefined): LineOutcome {
  const figures = [1, call.inputTokens, call.outputTokens, 0]
  const isSame = taken?.time === call.time && figures.every((figure, i) => figure === taken.figures[i])
  if (!isSame) {
    throw new Failure(
      'damaged',
      `Line ${number} of the stream is not the one in the file: it is another file, or it was changed.`,
    )
  }
  if (taken.payer !== payer) {
    throw new Failure(
      'usage',
      `Line ${number} of the stream was taken for ${taken.payer}. Another payer takes a --stream of its own.`,
    )
  }
  return taken.outcome
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

/** A line of an earlier run: it was charged then, or refused for good. */
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
