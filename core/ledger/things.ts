/** The things of the state that people look for, what they are found by, and which of them an entry made or changed. */

import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Tools } from '../domain/envelope.ts'
import type { ThingPrefix } from '../domain/ids.ts'
import * as state from '../domain/state.ts'
import { createdId } from '../domain/view.ts'
import { parseEntry } from './entry.ts'
import { type PlainEntry, readPlainly } from './payments.ts'
import { LoadedRows } from './rows.ts'
import type { IndexedThing, ThingKind } from './search-index.ts'
import type { StoredEntry, StoreReader } from './store.ts'

const KINDS: Partial<Record<ThingPrefix, ThingKind>> = { lst: 'listing', mdl: 'model', sub: 'subscription' }

/** The things of the state that entries made, or changed what they are found by. */
export async function changedThings(
  tools: Tools,
  store: StoreReader,
  from: number,
  limit: number,
): Promise<ReadonlyMap<string, ThingKind>> {
  const stored = await store.entries(from, limit)
  const entries = await readPlainly(new LoadedRows(store), stored)
  return new Map(stored.flatMap((entry, i) => keysOfThings(tools, entry, entries[i]!)))
}

/** What an entry made, or changed what it is found by. */
export function keysOfThings(
  { rules, sha256 }: Tools,
  { bytes }: StoredEntry,
  { type, signer, body }: PlainEntry,
): [string, ThingKind][] {
  if (type === 'ledger.genesis' || type.startsWith('account.')) return [[signer, 'account']]
  if (type.startsWith('listing.') && body.listing !== undefined) return [[body.listing, 'listing']]
  const creates = [...rules.values()].map((types) => types.get(type)?.creates).find((one) => one !== undefined)
  const kind = typeof creates === 'object' ? KINDS[creates.prefix] : undefined
  if (kind === undefined) return []
  const entry = parseEntry(bytes)
  const transaction = entry instanceof Malformed ? entry : parseSignedTransaction(rules, sha256, entry.note)
  const created = transaction instanceof Malformed ? undefined : createdId(transaction)
  return created === undefined ? [] : [[created, kind]]
}

/** The things as they are now. */
export async function readThings(rows: LoadedRows, keys: ReadonlyMap<string, ThingKind>): Promise<IndexedThing[]> {
  const tables = { account: state.accounts, listing: state.listings, model: state.models, subscription: state.subscriptions }
  await rows.load([...keys].map(([key, kind]) => tables[kind].at(key) as never))
  const things: IndexedThing[] = []
  for (const [key, kind] of keys) {
    if (kind === 'account') {
      things.push({ kind, key, owner: key, text: folded(rows.get(state.accounts.at(key))!.name, key) })
    } else if (kind === 'model') {
      const { account, name } = rows.get(state.models.at(key))!
      things.push({ kind, key, owner: account, text: folded(name) })
    } else if (kind === 'subscription') {
      const listing = state.listings.at(rows.get(state.subscriptions.at(key))!.listing)
      await rows.load([listing])
      things.push({ kind, key, owner: rows.get(listing)!.account, text: '' })
    } else {
      things.push(await readListing(rows, key))
    }
  }
  return things
}

async function readListing(rows: LoadedRows, key: string): Promise<IndexedThing> {
  const { account, kind: sort, title, description, version } = rows.get(state.listings.at(key))!
  await rows.load([state.terms.at(key, version)])
  const priceMicros = leastPrice(rows.get(state.terms.at(key, version))!)
  const text = folded(title, description)
  return { kind: 'listing', key, owner: account, sort, text, ...(priceMicros !== undefined && { priceMicros }) }
}

/** The least that something of a listing costs; undefined where only calls are paid for. */
export function leastPrice({ subscription, purchaseMicros, licences, featureMicros }: state.Terms): bigint | undefined {
  const prices = [
    ...(subscription ?? []).map(({ priceMicros }) => priceMicros),
    ...(licences ?? []).map(({ priceMicros }) => priceMicros),
    ...[purchaseMicros, featureMicros].filter((price) => price !== undefined),
  ]
  return prices.length === 0 ? undefined : prices.reduce((least, price) => (price < least ? price : least))
}

/** Texts in the form in which they are searched, regardless of case. */
export function folded(...texts: readonly string[]): string {
  return texts.join('\n').toLocaleLowerCase('und')
}
