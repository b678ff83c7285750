/**
 * Money is whole microcredits in a branded bigint: 1 credit = 1 000 000 µ. No float ever. Four things are rounded, each in one
 * place: fees down, with a carry (here), a refund's part of a fee down (refunds.ts), what an upgrade is credited down (plans.ts),
 * and the price of a call up (pricing.ts).
 *
 * On the wire an amount is a canonical decimal string of credits: "25", "25.5", "0.000001". Totals and postings are signed and
 * unbounded in the same notation.
 */

import { assert } from '../base/assert.ts'
import { plural } from '../base/plural.ts'

declare const brand: unique symbol
/** An exact number of microcredits, signed. */
export type Micros = bigint & { readonly [brand]: 'micros' }

const MICROS_PER_CREDIT = 1_000_000n
const BASIS_POINTS = 10_000n
/** The platform's share never exceeds 15 %. */
export const MAX_FEE_BPS = 1500

export const ZERO = micros(0n)

export function micros(value: bigint): Micros {
  return value as Micros
}

export function add(...amounts: readonly bigint[]): Micros {
  let sum = 0n
  for (const amount of amounts) sum += amount
  return micros(sum)
}

export function negate(amountMicros: bigint): Micros {
  return micros(-amountMicros)
}

const AMOUNT_PATTERN = /^(0|[1-9][0-9]{0,11})(\.[0-9]{0,5}[1-9])?$/

/**
 * Microcredits of a canonical amount, 0 … 10¹² credits less one µ; undefined for any other text ("-5", "1.0", "1e3",
 * "0.0000001").
 */
export function parseAmount(text: string): Micros | undefined {
  if (!AMOUNT_PATTERN.test(text)) return undefined
  const [whole, fraction = ''] = text.split('.')
  return micros(BigInt(whole!) * MICROS_PER_CREDIT + BigInt(fraction.padEnd(6, '0')))
}

/** The canonical decimal text in credits of any total, for instance -25500000n → "-25.5". */
export function formatMicros(amountMicros: bigint): string {
  const sign = amountMicros < 0n ? '-' : ''
  const magnitude = amountMicros < 0n ? -amountMicros : amountMicros
  const fraction = (magnitude % MICROS_PER_CREDIT).toString().padStart(6, '0').replace(/0+$/, '')
  return `${sign}${magnitude / MICROS_PER_CREDIT}${fraction && `.${fraction}`}`
}

/** The same as it stands in a sentence: "1 credit", "25.5 credits". */
export function formatCredits(amountMicros: bigint): string {
  return plural(formatMicros(amountMicros), 'credit')
}

export interface FeeSplit {
  readonly feeMicros: Micros
  readonly takeHomeMicros: Micros
  /** What the payee carries to the next payment: µ × basis points, 0 … 9999. */
  readonly carry: number
}

/**
 * The platform's fee on one payment, exact and without drift: whatever could not be taken as a whole µ is carried to the payee's
 * next payment, so that after any number of payments at one rate Σ fee = floor(Σ gross × feeBps / 10000), and splitting a payment
 * into dust gains nothing.
 */
export function splitFee(grossMicros: bigint, feeBps: number, carry: number): FeeSplit {
  assert(grossMicros >= 0n, 'a fee is taken of a payment that is not negative')
  assert(Number.isInteger(feeBps) && feeBps >= 0 && feeBps <= MAX_FEE_BPS, 'the fee is 0 … 1500 basis points')
  assert(Number.isInteger(carry) && carry >= 0 && carry < 10_000, 'a carry is 0 … 9999')
  const numerator = grossMicros * BigInt(feeBps) + BigInt(carry)
  const feeMicros = micros(numerator / BASIS_POINTS)
  // The carry is below 10 000 and the rate at most 1500, so no fee exceeds a payment of 1 µ or more.
  assert(feeMicros <= grossMicros, 'a fee never exceeds its payment')
  return { feeMicros, takeHomeMicros: micros(grossMicros - feeMicros), carry: Number(numerator % BASIS_POINTS) }
}
