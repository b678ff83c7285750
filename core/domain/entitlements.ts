/**
 * What an account bought of a listing, for ever or for days; buying again while it runs extends it. It consists of the pieces
 * that were bought, one after the other without gaps, so that a full refund of one takes away just that one.
 */

import { assert } from '../base/assert.ts'
import { MAX_END_SECONDS, MAX_PIECES } from '../base/limits.ts'
import { type Check, type Context, check, type Effects } from './define.ts'
import { listingOf, type PricedSaleBody } from './sales.ts'
import type { Entitlement, Piece } from './state.ts'
import type { RowKey } from './table.ts'
import { DAY_SECONDS, type Seconds } from './time.ts'

interface Grant {
  /** Days it runs; for ever where absent. */
  readonly days?: number | undefined
  /** Of a licence. */
  readonly seats?: number
  readonly redistribution?: boolean
}

/** The piece that runs last, unless everything has ended. */
export function lastPiece(owned: Entitlement | undefined, time: Seconds): Piece | undefined {
  const last = owned?.pieces.at(-1)
  return last === undefined || (last.end !== undefined && last.end <= time) ? undefined : last
}

/** Refuses where `days` more of what is owned would end later than any time that can be written. */
export function endsTooLate<Body>(
  owned: (context: Context<Body>) => Entitlement | undefined,
  days: (context: Context<Body>) => number | undefined,
): Check<Body> {
  return check('limit', (context) => {
    const start = lastPiece(owned(context), context.time)?.end ?? context.time
    const end = start + (days(context) ?? 0) * DAY_SECONDS
    return end <= MAX_END_SECONDS ? undefined : { because: 'it would run beyond the year 9999' }
  })
}

/** Pays for the listing of the body and writes what was bought into `key`. */
export function buy(effects: Effects<PricedSaleBody>, key: RowKey<Entitlement>, { days, seats, redistribution }: Grant): void {
  const { body, signer, time, index } = effects
  effects.pay(signer, listingOf(effects).account, body.price)
  const before = effects.get(key)
  const last = lastPiece(before, time)
  assert(last === undefined || last.end !== undefined, 'what is owned for ever is not bought again')
  const start = last?.end ?? time
  // Fields in the order in which rows are stored, which saves them from being sorted then.
  const piece = days === undefined ? { entry: index, start } : { end: start + days * DAY_SECONDS, entry: index, start }
  const running = last === undefined ? [] : before!.pieces.filter(({ end }) => end! > time)
  // An array that grows reserves room for many more, and this one is kept: a copy reserves none.
  const pieces = [...merged(running), piece].slice()
  const { terms } = body
  effects.put(key, seats === undefined ? { pieces, terms } : { pieces, redistribution: redistribution!, seats, terms })
}

/**
 * The newest pieces are told apart; older ones become one, which no refund can take away any more: it names the genesis, which
 * bought nothing.
 */
function merged(pieces: readonly Piece[]): readonly Piece[] {
  if (pieces.length < MAX_PIECES) return pieces
  const [first, second, ...rest] = pieces
  return [{ entry: 0, start: first!.start, end: second!.end! }, ...rest]
}

/** What is left when a piece is given back: its unused rest is cut out, and the pieces after it move up. */
export function withoutPiece(owned: Entitlement, entry: number, time: Seconds): Entitlement {
  const at = owned.pieces.findIndex((piece) => piece.entry === entry)
  if (at < 0) return owned
  const { start, end } = owned.pieces[at]!
  const from = Math.max(start, time)
  if (end !== undefined && end <= from) return owned
  const used = { entry, start, end: from }
  if (end === undefined) return { ...owned, pieces: [...owned.pieces.slice(0, at), used] }
  const gap = end - from
  const moved = (piece: Piece): Piece => ({
    ...piece,
    start: piece.start - gap,
    ...(piece.end !== undefined && { end: piece.end - gap }),
  })
  return { ...owned, pieces: [...owned.pieces.slice(0, at), used, ...owned.pieces.slice(at + 1).map(moved)] }
}
