/** From what the ledger holds to what the console shows: amounts and times as texts, ids with the names that belong to them. */

import { assert } from '../base/assert.ts'
import { toBase64 } from '../base/bytes.ts'
import type { Scope } from '../domain/define.ts'
import { formatMicros } from '../domain/money.ts'
import { postingBook } from '../domain/outcome.ts'
import { platformAt } from '../domain/policy.ts'
import type { Refusal } from '../domain/refusal.ts'
import * as state from '../domain/state.ts'
import type { RowKey } from '../domain/table.ts'
import { formatMilliseconds, formatSeconds, type Seconds, wholeSeconds } from '../domain/time.ts'
import type { Accepted } from '../ledger/accepted.ts'
import type { Entitled, Mandated, Offer, Subscribed } from '../ledger/catalogue.ts'
import type { Sums } from '../ledger/payments.ts'
import { presentAccepted, presentEntry } from '../ledger/present.ts'
import { LoadedRows } from '../ledger/rows.ts'
import type { StoreReader } from '../ledger/store.ts'
import type { Queued } from './host.ts'
import type * as view from './views.ts'

/** The console shows the ledger's own JSON form; this is the one place that says that the two are the same. */
export function outcomeView(answer: Accepted | Refusal | Queued): view.Outcome {
  if (answer.status === 'queued') {
    const { kept, message } = answer
    assert(kept.state !== 'refused', 'what is refused is answered')
    return { status: 'queued', id: kept.id, state: kept.state, message }
  }
  return answer.status === 'refused' ? answer : (presentAccepted(answer) as unknown as view.Accepted)
}

export async function entryViews(store: StoreReader, entries: readonly Accepted[]): Promise<view.Entry[]> {
  const shown = entries.map((entry) => presentEntry(entry) as unknown as Omit<view.Entry, 'names'>)
  const rows = new LoadedRows(store)
  const ids = shown.map((entry) => idsIn([JSON.stringify(entry)]))
  // Once for the whole page: its entries name the same few things again and again.
  await loadNamed(rows, ids.flat())
  return shown.map((entry, i) => ({ ...entry, names: namesOf(rows, ids[i]!) }))
}

const NAMED = /\bnim1[02-9ac-hj-np-z]{38}\b|\b(?:lst|mdl|sub|hld|man)_[0-9a-f]{32}\b/g
/** More than a sentence and its postings ever name, except for a batch of usage. */
const MAX_NAMES = 128

/**
 * The names of the accounts, and the titles of the models and listings, that appear in texts. What somebody has of a listing,
 * such as a subscription, is named after both: "Law 7B (Bob)".
 */
export async function readNames(rows: LoadedRows, texts: readonly string[]): Promise<view.Names> {
  const ids = idsIn(texts)
  await loadNamed(rows, ids)
  return namesOf(rows, ids)
}

function idsIn(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => text.match(NAMED) ?? []))].slice(0, MAX_NAMES)
}

async function loadNamed(rows: LoadedRows, ids: readonly string[]): Promise<void> {
  const named = [...new Set(ids)]
  await rows.load(named.map(keyOf))
  const shares = named.map((id) => rows.get(keyOf(id))).filter((row) => row !== undefined && 'listing' in row)
  await rows.load(shares.flatMap(({ account, listing }) => [state.accounts.at(account), state.listings.at(listing)]))
}

function namesOf(rows: LoadedRows, ids: readonly string[]): view.Names {
  const named = ids.map((id) => [id, nameIn(rows, rows.get(keyOf(id)))] as const)
  return Object.fromEntries(named.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

type Nameable = { readonly name: string } | { readonly title: string } | { readonly account: string; readonly listing: string }

function nameIn(rows: LoadedRows, row: Nameable | undefined): string | undefined {
  if (row === undefined) return undefined
  if ('title' in row) return row.title
  if ('name' in row) return row.name
  return `${rows.get(state.listings.at(row.listing))!.title} (${rows.get(state.accounts.at(row.account))!.name})`
}

const NAMEABLE = {
  lst: state.listings,
  mdl: state.models,
  sub: state.subscriptions,
  hld: state.holds,
  man: state.mandates,
} as const

function keyOf(id: string): RowKey<Nameable> {
  const table = NAMEABLE[id.slice(0, 3) as keyof typeof NAMEABLE] ?? state.accounts
  return table.at(id) as never
}

/** The balances that an entry left in the account books it touched. */
export function balancesOf({ outcome }: Pick<Accepted, 'outcome'>): Record<string, string> {
  const ofAccounts = outcome.postings.filter(({ account }) => account !== undefined)
  return Object.fromEntries(ofAccounts.map((posting) => [postingBook(posting), formatMicros(posting.balanceMicros)]))
}

export function signatureViews({ transaction }: Accepted, keys: ReadonlyMap<string, state.Key>): view.EntrySignature[] {
  return transaction.signatures.map(({ name, keyId, signature }) => {
    const shown = { name, keyId, signature: toBase64(signature) }
    const key = keys.get(`${name}/${keyId}`)
    if (key === undefined) return shown
    const { publicKey, label, scopes, revoked } = key
    return {
      ...shown,
      publicKey,
      scopes: scopes as readonly Scope[],
      ...(label !== undefined && { label }),
      ...(revoked && { isRevoked: true }),
    }
  })
}

export function sumsView({ grossMicros, feeMicros, payments }: Sums): view.Sums {
  return {
    gross: formatMicros(grossMicros),
    fee: formatMicros(feeMicros),
    takeHome: formatMicros(grossMicros - feeMicros),
    payments,
  }
}

export function offerView({ listing, row, terms, seller, modelName, closedBecause }: Offer): view.ListingView {
  const { account, kind, title, description, model, version, withdrawn } = row
  return {
    listing,
    account,
    seller: seller.name,
    kind,
    title,
    description,
    ...(model !== undefined && { model }),
    ...(modelName !== undefined && { modelName }),
    version,
    terms: termsView(terms),
    ...(closedBecause !== undefined && { closedBecause }),
    isWithdrawn: withdrawn,
  }
}

function termsView(terms: state.Terms): view.TermsView {
  const { subscription, query, included, access, content, purchaseMicros, licences, featureMicros, days } = terms
  return {
    ...(subscription && {
      subscription: subscription.map(({ period, priceMicros }) => ({ period, price: formatMicros(priceMicros) })),
    }),
    ...(query && {
      query: {
        perRequest: formatMicros(query.perRequestMicros),
        perMInput: formatMicros(query.perMInputMicros),
        perMOutput: formatMicros(query.perMOutputMicros),
        perSecond: formatMicros(query.perSecondMicros),
      },
    }),
    ...(included && { included }),
    ...(access && { access }),
    ...(content && { content }),
    ...(purchaseMicros !== undefined && { purchase: formatMicros(purchaseMicros) }),
    ...(licences && { licences: licences.map(({ priceMicros, ...rest }) => ({ price: formatMicros(priceMicros), ...rest })) }),
    ...(featureMicros !== undefined && { price: formatMicros(featureMicros) }),
    ...(days !== undefined && { days }),
  }
}

export function subscriptionView(
  { subscription, row, standing, offer, included, used }: Subscribed,
  name: string,
): view.SubscriptionView {
  const { account, listing, period, priceMicros, periods, end, cancelled } = row
  return {
    subscription,
    account,
    subscriber: name,
    listing,
    title: offer.row.title,
    period,
    price: formatMicros(priceMicros),
    start: formatSeconds(periods[0]?.start ?? row.anchor),
    end: formatSeconds(end),
    standing,
    cancelled,
    ...(included && { included }),
    used,
  }
}

export function entitlementView({ kind, listing, row, title, licence }: Entitled, time: Seconds): view.EntitlementView {
  const { terms, pieces, seats, redistribution } = row
  const { entry, end } = pieces.at(-1)!
  return {
    kind,
    listing,
    title,
    entry,
    terms,
    ...(licence !== undefined && { licence }),
    ...(seats !== undefined && { seats }),
    ...(redistribution !== undefined && { redistribution }),
    start: formatSeconds(pieces[0]!.start),
    ...(end !== undefined && { end: formatSeconds(end) }),
    isRunning: end === undefined || time < end,
  }
}

export function mandateView({ mandate, row, title, usedMicros, reserveMicros }: Mandated, time: Seconds): view.MandateView {
  const { listing, limitMicros, per, expires } = row
  const limits = { limit: formatMicros(limitMicros), per, used: formatMicros(usedMicros), reserve: formatMicros(reserveMicros) }
  return { mandate, listing, title, ...limits, expires: formatSeconds(expires), isRunning: time < expires }
}

export function planView(plan: state.PlanSubscription, standing: view.Standing, time: Seconds): view.PlanView {
  const { plan: name, priceMicros, period, end, cancelled } = plan
  const running = plan.periods.find((paid) => paid.end > time) ?? plan.periods.at(-1)
  const start = running?.start ?? plan.anchor
  const modelLimit = running?.modelLimit ?? 0
  const terms = { plan: name, modelLimit, price: formatMicros(priceMicros), period }
  return { ...terms, start: formatSeconds(start), end: formatSeconds(end), standing, cancelled }
}

export function ledgerView(
  platform: state.Platform,
  { vkey, time, size }: { readonly vkey: string; readonly time: number; readonly size: number },
): view.LedgerView {
  const { origin, name, operator, clock, accounts } = platform
  const { feeBps, plans, minimumPayoutMicros, earningsHoldDays, graceDays, creditNote } = platformAt(platform, wholeSeconds(time))
  return {
    origin,
    name,
    vkey,
    operator,
    clock,
    time: formatMilliseconds(time),
    size,
    accounts,
    feeBps,
    plans: plans.map(({ plan, modelLimit, priceMicros, period }) => ({
      plan,
      modelLimit,
      price: formatMicros(priceMicros),
      period,
    })),
    policy: { minimumPayout: formatMicros(minimumPayoutMicros), earningsHoldDays, graceDays, creditNote },
  }
}
