/** What leaves: earnings to the creator's own wallet or paid out, and the platform's revenue. */

import { DAY, midnight } from './calendar.ts'
import type { Fields } from './form.ts'
import { type Event, first, type History, least, micros, sum, thing } from './history.ts'
import { policy } from './policy.ts'
import { isReferenceUsed } from './refunds.ts'
import { deposit, earnBack, move, PAID } from './wallet.ts'

const REVENUE_AGE = 31 * DAY

/** Earnings by the time from which they are available, the oldest day first. */
export function earningsOf(past: History, account: string): { part: string; from: number; amount: bigint }[] {
  const parts = [...past.parts('earnings', account)].map(([part, amount]) => ({ part, from: Number(part.split('/')[1]), amount }))
  return parts.sort((a, b) => (a.part < b.part ? -1 : 1))
}

export function available(past: History, account: string, time: number): bigint {
  return sum(earningsOf(past, account).flatMap(({ from, amount }) => (from <= time ? [amount] : [])))
}

function takeEarnings(past: History, event: Event, account: string, amount: bigint): void {
  let left = amount
  for (const { part, from, amount: there } of earningsOf(past, account)) {
    if (from > event.time) continue
    const taken = least(left, there)
    move(event, 'earnings', account, part, -taken)
    left -= taken
  }
}

export function moveCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  return first(['exceeds_earnings', () => micros(body.amount) > available(past, signer, time)])
}

export function moveEarnings(past: History, event: Event): void {
  const amount = micros(event.body.amount)
  takeEarnings(past, event, event.signer, amount)
  deposit(past, event, event.signer, PAID, amount)
}

export function requestCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  return first(
    ['below_minimum', () => micros(body.amount) < micros(policy(past, time).minimumPayout)],
    ['exceeds_earnings', () => micros(body.amount) > available(past, signer, time)],
  )
}

export function request(past: History, event: Event): void {
  const { signer, body } = event
  takeEarnings(past, event, signer, micros(body.amount))
  move(event, 'payable', signer, thing('pay', event), micros(body.amount))
}

function payoutOf(past: History, body: Fields): Event | undefined {
  return past.maker('payout.request', 'pay', body.payout)
}

export function isPending(past: History, payout: string): boolean {
  const ends = ['payout.cancel', 'payout.settle', 'payout.fail']
  return !past.history.some(({ type, body }) => ends.includes(type) && body.payout === payout)
}

export function endCode(past: History, type: string, signer: string, body: Fields): string | undefined {
  const payout = payoutOf(past, body)
  return first(
    ['unknown_payout', () => payout === undefined || (type === 'payout.cancel' && payout.signer !== signer)],
    ['not_pending', () => !isPending(past, body.payout as string)],
    ['reference_used', () => type === 'payout.settle' && isReferenceUsed(past, body)],
  )
}

export function endPayout(past: History, event: Event): void {
  const { signer: account, body } = payoutOf(past, event.body)!
  const amount = micros(body.amount)
  move(event, 'payable', account, event.body.payout as string, -amount)
  if (event.type === 'payout.settle') move(event, 'redeemed', '', '', amount)
  else earnBack(past, event, account, amount)
}

/** Days of revenue, the oldest first, that are older than thirty days. */
function oldRevenue(past: History, book: string, time: number): [day: string, amount: bigint][] {
  const days = [...past.parts(book)].sort(([a], [b]) => Number(a) - Number(b))
  return days.filter(([day]) => midnight(Number(day)) + REVENUE_AGE <= time)
}

export function withdrawable(past: History, book: string, time: number): bigint {
  return sum(oldRevenue(past, `revenue:${book}`, time).map(([, amount]) => amount))
}

export function withdrawCode(past: History, body: Fields, time: number): string | undefined {
  return first(
    ['exceeds_revenue', () => micros(body.amount) > withdrawable(past, body.book as string, time)],
    ['reference_used', () => isReferenceUsed(past, body)],
  )
}

export function withdraw(past: History, event: Event): void {
  const { body, time } = event
  const book = `revenue:${body.book}`
  let left = micros(body.amount)
  move(event, 'redeemed', '', '', left)
  for (const [day, amount] of oldRevenue(past, book, time)) {
    const taken = least(left, amount)
    move(event, book, '', day, -taken)
    left -= taken
  }
}
