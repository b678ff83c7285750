/**
 * How much of an entry a caller sees. Those who may read the log see all of it, and so does the entry's signer. An account that
 * was touched by somebody else's entry sees that the entry exists and what it did to its own books; what it did to other accounts
 * is their own affair.
 */

import type { Outcome } from '../../domain/outcome.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { balancesOf } from '../present.ts'
import type { Amount, Entry } from '../views.ts'
import type { Caller } from './procedure.ts'

/** An entry as it is shown to those who see all of it, and whom it concerns. */
export interface Shown {
  readonly view: Entry
  readonly touched: readonly string[]
}

export function shownOf(entry: Accepted, view: Entry): Shown {
  return { view, touched: entry.outcome.touched.map(({ account }) => account) }
}

/** Undefined where the entry does not concern the caller. */
export function entryFor({ rights, account }: Caller, { view, touched }: Shown): Entry | undefined {
  if (rights.has('read') || view.signer === account) return view
  if (account === undefined || !touched.includes(account)) return undefined
  const { index, time, type, signer, id, summary, names, postings } = view
  const own = postings.filter(({ book }) => book.endsWith(`:${account}`))
  return { index, time, type, signer, id, summary, names, postings: own }
}

/** The balances that it left, of those accounts whose balances the caller may see. */
export function balancesFor({ rights, account }: Caller, { outcome }: { readonly outcome: Outcome }): Record<string, Amount> {
  const all = Object.entries(balancesOf({ outcome }))
  return Object.fromEntries(rights.has('read') ? all : all.filter(([book]) => book.endsWith(`:${account}`)))
}
