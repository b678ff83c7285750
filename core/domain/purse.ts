/**
 * What an account holds: its wallet, which is paid credits and lots of grants, and what is set aside for holds and mandates.
 *
 * Spending takes grant lots first, the one that expires soonest first (ties: the older grant), then paid credits; a hold and a
 * payment remember the slices that they took. What comes back first covers what the account owes; the rest returns to the lots
 * that it came from, or goes to promotions where a lot has expired. Pure functions: each returns the purse after it.
 *
 * Settling does what time alone decides: expired holds and ended reserves come back, then expired lots go to promotions.
 */

import { assert } from '../base/assert.ts'
import { add, type Micros, micros, ZERO } from './money.ts'
import type { GrantSlice, Lot, Reservation, Slice, Wallet } from './state.ts'
import type { Seconds } from './time.ts'

export interface Purse {
  readonly wallet: Wallet
  /** Paid credits and the lots together. */
  readonly walletMicros: Micros
  readonly heldMicros: Micros
  /** What the account owes, 0 or more. */
  readonly owedMicros: Micros
  /** What went from this purse to promotions. */
  readonly lapsedMicros: Micros
}

export const EMPTY_WALLET: Wallet = { lots: [], holds: [], reserves: [] }

function least(a: Micros, b: Micros): Micros {
  return a < b ? a : b
}

function sumOf(slices: readonly { readonly amountMicros: Micros }[]): Micros {
  return add(ZERO, ...slices.map(({ amountMicros }) => amountMicros))
}

/** The part of the wallet that was paid for. */
export function paidIn({ wallet, walletMicros }: Purse): Micros {
  if (wallet.lots.length === 0) return walletMicros
  return micros(walletMicros - add(ZERO, ...wallet.lots.map(({ remainingMicros }) => remainingMicros)))
}

/** What a settled purse can spend: nothing while the account owes. */
export function spendableIn({ owedMicros, walletMicros }: Purse): Micros {
  return owedMicros > 0n ? ZERO : walletMicros
}

/** All the slices of an amount that was taken, in the order in which they burned, from those that were remembered. */
export function slicesOf(amountMicros: Micros, remembered: readonly Slice[]): Slice[] {
  const paidMicros = remembered.length === 0 ? amountMicros : micros(amountMicros - sumOf(remembered))
  assert(paidMicros >= 0n, 'slices are not more than the whole')
  return paidMicros === 0n ? [...remembered] : [...remembered, { amountMicros: paidMicros }]
}

/** What has to be remembered of an amount's slices: paid credits that burned last are what the others leave of the amount. */
export function toRemember(slices: readonly Slice[]): Slice[] {
  const last = slices.findLastIndex(({ entry }) => entry !== undefined)
  return slices.slice(0, last + 1)
}

/** Up to `amountMicros` from the front of the slices, and the rest of them. */
export function cut(slices: readonly Slice[], amountMicros: Micros): { readonly front: Slice[]; readonly rest: Slice[] } {
  const front: Slice[] = []
  const rest: Slice[] = []
  let wantedMicros = amountMicros
  for (const slice of slices) {
    const takenMicros = least(slice.amountMicros, wantedMicros)
    wantedMicros = micros(wantedMicros - takenMicros)
    if (takenMicros > 0n) front.push({ ...slice, amountMicros: takenMicros })
    if (takenMicros < slice.amountMicros) rest.push({ ...slice, amountMicros: micros(slice.amountMicros - takenMicros) })
  }
  assert(wantedMicros === 0n, 'no more is cut than there is')
  return { front, rest }
}

function grantsIn(slices: readonly Slice[]): GrantSlice[] {
  return slices.filter((slice): slice is GrantSlice => slice.entry !== undefined)
}

/** The purse once everything is done that time alone decides. */
export function settle(purse: Purse, time: Seconds): Purse {
  const { lots, holds, reserves } = purse.wallet
  // Most accounts have paid credits alone, which time does not change.
  if (lots.length + holds.length + reserves.length === 0) return purse
  const isOver = ({ endsAt }: Reservation) => endsAt <= time
  const over = [...holds.filter(isOver), ...reserves.filter(isOver)]
  if (over.length === 0 && !lots.some(({ expiresAt }) => expiresAt <= time)) return purse
  const running = { lots, holds: holds.filter((one) => !isOver(one)), reserves: reserves.filter((one) => !isOver(one)) }
  let settled: Purse = { ...purse, wallet: running }
  for (const { amountMicros, grants } of over) {
    settled = refill(unhold(settled, amountMicros), slicesOf(amountMicros, grants), time)
  }
  const expired = settled.wallet.lots.filter(({ expiresAt }) => expiresAt <= time)
  const expiredMicros = add(ZERO, ...expired.map(({ remainingMicros }) => remainingMicros))
  return {
    ...settled,
    wallet: { ...settled.wallet, lots: settled.wallet.lots.filter(({ expiresAt }) => expiresAt > time) },
    walletMicros: micros(settled.walletMicros - expiredMicros),
    lapsedMicros: add(settled.lapsedMicros, expiredMicros),
  }
}

function unhold(purse: Purse, amountMicros: Micros): Purse {
  return { ...purse, heldMicros: micros(purse.heldMicros - amountMicros) }
}

/** Takes credits out of a settled wallet, grants first. */
export function burn(purse: Purse, amountMicros: Micros): { readonly purse: Purse; readonly slices: Slice[] } {
  assert(amountMicros <= purse.walletMicros, 'no more is spent than there is')
  if (purse.wallet.lots.length === 0) return { purse: withoutPaid(purse, amountMicros), slices: slicesOf(amountMicros, []) }
  const grants: GrantSlice[] = []
  let wantedMicros = amountMicros
  const lots = purse.wallet.lots.map((lot): Lot => {
    const takenMicros = least(lot.remainingMicros, wantedMicros)
    if (takenMicros === 0n) return lot
    wantedMicros = micros(wantedMicros - takenMicros)
    grants.push({ entry: lot.entry, amountMicros: takenMicros })
    return { ...lot, remainingMicros: micros(lot.remainingMicros - takenMicros) }
  })
  const wallet = grants.length === 0 ? purse.wallet : { ...purse.wallet, lots }
  return {
    purse: { ...purse, wallet, walletMicros: micros(purse.walletMicros - amountMicros) },
    slices: slicesOf(amountMicros, grants),
  }
}

/** Paid credits leave the wallet. */
export function withoutPaid(purse: Purse, amountMicros: Micros): Purse {
  return { ...purse, walletMicros: micros(purse.walletMicros - amountMicros) }
}

/** Brings credits back, slice by slice: to their lots, or to promotions; what reaches the wallet covers the debt first. */
export function refill(purse: Purse, slices: readonly Slice[], time: Seconds): Purse {
  let { walletMicros, owedMicros, lapsedMicros } = purse
  let { lots } = purse.wallet
  for (const { entry, amountMicros } of slices) {
    const lot = lots.find((one) => one.entry === entry && one.expiresAt > time)
    if (entry !== undefined && lot === undefined) {
      lapsedMicros = add(lapsedMicros, amountMicros)
      continue
    }
    const coveredMicros = least(owedMicros, amountMicros)
    const landedMicros = micros(amountMicros - coveredMicros)
    owedMicros = micros(owedMicros - coveredMicros)
    walletMicros = add(walletMicros, landedMicros)
    if (lot === undefined) continue
    lots = lots.map((one) => (one === lot ? { ...one, remainingMicros: add(one.remainingMicros, landedMicros) } : one))
  }
  const wallet = lots === purse.wallet.lots ? purse.wallet : { ...purse.wallet, lots }
  return { ...purse, wallet, walletMicros, owedMicros, lapsedMicros }
}

/** A new lot, in its place in the order of burning; what is granted covers the debt first. */
export function withLot(purse: Purse, lot: Lot, time: Seconds): Purse {
  const empty = { ...lot, remainingMicros: ZERO }
  const lots = [...purse.wallet.lots, empty].sort((a, b) => a.expiresAt - b.expiresAt || a.entry - b.entry)
  const slices = [{ entry: lot.entry, amountMicros: lot.remainingMicros }]
  return refill({ ...purse, wallet: { ...purse.wallet, lots } }, slices, time)
}

/** Sets credits of a settled wallet aside. */
export function setAside(
  purse: Purse,
  kind: 'holds' | 'reserves',
  { id, endsAt, amountMicros }: Omit<Reservation, 'grants'>,
): Purse {
  const { purse: burned, slices } = burn(purse, amountMicros)
  const reservation = { id, endsAt, amountMicros, grants: grantsIn(slices) }
  return {
    ...burned,
    wallet: { ...burned.wallet, [kind]: [...burned.wallet[kind], reservation] },
    heldMicros: add(burned.heldMicros, amountMicros),
  }
}

/**
 * Ends a reservation: `takenMicros` of it leave the purse, slices in order of burning, even of lots that have expired meanwhile;
 * the rest comes back.
 */
export function release(
  purse: Purse,
  kind: 'holds' | 'reserves',
  id: string,
  takenMicros: Micros,
  time: Seconds,
): { readonly purse: Purse; readonly taken: Slice[] } {
  const { reservation, without } = lift(purse, kind, id)
  const { front, rest } = cut(slicesOf(reservation.amountMicros, reservation.grants), takenMicros)
  // Nothing reaches the wallet where nothing is left, so nothing else is settled then.
  const settled = rest.length === 0 ? without : settle(without, time)
  return { purse: refill(settled, rest, time), taken: front }
}

/** Takes `amountMicros` of a reservation, which goes on with the rest, if there is one. */
export function draw(
  purse: Purse,
  kind: 'holds' | 'reserves',
  id: string,
  amountMicros: Micros,
): { readonly purse: Purse; readonly taken: Slice[] } {
  const { reservation, without } = lift(purse, kind, id)
  const { front, rest } = cut(slicesOf(reservation.amountMicros, reservation.grants), amountMicros)
  const restMicros = micros(reservation.amountMicros - amountMicros)
  const smaller = { ...reservation, amountMicros: restMicros, grants: grantsIn(rest) }
  const all = purse.wallet[kind].flatMap((one) => (one !== reservation ? [one] : restMicros > 0n ? [smaller] : []))
  return {
    purse: { ...without, wallet: { ...without.wallet, [kind]: all }, heldMicros: add(without.heldMicros, restMicros) },
    taken: front,
  }
}

/** Changes when a reservation comes back. */
export function withEnd(purse: Purse, kind: 'holds' | 'reserves', id: string, endsAt: Seconds): Purse {
  const moved = purse.wallet[kind].map((one) => (one.id === id ? { ...one, endsAt } : one))
  return { ...purse, wallet: { ...purse.wallet, [kind]: moved } }
}

/** The purse without a reservation, whose credits belong nowhere yet. */
function lift(purse: Purse, kind: 'holds' | 'reserves', id: string) {
  const reservation = purse.wallet[kind].find((one) => one.id === id)
  assert(reservation !== undefined, `${id} has credits set aside`)
  const others = purse.wallet[kind].filter((one) => one !== reservation)
  const without = unhold({ ...purse, wallet: { ...purse.wallet, [kind]: others } }, reservation.amountMicros)
  return { reservation, without }
}
