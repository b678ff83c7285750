/**
 * Calls charged through usage.batch, with 1, 10, 100 and 1 000 lines a signature: the calls of a real trace, handed in by the ten
 * creators for a hundred payers each, about five calls of a payer in a batch.
 */

import { fileURLToPath } from 'node:url'
import { mandateHolders, streams } from '../../domain/state.ts'
import { formatSeconds, wholeSeconds } from '../../domain/time.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { readRow } from '../../ledger/queries.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { type Call, readTrace } from '../usage/trace.ts'
import { Feeder } from './feeder.ts'
import type { BenchContext, Figure } from './figure.ts'
import { creator, type Market, type OpenMarket, openMarket, payer, sign } from './market.ts'
import { measureNotes, runFields } from './measure.ts'
import { packNotes } from './notes.ts'

/** Lines a signature, and how many lines of each are charged where no count is asked for. */
const SIZES = [
  { size: 1, lines: 50_000 },
  { size: 10, lines: 200_000 },
  { size: 100, lines: 500_000 },
  { size: 1_000, lines: 1_000_000 },
] as const
const PAYERS = 1_000
const CALLS_OF_A_PAYER = 5
const MAX_PAYERS = 100
const NOTES_IN_A_PACK = 100

const TRACE = fileURLToPath(new URL('../demo/conversation.csv', import.meta.url))

export const usage: Figure = {
  name: 'usage',
  description: 'calls charged a second, with 1, 10, 100 and 1 000 of them a signature',
  async *run(context) {
    const folder = context.folder('usage')
    const open = await openMarket(folder, context.payers ?? PAYERS)
    try {
      await giveMandates(open)
      const calls: Call[] = []
      for await (const call of readTrace(TRACE)) calls.push(call)
      for (const { size, lines } of SIZES) yield await measure(context, folder, open, { calls, size, lines })
    } finally {
      await open.close()
    }
  },
}

/** The payers who let a creator's meter charge them: every tenth. */
function payersOf({ payers, models }: Market, meter: number): string[] {
  const accounts: string[] = []
  for (let number = meter; number < payers; number += models.length) accounts.push(payer(number).name)
  return accounts
}

async function giveMandates({ ledger, market }: OpenMarket): Promise<void> {
  const known = await readRow(ledger.reader, mandateHolders.at(payer(0).name, market.models[0]!))
  if (known !== undefined) return
  const feeder = new Feeder(ledger)
  const expires = formatSeconds(wholeSeconds(Date.now()) + 365 * 86_400)
  for (let number = 0; number < market.payers; number++) {
    const listing = market.models[number % market.models.length]!
    const body = { listing, terms: 1, limit: { amount: '1000000', per: 'month' }, reserve: '0', expires }
    await feeder.submit(sign(payer(number), 'usage.mandate', body))
  }
  await feeder.drain()
}

interface Measure {
  readonly calls: readonly Call[]
  readonly size: number
  readonly lines: number
}

async function measure(
  context: BenchContext,
  folder: string,
  { ledger, market }: OpenMarket,
  { calls, size, lines }: Measure,
): Promise<JsonObject> {
  const batches = Math.ceil((context.count ?? lines) / size)
  const lasts = await Promise.all(market.models.map((_, meter) => lastLine(ledger.reader, market, meter, size)))
  const charged = { lines: 0 }
  const signed = packed(signBatches(market, calls, { batches, size, lasts }))
  const { result, limits } = await measureNotes(context, folder, ledger, signed, ({ outcome }) => {
    charged.lines += outcome.lines!.filter(({ status }) => status === 'charged').length
  })
  const total = batches * size
  const line = { figure: 'usage', what: 'calls', linesEach: size, entries: batches, lines: total, charged: charged.lines }
  return { ...line, ...runFields(total, result, limits) }
}

/** Each size has a stream of its own, which goes on after its last line. */
function streamOf(size: number): string {
  return `lines by ${size}`
}

async function lastLine(store: StoreReader, { models }: Market, meter: number, size: number): Promise<number> {
  const known = await readRow(store, streams.at(creator(meter).name, models[meter]!))
  return known?.streams.find(({ stream }) => stream === streamOf(size))?.last ?? 0
}

/** Batches of the creators in turn, each with the next calls of the trace. */
function* signBatches(
  market: Market,
  calls: readonly Call[],
  { batches, size, lasts }: { readonly batches: number; readonly size: number; readonly lasts: readonly number[] },
): Generator<Uint8Array> {
  const meters = market.models.length
  const accounts = market.models.map((_, meter) => payersOf(market, meter))
  for (let batch = 0; batch < batches; batch++) {
    const meter = batch % meters
    const turn = Math.floor(batch / meters)
    const own = accounts[meter]!
    const many = Math.min(MAX_PAYERS, own.length, Math.ceil(size / CALLS_OF_A_PAYER))
    const payers = Array.from({ length: many }, (_, i) => own[(turn * many + i) % own.length]!)
    const taken = Array.from({ length: size }, (_, i) => calls[(batch * size + i) % calls.length]!)
    const start = wholeSeconds(Math.min(...taken.map(({ time }) => time)))
    const lines = taken.map(({ time, inputTokens, outputTokens }, i) => [
      ...[(i * 7) % many, time - start * 1000, 1, inputTokens, outputTokens, 0],
    ])
    const first = lasts[meter]! + turn * size + 1
    const body = { listing: market.models[meter]!, stream: streamOf(size), first, start: formatSeconds(start), payers, lines }
    yield sign(creator(meter), 'usage.batch', body)
  }
}

function* packed(notes: Iterable<Uint8Array>): Generator<Uint8Array> {
  let pack: Uint8Array[] = []
  for (const note of notes) {
    pack.push(note)
    if (pack.length < NOTES_IN_A_PACK) continue
    yield packNotes(pack)
    pack = []
  }
  yield packNotes(pack)
}
