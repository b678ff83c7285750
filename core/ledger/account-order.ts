/**
 * Accounts in the order of what they are called or of what they have. There is no index by any of it, so as many accounts as one
 * call may look at are read and put in order, and a part of them is told.
 */

import { payerRows, settledPurse } from '../domain/credits.ts'
import { spendableIn } from '../domain/purse.ts'
import type { Seconds } from '../domain/time.ts'
import { type FoundAccount, findAccounts } from './catalogue.ts'
import type { Searched } from './entry-search.ts'
import { rowsAt } from './queries.ts'
import { LoadedRows } from './rows.ts'

export const ACCOUNT_ORDERS = ['number', 'name', 'spendable', 'earnings'] as const
export type AccountOrder = (typeof ACCOUNT_ORDERS)[number]

/** Accounts that are put in order, at most: the first by their ids. */
const MAX_ORDERED = 20_000
/** Rows read at a time. */
const PAGE = 1_000

interface Asked {
  readonly text?: string | undefined
  readonly by: AccountOrder
  readonly isDescending: boolean
  /** The account at which the part before ended. */
  readonly after?: string | undefined
  readonly limit: number
}

interface OrderedAccounts {
  readonly items: readonly FoundAccount[]
  readonly next?: string
  /** Whether all accounts that were looked for were put in order. */
  readonly isAll: boolean
}

export async function findAccountsInOrder(
  searched: Searched,
  time: Seconds,
  { text, by, isDescending, after, limit }: Asked,
): Promise<OrderedAccounts> {
  const found = await findAccounts(searched, { text, limit: MAX_ORDERED })
  const values = await valuesOf(searched, found.items, by, time)
  // Those who have the same stand in the order of their opening.
  const ordered = found.items
    .map((item, at) => ({ item, value: values[at]! }))
    .sort(
      (a, b) => (isDescending ? compare(b.value, a.value) : compare(a.value, b.value)) || a.item.row.number - b.item.row.number,
    )
    .map(({ item }) => item)
  const start = after === undefined ? 0 : ordered.findIndex(({ account }) => account === after) + 1
  const items = ordered.slice(start, start + limit)
  const next = start + limit < ordered.length ? items.at(-1)?.account : undefined
  return { items, isAll: found.next === undefined, ...(next !== undefined && { next }) }
}

type Value = bigint | number | string

function compare(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0
}

async function valuesOf(
  { store }: Searched,
  items: readonly FoundAccount[],
  by: AccountOrder,
  time: Seconds,
): Promise<readonly Value[]> {
  if (by === 'number') return items.map(({ row }) => row.number)
  if (by === 'name') return items.map(({ row }) => row.name.toLowerCase())
  if (by === 'earnings') return items.map(({ row }) => row.earningsMicros)
  const values: Value[] = []
  for (let from = 0; from < items.length; from += PAGE) {
    const part = items.slice(from, from + PAGE)
    const rows = new LoadedRows(store)
    await rows.load(part.flatMap(({ account }) => payerRows(account)))
    values.push(...part.map(({ account }) => spendableIn(settledPurse(rowsAt(rows, time), account))))
  }
  return values
}
