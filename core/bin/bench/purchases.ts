/**
 * The purchases that the benchmarks sign, a function of their number, so that any thread can sign any part of them and a ledger
 * that was filled before goes on where it ended. Of twenty purchases of a payer
 *
 *   9   feature.purchase     again while it runs, which extends it
 *   7   dataset.license      likewise
 *   3   dataset.purchase     of another dataset each time, since one is owned for ever; a feature when all are owned
 *   1   subscription.start   to another model each time; a feature when all are subscribed to
 *
 * Payers take turns in scattered order and begin at different places of their twenty. Each second of the notes' own time has made
 * 20 000 of them, the last of all now, so that ids grow as they do in life: in order of seconds, at random within one.
 */

import type { Json } from '../../domain/canonical.ts'
import { composeText } from '../../domain/envelope.ts'
import type { Seconds } from '../../domain/time.ts'
import { signNote } from '../../log/note.ts'
import { type Market, ORIGIN, PRICES, payer } from './market.ts'

/** A prime, so that a step by it reaches every payer in turn. */
const SCATTER = 7_919
const NOTES_A_SECOND = 20_000

const TURNS = [
  ...['feature', 'licence', 'dataset', 'feature', 'licence', 'feature', 'licence', 'feature', 'dataset', 'feature'],
  ...['licence', 'feature', 'subscription', 'licence', 'feature', 'licence', 'dataset', 'feature', 'licence', 'feature'],
]
/** For each turn, how many of its kind come before it in the twenty; and how many of a kind there are. */
const RANKS = TURNS.map((kind, turn) => TURNS.slice(0, turn).filter((one) => one === kind).length)
const countOf = (kind: string) => TURNS.filter((one) => one === kind).length
const COUNTS = new Map(TURNS.map((kind) => [kind, countOf(kind)]))

interface Purchase {
  readonly buyer: number
  readonly type: string
  readonly body: Json
}

/** The purchase of a number, 0 and up. */
export function purchaseAt({ payers, models, datasets, features }: Market, number: number): Purchase {
  const buyer = ((number % payers) * SCATTER) % payers
  const turn = (buyer % TURNS.length) + Math.floor(number / payers)
  const kind = TURNS[turn % TURNS.length]!
  const rank = Math.floor(turn / TURNS.length) * COUNTS.get(kind)! + RANKS[turn % TURNS.length]!
  const at = (listings: readonly string[]) => listings[(buyer * 7 + rank) % listings.length]!
  if (kind === 'licence') {
    const body = { listing: at(datasets), terms: 1, licence: 0, price: PRICES.licence }
    return { buyer, type: 'dataset.license', body }
  }
  if (kind === 'dataset' && rank < datasets.length)
    return { buyer, type: 'dataset.purchase', body: { listing: at(datasets), terms: 1, price: PRICES.dataset } }
  if (kind === 'subscription' && rank < models.length) {
    const body = { listing: at(models), terms: 1, period: 'month', price: PRICES.month }
    return { buyer, type: 'subscription.start', body }
  }
  return { buyer, type: 'feature.purchase', body: { listing: at(features), terms: 1, price: PRICES.feature } }
}

/** Which purchases to sign. */
export interface PurchaseRange {
  readonly from: number
  readonly to: number
  /** The number of the first of all that are signed together, and when that one was made. */
  readonly first: number
  readonly madeFrom: Seconds
}

/** The next `count` purchases, the last of which are made now. */
export function nextPurchases(from: number, count: number, now: Seconds): PurchaseRange {
  return { from, to: from + count, first: from, madeFrom: now - Math.ceil(count / NOTES_A_SECOND) }
}

/** The signed notes of a range, one after the other. */
export function* signPurchases(market: Market, { from, to, first, madeFrom }: PurchaseRange): Generator<Uint8Array> {
  const nonce = new Uint8Array(16)
  const numbers = new DataView(nonce.buffer)
  numbers.setBigUint64(0, 1n)
  for (let number = from; number < to; number++) {
    const { buyer, type, body } = purchaseAt(market, number)
    const signer = payer(buyer)
    numbers.setBigUint64(8, BigInt(number))
    const made = madeFrom + Math.floor((number - first) / NOTES_A_SECOND)
    yield signNote(composeText({ type, body, ledger: ORIGIN, signer: signer.name, made, nonce }), [signer])
  }
}
