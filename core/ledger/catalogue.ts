/**
 * What is made and sold: models, listings with the terms in force, who subscribes, and what an account holds. Rows are read in
 * the order of keys, through the index where there is one and table by table where there is none, a bounded number in a call; a
 * call that ends early says where the next one goes on.
 */

import type { Context } from '../domain/define.ts'
import type { Usage } from '../domain/fields.ts'
import { reserveOf, usedIn, usedWith } from '../domain/mandates.ts'
import { type Micros, ZERO } from '../domain/money.ts'
import { standing } from '../domain/paid-periods.ts'
import { limitInForce } from '../domain/plans.ts'
import { platformAt } from '../domain/policy.ts'
import { NO_USAGE } from '../domain/pricing.ts'
import { whyClosed } from '../domain/sales.ts'
import * as state from '../domain/state.ts'
import { firstPart, type RowKey, type Table } from '../domain/table.ts'
import type { Seconds } from '../domain/time.ts'
import type { Searched } from './entry-search.ts'
import { readTable } from './queries.ts'
import { LoadedRows } from './rows.ts'
import type { ThingQuery } from './search-index.ts'
import type { StoreReader } from './store.ts'
import { folded, leastPrice } from './things.ts'

/** Rows that one call looks at, at most; it then returns what it found so far, and where to go on. */
const MAX_SCANNED_ROWS = 20_000
/** Rows read at a time: few at first, for most lists are short, and more while there are more. */
const FIRST_PAGE = 16
const LARGEST_PAGE = 1_024

/** A part of a list: `next` is the key after which it goes on, undefined where it ended. */
interface Part<Item> {
  readonly items: readonly Item[]
  readonly next?: string
}

interface PartOptions {
  readonly after?: string | undefined
  readonly limit: number
}

/** A listing with what a buyer has to know. */
export interface Offer {
  readonly listing: string
  readonly row: state.Listing
  readonly terms: state.Terms
  readonly seller: state.Account
  readonly modelName?: string
  /** Why it sells nothing now; undefined where it sells. */
  readonly closedBecause?: string
}

interface ListingFilter extends PartOptions {
  /** Found in title, description or seller's name, whatever the case. */
  readonly text?: string | undefined
  readonly kind?: state.Listing['kind'] | undefined
  readonly seller?: string | undefined
  /** Something of it costs at most this. */
  readonly mostMicros?: bigint | undefined
  /** Only what sells now. */
  readonly isOpen?: boolean
}

export async function findListings(searched: Searched, time: Seconds, filter: ListingFilter): Promise<Part<Offer>> {
  const { kind, seller, isOpen, mostMicros } = filter
  const words = folded(filter.text ?? '')
    .split(/\s+/)
    .filter(Boolean)
  const rows = new LoadedRows(searched.store)
  const wanted = { kind: 'listing', sort: kind, owner: seller, words, mostMicros } as const
  return collect(rowsOf(searched, state.listings, wanted, filter.after), filter.limit, async ({ key, row }) => {
    if ((kind !== undefined && row.kind !== kind) || (seller !== undefined && row.account !== seller)) return undefined
    const offer = await readOffer(rows, key, row, time)
    if (isOpen && offer.closedBecause !== undefined) return undefined
    const price = leastPrice(offer.terms)
    if (mostMicros !== undefined && (price === undefined || price > mostMicros)) return undefined
    const text = folded(row.title, row.description, offer.seller.name)
    return words.every((word) => text.includes(word)) ? offer : undefined
  })
}

export async function findListing(store: StoreReader, listing: string, time: Seconds): Promise<Offer | undefined> {
  const rows = new LoadedRows(store)
  await rows.load([state.listings.at(listing)])
  const row = rows.get(state.listings.at(listing))
  return row && readOffer(rows, listing, row, time)
}

async function readOffer(rows: LoadedRows, listing: string, row: state.Listing, time: Seconds): Promise<Offer> {
  const { account, version, model } = row
  const keys = [state.platform, state.listings.at(listing), state.terms.at(listing, version), state.accounts.at(account)]
  const standingKeys = [state.planSubscriptions.at(account), state.deployments.at(account)]
  await rows.load([...keys, ...standingKeys, ...(model === undefined ? [] : [state.models.at(model)])])
  const because = whyClosed(onlooker(rows, listing, time))
  const name = model === undefined ? undefined : rows.get(state.models.at(model))?.name
  return {
    listing,
    row,
    terms: rows.get(state.terms.at(listing, version))!,
    seller: rows.get(state.accounts.at(account))!,
    ...(name !== undefined && { modelName: name }),
    ...(because !== undefined && { closedBecause: because }),
  }
}

/** Sees loaded rows as a transaction about a listing would see them at a time, without being one. */
function onlooker(rows: LoadedRows, listing: string, time: Seconds): Context<{ readonly listing: string }> {
  const get: Context<unknown>['get'] = (key) => rows.get(key)
  const need: Context<unknown>['need'] = (key) => rows.get(key)!
  return { body: { listing }, time, get, need } as Context<{ readonly listing: string }>
}

interface OwnedModel {
  readonly model: string
  readonly row: state.Model
  readonly isDeployed: boolean
  /** Deployed and, by its rank, within the limit in force. */
  readonly isServing: boolean
}

interface Workshop {
  readonly models: readonly OwnedModel[]
  /** Models deployed, and how many may be now. */
  readonly used: number
  readonly limit: number
}

export async function findModels(searched: Searched, account: string, time: Seconds): Promise<Workshop> {
  const { deployed, limit } = await readSlots(searched.store, account, time)
  const owned = rowsOf(searched, state.models, { kind: 'model', owner: account })
  const { items } = await collect(owned, MAX_SCANNED_ROWS, async ({ key, row }) => {
    if (row.account !== account) return undefined
    const rank = deployed.indexOf(key)
    return { model: key, row, isDeployed: rank >= 0, isServing: rank >= 0 && rank < limit }
  })
  return { models: items, used: deployed.length, limit }
}

/** The models deployed, in order, and how many may be. */
export async function readSlots(
  store: StoreReader,
  account: string,
  time: Seconds,
): Promise<{ readonly deployed: readonly string[]; readonly limit: number }> {
  const rows = new LoadedRows(store)
  await rows.load([state.platform, state.planSubscriptions.at(account), state.deployments.at(account)])
  const limit = limitInForce(onlooker(rows, '', time), account)
  return { deployed: rows.get(state.deployments.at(account))?.models ?? [], limit }
}

export interface Subscribed {
  readonly subscription: string
  readonly row: state.Subscription
  readonly standing: ReturnType<typeof standing>
  /** Included units used in the period that runs. */
  readonly used: Usage
  readonly offer: Offer
  readonly included?: state.Terms['included']
}

/** Those who subscribe, or did, to an account's listings. */
export async function findSubscribers(
  searched: Searched,
  account: string,
  time: Seconds,
  options: PartOptions,
): Promise<Part<Subscribed>> {
  const rows = new LoadedRows(searched.store)
  const sold = rowsOf(searched, state.subscriptions, { kind: 'subscription', owner: account }, options.after)
  return collect(sold, options.limit, async (found) => {
    await rows.load([state.listings.at(found.row.listing)])
    if (rows.get(state.listings.at(found.row.listing))?.account !== account) return undefined
    return readSubscribed(rows, found.key, found.row, time)
  })
}

async function readSubscribed(rows: LoadedRows, key: string, row: state.Subscription, time: Seconds): Promise<Subscribed> {
  const { listing, periods } = row
  await rows.load([state.platform, state.listings.at(listing)])
  const offer = await readOffer(rows, listing, rows.get(state.listings.at(listing))!, time)
  const running = periods.find(({ start, end }) => start <= time && time < end) ?? periods.at(-1)
  const included = running?.included
  const used = running !== undefined && row.usedFrom === running.start ? row.used : NO_USAGE
  const stands = standing(row, time, platformAt(rows.get(state.platform)!, time).graceDays)
  return { subscription: key, row, standing: stands, offer, used, ...(included && { included }) }
}

export interface Entitled {
  readonly kind: 'purchase' | 'licence' | 'feature'
  readonly listing: string
  readonly row: state.Entitlement
  readonly title: string
  /** Of a licence: its number in the terms. */
  readonly licence?: number
}

export interface Mandated {
  readonly mandate: string
  readonly row: state.Mandate
  readonly title: string
  readonly usedMicros: Micros
  readonly reserveMicros: Micros
}

interface Held {
  readonly subscriptions: readonly Subscribed[]
  readonly entitlements: readonly Entitled[]
  readonly mandates: readonly Mandated[]
}

/** What an account has bought, subscribed to and allowed; of one listing where asked. */
export async function findHoldings(store: StoreReader, account: string, time: Seconds, listing?: string): Promise<Held> {
  const rows = new LoadedRows(store)
  const prefix = `${account}/${listing ?? ''}`
  const titleOf = async (of: string) => {
    await rows.load([state.listings.at(of)])
    return rows.get(state.listings.at(of))?.title ?? of
  }
  const subscriptions: Subscribed[] = []
  for await (const { row } of owned(store, state.subscribers, prefix)) {
    const key = state.subscriptions.at(row.subscription)
    await rows.load([key])
    subscriptions.push(await readSubscribed(rows, key.key, rows.get(key)!, time))
  }
  const entitlements: Entitled[] = []
  for (const [kind, table] of ENTITLEMENTS) {
    for await (const { key, row } of owned(store, table, prefix)) {
      const [, of, licence] = key.split('/') as [string, string, string?]
      const title = await titleOf(of)
      entitlements.push({ kind, listing: of, row, title, ...(licence !== undefined && { licence: Number(licence) }) })
    }
  }
  const mandates: Mandated[] = []
  await rows.load([state.wallets.at(account)])
  for await (const { row: holder } of owned(store, state.mandateHolders, prefix)) {
    const key = state.mandates.at(holder.mandate)
    await rows.load([key])
    const row = rows.get(key)!
    const usedMicros = usedIn(row.per, usedWith(row, time, ZERO))
    // What was set aside belongs to the account again from the end on, even before an entry says so.
    const reserveMicros = time < row.expires ? reserveOf(rows, account, holder.mandate) : ZERO
    mandates.push({ mandate: holder.mandate, row, title: await titleOf(row.listing), usedMicros, reserveMicros })
  }
  return { subscriptions, entitlements, mandates }
}

const ENTITLEMENTS = [
  ['purchase', state.purchases],
  ['licence', state.licences],
  ['feature', state.features],
] as const

/** The rows whose key is `prefix` or begins with it, as many as one call looks at. */
async function* owned<Row>(store: StoreReader, table: Table<Row>, prefix: string): AsyncGenerator<{ key: string; row: Row }> {
  let seen = 0
  for await (const found of readTable(store, table, { firstPart: firstPart(undefined, prefix) })) {
    if (found.key.startsWith(prefix)) yield found
    seen += 1
    if (seen === MAX_SCANNED_ROWS) return
  }
}

export interface FoundAccount {
  readonly account: string
  readonly row: state.Account
}

/** Accounts whose name holds a text, whatever the case, or whose id begins with it. */
export async function findAccounts(
  searched: Searched,
  { text = '', after, limit }: PartOptions & { readonly text?: string | undefined },
): Promise<Part<FoundAccount>> {
  const wanted = folded(text)
  const words = wanted === '' ? [] : [wanted]
  return collect(rowsOf(searched, state.accounts, { kind: 'account', words }, after), limit, async ({ key, row }) => {
    const isFound = folded(row.name).includes(wanted) || key.startsWith(wanted)
    return isFound ? { account: key, row } : undefined
  })
}

/** Which accounts sell, or have a plan to sell with: the console shows them first what creators need. */
export async function findCreators(searched: Searched, accounts: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = new LoadedRows(searched.store)
  await rows.load(accounts.flatMap((account) => [state.planSubscriptions.at(account), state.earnings.at(account)]))
  const creators = new Set<string>()
  for (const account of accounts) {
    const marks = [state.planSubscriptions.at(account), state.earnings.at(account)] as const
    if (marks.some((key) => rows.get(key as RowKey) !== undefined) || (await hasListing(searched, account))) creators.add(account)
  }
  return creators
}

async function hasListing(searched: Searched, account: string): Promise<boolean> {
  let seen = 0
  for await (const { row } of rowsOf(searched, state.listings, { kind: 'listing', owner: account })) {
    if (row.account === account) return true
    seen += 1
    if (seen === MAX_SCANNED_ROWS) return false
  }
  return false
}

/**
 * The rows of a table after a key that may be what is wanted: those that the index finds and those that changed since then;
 * without an index, all of them. The caller still checks each.
 */
async function* rowsOf<Row>(
  { store, lookup }: Searched,
  table: Table<Row>,
  wanted: Omit<ThingQuery, 'after' | 'limit'>,
  after = '',
): AsyncGenerator<{ key: string; row: Row }> {
  const changed = await lookup.freshThings(await store.size())
  const fresh = [...(changed ?? [])].filter(([, kind]) => kind === wanted.kind).map(([key]) => key)
  const rows = new LoadedRows(store)
  let last = after
  for (let limit = FIRST_PAGE; changed !== undefined; limit = Math.min(2 * limit, LARGEST_PAGE)) {
    const found = await lookup.ask((index) => index.findThings({ ...wanted, after: last, limit }))
    if (found === undefined) break
    const isEnd = found.length < limit
    const end = found.at(-1)!
    const between = fresh.filter((key) => key > last && (isEnd || key <= end))
    const keys = [...new Set([...found, ...between])].sort()
    await rows.load(keys.map((key) => table.at(key)))
    for (const key of keys) {
      const row = rows.get(table.at(key))
      if (row !== undefined) yield { key, row }
    }
    if (isEnd) return
    last = end
  }
  yield* readTable(store, table, { after: last })
}

/** The first `limit` of what `pick` makes of the rows, and the key after which the rest begins. */
async function collect<Row, Item>(
  source: AsyncIterable<{ readonly key: string; readonly row: Row }>,
  limit: number,
  pick: (found: { readonly key: string; readonly row: Row }) => Promise<Item | undefined>,
): Promise<Part<Item>> {
  const items: Item[] = []
  let seen = 0
  let last: string | undefined
  for await (const found of source) {
    if (items.length === limit || seen === MAX_SCANNED_ROWS) return { items, ...(last !== undefined && { next: last }) }
    const item = await pick(found)
    if (item !== undefined) items.push(item)
    seen += 1
    last = found.key
  }
  return { items }
}
