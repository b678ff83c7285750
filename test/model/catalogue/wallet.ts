/**
 * Wallets: grants burn first, those that expire soonest at the front, then paid credits. What time has done to a wallet (holds
 * and reserves that came back, grants that expired) is posted before anything else moves in it: settled on touch. What reaches a
 * wallet or earnings covers a debt first.
 */

import { DAY, midnight, toSeconds } from './calendar.ts'
import { type Event, type History, least, type Slice, sum, thing } from './history.ts'
import { mandateEnd } from './mandates.ts'
import { feeBps, policy } from './policy.ts'

export const PAID = 'paid'
const MOST_LIVE_LOTS = 16

export function move(event: Event, book: string, owner: string, part: string, amount: bigint): void {
  if (amount !== 0n) event.moves.push({ book, owner, part, amount })
}

function grantOf(past: History, origin: string): Event | undefined {
  return past.maker('credit.grant', 'grt', origin)
}

function expiryOf(past: History, origin: string): number {
  const grant = grantOf(past, origin)
  return grant === undefined ? Number.POSITIVE_INFINITY : toSeconds(grant.body.expiresAt as string)
}

/** What the wallet holds, in the order in which it burns. */
export function slices(past: History, account: string): Slice[] {
  const found = [...past.parts('wallet', account)].map(([origin, amount]) => ({ origin, amount }))
  const age = ({ origin }: Slice) => grantOf(past, origin)?.index ?? Number.POSITIVE_INFINITY
  const expiry = ({ origin }: Slice) => expiryOf(past, origin)
  return found.sort((a, b) => (expiry(a) === expiry(b) ? age(a) - age(b) : expiry(a) - expiry(b)))
}

export function liveLots(past: History, account: string, time: number): number {
  const isLive = ({ body }: Event) => body.account === account && time < toSeconds(body.expiresAt as string)
  return past.all('credit.grant').filter(isLive).length
}

export function hasTooManyLots(past: History, account: string, time: number): boolean {
  return liveLots(past, account, time) >= MOST_LIVE_LOTS
}

/** Credits arrive: what is owed is covered, the rest is in the book. */
function arrive(past: History, event: Event, account: string, book: string, part: string, amount: bigint): void {
  const covered = least(past.debt(account), amount)
  move(event, 'receivable', account, '', covered)
  move(event, book, account, part, amount - covered)
}

/** A slice comes home: to the paid credits, to its grant while that lives, else to where the grant came from. */
function comeHome(past: History, event: Event, account: string, { origin, amount }: Slice): void {
  if (event.time < expiryOf(past, origin)) arrive(past, event, account, 'wallet', origin, amount)
  else move(event, 'promotions', '', '', amount)
}

/** The slices that a hold or a mandate's reserve still holds, in the order in which they burn. */
export function heldSlices(past: History, account: string, id: string): Slice[] {
  return [...past.parts('held', account)]
    .filter(([part]) => part.startsWith(`${id}/`))
    .map(([part, amount]) => ({ origin: part.split('/')[1]!, amount }))
}

/** Takes slices of a hold or reserve out of the held book, at most `amount` of them. */
export function takeHeld(past: History, event: Event, account: string, id: string, amount: bigint): Slice[] {
  const taken = upTo(heldSlices(past, account, id), amount)
  for (const slice of taken) move(event, 'held', account, `${id}/${slice.origin}`, -slice.amount)
  return taken
}

/** The first credits of the slices, `amount` in all, or fewer where there are not so many. */
export function upTo(all: readonly Slice[], amount: bigint): Slice[] {
  const taken: Slice[] = []
  let left = amount
  for (const slice of all) {
    const part = least(left, slice.amount)
    if (part > 0n) taken.push({ origin: slice.origin, amount: part })
    left -= part
  }
  return taken
}

function releaseHeld(past: History, event: Event, account: string, id: string): void {
  for (const slice of takeHeld(past, event, account, id, sum(heldSlices(past, account, id).map((one) => one.amount)))) {
    comeHome(past, event, account, slice)
  }
}

/** Posts what time has done to the wallet up to the event's time: holds in order of opening, reserves, grants. */
export function settle(past: History, event: Event, account: string): void {
  const { time } = event
  for (const hold of past.all('hold.open', account)) {
    if (toSeconds(hold.body.expiresAt as string) <= time) releaseHeld(past, event, account, thing('hld', hold))
  }
  for (const mandate of past.all('usage.mandate', account)) {
    if (mandateEnd(past, mandate) <= time && mandate !== event) releaseHeld(past, event, account, thing('man', mandate))
  }
  for (const { origin, amount } of slices(past, account)) {
    if (expiryOf(past, origin) > time) continue
    move(event, 'wallet', account, origin, -amount)
    move(event, 'promotions', '', '', amount)
  }
}

/** Whatever of a hold or a reserve is left goes back into the wallet. */
export function giveBackHeld(past: History, event: Event, account: string, id: string): void {
  if (heldSlices(past, account, id).length === 0) return
  settle(past, event, account)
  releaseHeld(past, event, account, id)
}

/** Slices that were spent come home, in this order. */
export function giveBack(past: History, event: Event, account: string, returned: readonly Slice[]): void {
  if (returned.length === 0) return
  settle(past, event, account)
  for (const slice of returned) comeHome(past, event, account, slice)
}

/** New credits arrive in the wallet: paid ones, or those of a grant. */
export function deposit(past: History, event: Event, account: string, origin: string, amount: bigint): void {
  settle(past, event, account)
  arrive(past, event, account, 'wallet', origin, amount)
}

/** Takes spendable credits, in the order in which they burn. */
export function take(past: History, event: Event, account: string, amount: bigint): Slice[] {
  if (amount === 0n) return []
  settle(past, event, account)
  const taken = upTo(slices(past, account), amount)
  for (const slice of taken) move(event, 'wallet', account, slice.origin, -slice.amount)
  return taken
}

/** Takes paid credits alone. */
export function takePaid(past: History, event: Event, account: string, amount: bigint): void {
  if (amount === 0n) return
  settle(past, event, account)
  move(event, 'wallet', account, PAID, -amount)
}

/** What can be spent at the time, as if the wallet had been settled: nothing while the account owes. */
export function spendable(past: History, account: string, time: number): bigint {
  return past.wondering(time, (event) => {
    settle(past, event, account)
    return past.debt(account) > 0n ? 0n : past.balance('wallet', account)
  })
}

/** What the account owes at the time, as if its wallet had been settled. */
export function owed(past: History, account: string, time: number): bigint {
  return past.wondering(time, (event) => {
    settle(past, event, account)
    return past.debt(account)
  })
}

/** The paid credits of the wallet, as if it had been settled; there may be debt beside them. */
export function paidCredits(past: History, account: string, time: number): bigint {
  return past.wondering(time, (event) => {
    settle(past, event, account)
    return past.parts('wallet', account).get(PAID) ?? 0n
  })
}

/** Earnings are kept by the day on which they were earned and the time from which they are available. */
export function earn(past: History, event: Event, account: string, amount: bigint): void {
  const day = midnight(event.time)
  const hold = policy(past, event.time).earningsHoldDays as number
  arrive(past, event, account, 'earnings', `${day}/${day + (1 + hold) * DAY}`, amount)
}

/** A payout that came to nothing: available at once, and the first to be taken again. */
export function earnBack(past: History, event: Event, account: string, amount: bigint): void {
  arrive(past, event, account, 'earnings', '0/0', amount)
}

/**
 * Pays a creator. The fee is the difference that this payment makes to the floor of all that was ever paid to him, each payment
 * at the rate of its time.
 */
export function payCreator(
  past: History,
  event: Event,
  { payer, payee, slices: burned, line }: { payer: string; payee: string; slices: readonly Slice[]; line?: number },
): bigint {
  const gross = sum(burned.map(({ amount }) => amount))
  const rate = feeBps(past, event.time)
  const before = sum(
    past.history.flatMap(({ payments }) =>
      payments.filter((one) => one.payee === payee).map((one) => one.gross * BigInt(one.feeBps)),
    ),
  )
  const fee = (before + gross * BigInt(rate)) / 10_000n - before / 10_000n
  move(event, 'revenue:fees', '', String(midnight(event.time)), fee)
  earn(past, event, payee, gross - fee)
  event.payments.push({ payer, payee, gross, fee, feeBps: rate, slices: burned, ...(line === undefined ? {} : { line }) })
  return fee
}
