/** Top-ups that are taken back: returned to their buyer, or charged back by the buyer's bank. */

import { z } from 'zod'
import { payerRows } from './credits.ts'
import { type Check, type Context, check } from './define.ts'
import * as field from './fields.ts'
import type { Micros } from './money.ts'
import { referenceRow } from './references.ts'
import { recordNamed, refundedRow } from './refunds.ts'
import type { RowKey } from './table.ts'

/** What takes a top-up back, in parts or in full, by a payment made outside. */
export const topupUndone = z.strictObject({
  entry: field.count,
  amount: field.amount,
  provider: field.provider,
  reference: field.reference,
})
export type TopupUndone = z.output<typeof topupUndone>

interface Topup {
  readonly account: string
  readonly amount: Micros
}

function namedTopup(context: Context<TopupUndone>): Topup | undefined {
  const record = recordNamed(context)
  return record?.type === 'credit.topup' ? (record.body as Topup) : undefined
}

/** The top-up that the body names, once the check `unknown_entry` has passed. */
export function topupOf(context: Context<TopupUndone>): Topup {
  return recordNamed(context)!.body as Topup
}

export function unknownTopup(): Check<TopupUndone> {
  return check('unknown_entry', (context) =>
    namedTopup(context) === undefined ? { entry: context.body.entry, what: 'top-up' } : undefined,
  )
}

/** Two rounds of reading: what was taken back before and the reference, then the account that was topped up. */
export const topupRows: readonly ((context: Context<TopupUndone>) => readonly RowKey[])[] = [
  (context) => [...refundedRow(context), referenceRow(context)],
  (context) => {
    const topup = namedTopup(context)
    return topup === undefined ? [] : payerRows(topup.account)
  },
]
