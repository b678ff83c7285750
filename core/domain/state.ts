/**
 * The state that entries make: rows in tables, each named by its table and key. Rows are immutable values; a change replaces one.
 * Every row but the platform's own belongs to one account, its owner, and an entry touches the owners of the rows that it
 * changes.
 *
 * A row is stored as canonical JSON in which fields named …Micros hold microcredits as decimal strings (they are bigints in
 * code), and every other number is an integer. That naming rule is the whole codec:
 *
 *   account nim1…  {"carry":0,"entries":3,"earningsMicros":"0",…,"walletMicros":"25000000"}
 */

import { assert } from '../base/assert.ts'
import { canonicalize, type Json } from './canonical.ts'
import type { Usage } from './fields.ts'
import type { Micros } from './money.ts'
import type { Period, Seconds } from './time.ts'

export interface Table<Row> {
  readonly name: string
  /** The account a row belongs to; undefined for the platform's own rows. */
  owner(row: Row, key: string): string | undefined
  at(...key: readonly (string | number)[]): RowKey<Row>
}

export interface RowKey<Row = unknown> {
  readonly table: Table<Row>
  readonly key: string
  /** Table and key in one, the row's name in maps and messages. */
  readonly path: string
}

const tableNames = new Set<string>()

function defineTable<Row>(name: string, owner: Table<Row>['owner']): Table<Row> {
  const table: Table<Row> = {
    name,
    owner,
    at: (...parts) => {
      const key = parts.join('/')
      return { table, key, path: `${name} ${key}` }
    },
  }
  assert(!tableNames.has(name), `table ${name} is defined once`)
  tableNames.add(name)
  return table
}

const firstPart = (_row: unknown, key: string) => key.split('/', 1)[0]!
const byAccount = (row: { readonly account: string }) => row.account
const ofPlatform = () => undefined

export interface Plan {
  readonly plan: string
  readonly modelLimit: number
  readonly priceMicros: Micros
  readonly period: Period
}

/** What the genesis laid down and policy may change, and how many accounts there are. */
export interface Platform {
  readonly origin: string
  readonly name: string
  readonly operator: string
  readonly sequencerKey: string
  readonly clock: 'system' | 'manual'
  readonly feeBps: number
  readonly plans: readonly Plan[]
  readonly minimumPayoutMicros: Micros
  readonly earningsHoldDays: number
  readonly graceDays: number
  readonly creditNote: string
  readonly accounts: number
}

/** The books that belong to no account. */
export interface Treasury {
  readonly issuedMicros: Micros
  readonly promotionsMicros: Micros
  readonly feesMicros: Micros
  readonly plansMicros: Micros
  readonly redeemedMicros: Micros
}

export interface Account {
  /** The order of opening; 0 is the operator. */
  readonly number: number
  readonly name: string
  readonly publicKey: string
  readonly openedAt: Seconds
  readonly frozen: boolean
  readonly walletMicros: Micros
  readonly heldMicros: Micros
  readonly earningsMicros: Micros
  readonly payableMicros: Micros
  readonly receivableMicros: Micros
  /** What the account, as a payee, carries to the fee of its next payment: 0 … 9999 µ × basis points. */
  readonly carry: number
  /** How many entries touched the account, and the index of the last one. */
  readonly entries: number
  readonly last: number
}

export interface Key {
  readonly publicKey: string
  readonly scopes: readonly string[]
  readonly addedAt: Seconds
}

/**
 * A creator's earnings by the moment at which they become available; one sum a UTC day. What is available already is in the first
 * field.
 */
export interface Earnings {
  readonly availableMicros: Micros
  readonly days: readonly { readonly availableFrom: Seconds; readonly amountMicros: Micros }[]
}

export interface PlanSubscription {
  readonly plan: string
  readonly modelLimit: number
  /** The most that a renewal may cost: what was signed. */
  readonly priceMicros: Micros
  readonly period: Period
  readonly anchor: Seconds
  readonly start: Seconds
  readonly end: Seconds
  readonly cancelled: boolean
}

export interface Model {
  readonly account: string
  readonly name: string
  readonly base: string
  readonly artifact: string
  readonly description: string
  readonly createdAt: Seconds
}

/** The deployed models of an account, in order of deployment. */
export interface Deployments {
  readonly models: readonly string[]
}

export interface Listing {
  readonly account: string
  readonly kind: 'model' | 'dataset' | 'feature'
  readonly title: string
  readonly description: string
  readonly model?: string
  /** The current version of its terms. */
  readonly version: number
  readonly withdrawn: boolean
}

export interface QueryPrices {
  readonly perRequestMicros: Micros
  readonly perMInputMicros: Micros
  readonly perMOutputMicros: Micros
  readonly perSecondMicros: Micros
}

interface Licence {
  readonly priceMicros: Micros
  readonly days: number
  readonly seats: number
  readonly redistribution: boolean
}

/** One version of a listing's terms; never changed but for the moment at which the next version took its place. */
export interface Terms {
  readonly account: string
  readonly supersededAt?: Seconds
  readonly subscription?: readonly { readonly period: Period; readonly priceMicros: Micros }[]
  readonly query?: QueryPrices
  readonly included?: Usage
  readonly access?: 'subscription' | 'open'
  readonly content?: { readonly sha256: string; readonly bytes: number }
  readonly purchaseMicros?: Micros
  readonly licences?: readonly Licence[]
  readonly featureMicros?: Micros
  readonly days?: number
}

export interface Subscription {
  readonly account: string
  readonly listing: string
  readonly terms: number
  readonly period: Period
  readonly priceMicros: Micros
  readonly anchor: Seconds
  readonly start: Seconds
  readonly end: Seconds
  readonly cancelled: boolean
  /** Included units used in the paid period. */
  readonly used: Usage
}

/**
 * What an account owns of a dataset or feature: for ever where there is no end. `entry` is the last that bought or extended it.
 */
export interface Entitlement {
  readonly entry: number
  readonly terms: number
  readonly start: Seconds
  readonly end?: Seconds
  readonly seats?: number
  readonly redistribution?: boolean
}

export interface Mandate {
  readonly account: string
  readonly listing: string
  readonly terms: number
  readonly limitMicros: Micros
  readonly per: 'day' | 'month'
  readonly expires: Seconds
  /** What was charged in the day and in the month with these numbers (dayOf, monthOf); the limit looks at one of them. */
  readonly day: number
  readonly dayMicros: Micros
  readonly month: number
  readonly monthMicros: Micros
}

/** The last line number taken of each of a meter's streams for one listing. */
export interface Streams {
  readonly streams: readonly { readonly stream: string; readonly last: number }[]
}

export const platform = defineTable<Platform>('platform', ofPlatform).at()
export const treasury = defineTable<Treasury>('treasury', ofPlatform).at()
/** provider/reference → the entry that used it. */
export const references = defineTable<{ readonly entry: number }>('reference', ofPlatform)
export const accounts = defineTable<Account>('account', firstPart)
/** account number → account id. */
export const accountNumbers = defineTable<{ readonly account: string }>('number', byAccount)
/** account/key id */
export const keys = defineTable<Key>('key', firstPart)
export const earnings = defineTable<Earnings>('earnings', firstPart)
export const planSubscriptions = defineTable<PlanSubscription>('plan', firstPart)
export const models = defineTable<Model>('model', byAccount)
export const deployments = defineTable<Deployments>('deployments', firstPart)
export const listings = defineTable<Listing>('listing', byAccount)
/** listing/version */
export const terms = defineTable<Terms>('terms', byAccount)
export const subscriptions = defineTable<Subscription>('subscription', byAccount)
/** account/listing → the subscription that was started last. */
export const subscribers = defineTable<{ readonly subscription: string }>('subscriber', firstPart)
/** account/listing */
export const purchases = defineTable<Entitlement>('purchase', firstPart)
/** account/listing/licence number */
export const licences = defineTable<Entitlement>('licence', firstPart)
/** account/listing */
export const features = defineTable<Entitlement>('feature', firstPart)
export const mandates = defineTable<Mandate>('mandate', byAccount)
/** account/listing → the mandate that was signed last. */
export const mandateHolders = defineTable<{ readonly mandate: string }>('mandate-holder', firstPart)
/** account (the meter's)/listing */
export const streams = defineTable<Streams>('streams', firstPart)

/** The stored text of a row. */
export function encodeRow(row: unknown): string {
  return canonicalize(toJson(row, ''))
}

function toJson(value: unknown, field: string): Json {
  assert(
    (typeof value === 'bigint') === field.endsWith('Micros'),
    `field ${field}: fields named …Micros, and no others, are bigints`,
  )
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value as Json
  if (Array.isArray(value)) return value.map((item) => toJson(item, ''))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item, key)]))
}

/** The row of a stored text that encodeRow wrote. Throws where it is not JSON: the caller names the damaged row. */
export function decodeRow(text: string): unknown {
  return fromJson(JSON.parse(text))
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fromJson)
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, item]) => [key, key.endsWith('Micros') ? BigInt(item) : fromJson(item)]))
}
