/**
 * What a creator fills in for a listing, and the bodies of `listing.publish` and `listing.update` that come of it
 * (docs/transactions.md).
 */
import type { ListingView, TermsView } from '../../../core/api/views.ts'
import { DIGEST } from '../../components/digest-field.tsx'
import { countIn, parseTyped } from '../../format.ts'
import type { Body } from '../../sign.tsx'
import { strings } from '../../strings.ts'

export const PERIODS = ['week', 'month', 'quarter', 'year'] as const
export const CALL_PRICES = ['perRequest', 'perMInput', 'perMOutput', 'perSecond'] as const

/** Everything as it was typed; empty where it was not. */
export interface ListingDraft {
  readonly kind: 'model' | 'dataset' | 'feature'
  readonly title: string
  readonly description: string
  readonly model: string
  readonly week: string
  readonly month: string
  readonly quarter: string
  readonly year: string
  readonly perRequest: string
  readonly perMInput: string
  readonly perMOutput: string
  readonly perSecond: string
  readonly included: string
  readonly access: 'open' | 'subscription'
  readonly sha256: string
  readonly bytes: string
  readonly purchase: string
  readonly licencePrice: string
  readonly licenceDays: string
  readonly seats: string
  readonly redistribution: boolean
  readonly price: string
  readonly days: string
  /** Licences and included units that are not filled in here: a listing that has them keeps them. */
  readonly furtherLicences: NonNullable<TermsView['licences']>
  readonly furtherUnits: Omit<NonNullable<TermsView['included']>, 'requests'>
}

export const EMPTY_DRAFT: ListingDraft = {
  kind: 'model',
  title: '',
  description: '',
  model: '',
  week: '',
  month: '',
  quarter: '',
  year: '',
  perRequest: '',
  perMInput: '',
  perMOutput: '',
  perSecond: '',
  included: '',
  access: 'subscription',
  sha256: '',
  bytes: '',
  purchase: '',
  licencePrice: '',
  licenceDays: '365',
  seats: '5',
  redistribution: false,
  price: '',
  days: '30',
  furtherLicences: [],
  furtherUnits: { inputTokens: 0, outputTokens: 0, milliseconds: 0 },
}

/** A listing as it would be filled in. */
export function draftOf({ kind, title, description, model = '', terms }: ListingView): ListingDraft {
  const { subscription = [], query, included, access = 'open', content, purchase = '', licences = [], price = '', days } = terms
  const [licence, ...furtherLicences] = licences
  const { requests, ...furtherUnits } = included ?? { requests: 0, ...EMPTY_DRAFT.furtherUnits }
  return {
    ...{ ...EMPTY_DRAFT, kind, title, description, model, access, purchase, price, furtherLicences, furtherUnits },
    ...Object.fromEntries(subscription.map((offer) => [offer.period, offer.price])),
    ...query,
    included: requests === 0 ? '' : String(requests),
    ...(content && { sha256: content.sha256, bytes: String(content.bytes) }),
    ...(licence && { licencePrice: licence.price, licenceDays: String(licence.days), seats: String(licence.seats) }),
    redistribution: licence?.redistribution ?? false,
    days: days === undefined ? '' : String(days),
  }
}

/** How an update takes back what was offered; what is not here can be changed, but not taken away. */
const REMOVED: Body = {
  subscription: {},
  included: { requests: 0, inputTokens: 0, outputTokens: 0, milliseconds: 0 },
}

/** The field of the listing that the draft has no longer and that no update takes away; undefined where there is none. */
export function lostIn(listing: ListingView, draft: ListingDraft): string | undefined {
  const [before, after] = [bodyOf(draftOf(listing)), bodyOf(draft)]
  if (before === undefined || after === undefined) return undefined
  return Object.keys(before).find((name) => !(name in after) && !(name in REMOVED))
}

/**
 * The whole fields that differ from the listing, for `listing.update`; undefined while nothing does, something is missing or
 * wrong, or something would be lost.
 */
export function changesOf(listing: ListingView, draft: ListingDraft): Body | undefined {
  const [before, after] = [bodyOf(draftOf(listing)), bodyOf(draft)]
  if (before === undefined || after === undefined || lostIn(listing, draft) !== undefined) return undefined
  const kept = Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]))
  const removed = Object.entries(REMOVED).filter(([name]) => name in before && !(name in after))
  const changed = [...kept, ...removed]
  return changed.length === 0 ? undefined : { listing: listing.listing, ...Object.fromEntries(changed) }
}

export type AmountField = (typeof PERIODS)[number] | (typeof CALL_PRICES)[number] | 'purchase' | 'licencePrice' | 'price'

/** The prices that belong to a kind, with what each is called. */
export function pricesOf({ kind }: ListingDraft): readonly (readonly [AmountField, string])[] {
  const { publish, periods } = strings
  const { subscription } = strings.market.options
  if (kind === 'model') return PERIODS.map((period) => [period, subscription(periods[period] ?? period)] as const)
  if (kind === 'dataset') {
    return [
      ['purchase', publish.purchase],
      ['licencePrice', publish.licencePrice],
    ]
  }
  return [['price', publish.price]]
}

/** The amount that was typed; undefined while it is none. */
export function amountIn(draft: ListingDraft, field: AmountField): string | undefined {
  const typed = draft[field].trim()
  return typed === '' ? undefined : parseTyped(typed)
}

/** What is wrong with an amount, once something is typed. */
export function amountFault(draft: ListingDraft, field: AmountField): string | undefined {
  return draft[field].trim() !== '' && amountIn(draft, field) === undefined ? strings.publish.amount : undefined
}

export function countFault(typed: string): string | undefined {
  return typed.trim() !== '' && countIn(typed) === undefined ? strings.publish.whole : undefined
}

/** The body to sign; undefined while something is missing or wrong. What the rules say about it, the ledger's preview tells. */
export function bodyOf(draft: ListingDraft): Body | undefined {
  const { kind, title, description } = draft
  if (title.trim() === '') return undefined
  const common = { kind, title: title.trim(), description: description.trim() }
  const own = kind === 'model' ? modelBody(draft) : kind === 'dataset' ? datasetBody(draft) : featureBody(draft)
  return own && { ...common, ...own }
}

function modelBody(draft: ListingDraft): Body | undefined {
  const fields: readonly AmountField[] = [...PERIODS, ...CALL_PRICES]
  if (draft.model === '' || fields.some((field) => amountFault(draft, field)) || countFault(draft.included)) return undefined
  const subscription = Object.fromEntries(PERIODS.flatMap((period) => pair(period, amountIn(draft, period))))
  const calls = CALL_PRICES.flatMap((price) => pair(price, amountIn(draft, price)))
  const requests = countIn(draft.included)
  const isSubscribable = Object.keys(subscription).length > 0
  if (!isSubscribable && calls.length === 0) return undefined
  return {
    model: draft.model,
    ...(isSubscribable && { subscription }),
    ...(calls.length > 0 && {
      query: { perRequest: '0', perMInput: '0', perMOutput: '0', perSecond: '0', ...Object.fromEntries(calls) },
    }),
    ...(requests !== undefined && isSubscribable && { included: { ...draft.furtherUnits, requests } }),
    access: isSubscribable ? draft.access : 'open',
  }
}

function datasetBody(draft: ListingDraft): Body | undefined {
  const purchase = amountIn(draft, 'purchase')
  const licencePrice = amountIn(draft, 'licencePrice')
  const [bytes, days, seats] = [countIn(draft.bytes), countIn(draft.licenceDays), countIn(draft.seats)]
  if (
    !DIGEST.test(draft.sha256) ||
    bytes === undefined ||
    (purchase === undefined && licencePrice === undefined && draft.furtherLicences.length === 0)
  )
    return undefined
  if (amountFault(draft, 'purchase') || amountFault(draft, 'licencePrice')) return undefined
  if (licencePrice !== undefined && (days === undefined || seats === undefined)) return undefined
  const { redistribution, furtherLicences } = draft
  const licences = [
    ...(licencePrice === undefined ? [] : [{ price: licencePrice, days, seats, redistribution }]),
    ...furtherLicences,
  ]
  return {
    content: { sha256: draft.sha256, bytes },
    ...(purchase !== undefined && { purchase }),
    ...(licences.length > 0 && { licences }),
  }
}

function featureBody(draft: ListingDraft): Body | undefined {
  const price = amountIn(draft, 'price')
  if (price === undefined || countFault(draft.days)) return undefined
  const days = countIn(draft.days)
  return { price, ...(days !== undefined && { days }), ...(draft.model !== '' && { model: draft.model }) }
}

function pair(name: string, amount: string | undefined): [string, string][] {
  return amount === undefined ? [] : [[name, amount]]
}
