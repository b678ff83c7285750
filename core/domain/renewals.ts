/** What renewals of plans and subscriptions have in common: the checks of who signs, when, and for whom. */

import { plural } from '../base/plural.ts'
import { type Check, type Context, check } from './define.ts'
import { formatCredits, formatMicros, type Micros } from './money.ts'
import { dueAt, lapsesAt, standing } from './paid-periods.ts'
import { inForce } from './policy.ts'
import type { RefusalData } from './refusal.ts'
import { accounts, platform } from './state.ts'
import { formatSeconds, type Seconds } from './time.ts'

interface Renewable {
  readonly end: Seconds
  readonly cancelled: boolean
}

/** How a type finds the row that it renews, and the account that pays. */
export interface Renewal<Body> {
  readonly type: string
  readonly rowOf: (context: Context<Body>) => Renewable
  readonly payerOf: (context: Context<Body>) => string
  /** The beginning of a sentence: "The plan starter". */
  readonly whatOf: (context: Context<Body>) => string
}

/** Only the operator and the payer renew. */
export function renewalScope<Body>({ type, payerOf }: Renewal<Body>): Check<Body> {
  return check('key_scope', (context) => {
    const { signer, keyId } = context
    if (signer === payerOf(context) || signer === context.need(platform).operator) return undefined
    return { key: keyId ?? signer, type, needs: 'the operator or who pays' }
  })
}

export function notDue<Body>({ rowOf }: Renewal<Body>): Check<Body> {
  return check('not_due', (context) => {
    const from = dueAt(rowOf(context))
    return context.time < from ? { from: formatSeconds(from) } : undefined
  })
}

export function wasCancelled<Body>({ rowOf, whatOf }: Renewal<Body>): Check<Body> {
  return check('cancelled', (context) => (rowOf(context).cancelled ? { what: whatOf(context) } : undefined))
}

/** A frozen account signs nothing, and nobody renews in its name. */
export function payerFrozen<Body>({ payerOf }: Renewal<Body>): Check<Body> {
  return check('frozen', (context) => {
    const account = payerOf(context)
    return context.need(accounts.at(account)).frozen ? { account } : undefined
  })
}

/** Why there is no mandate for a price; undefined where it is within what was signed. `what` begins the clause. */
export function aboveSigned(priceMicros: Micros, signedMicros: Micros, what: string): RefusalData | undefined {
  if (priceMicros <= signedMicros) return undefined
  const [price, signed] = [formatMicros(priceMicros), formatMicros(signedMicros)]
  const were = plural(signed, 'was', 'were')
  return {
    because: `${what} costs ${formatCredits(priceMicros)} now, and up to ${were} signed; sign the current price`,
    price,
    signed,
  }
}

/** `isReplaced` tells whether a newer one was started since then, which is possible only after a lapse. */
export function hasLapsed<Body>(
  { rowOf, whatOf }: Renewal<Body>,
  isReplaced: (context: Context<Body>) => boolean = () => false,
): Check<Body> {
  return check('lapsed', (context) => {
    const { graceDays } = inForce(context)
    const row = rowOf(context)
    if (standing(row, context.time, graceDays) !== 'lapsed' && !isReplaced(context)) return undefined
    return { what: whatOf(context), lapsed: formatSeconds(lapsesAt(row, graceDays)) }
  })
}
