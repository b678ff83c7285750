/** The ways in which a listing can be bought, each as the transaction that buys it. */
import type { ListingView } from '../../../core/api/views.ts'
import { addDays } from '../../format.ts'
import type { Body } from '../../sign.tsx'
import { strings } from '../../strings.ts'

export interface Offer {
  readonly key: string
  readonly title: string
  readonly note: string
  readonly type: string
  readonly price?: string
  /** Of a mandate: with the limit that the buyer chose. */
  readonly body: (limit: string) => Body
}

const MANDATE_DAYS = 365

export function offersOf({ listing, version, terms }: ListingView, now: string): Offer[] {
  const { options: t } = strings.market
  const named = { listing, terms: version }
  const offers: Offer[] = (terms.subscription ?? []).map(({ period, price }) => ({
    key: `subscription ${period}`,
    title: t.subscription(strings.periods[period] ?? period),
    note: t.subscriptionNote,
    type: 'subscription.start',
    price,
    body: () => ({ ...named, period, price }),
  }))
  const { purchase, licences = [], price, days, query } = terms
  if (purchase !== undefined) {
    const body = () => ({ ...named, price: purchase })
    offers.push({ key: 'purchase', title: t.purchase, note: t.purchaseNote, type: 'dataset.purchase', price: purchase, body })
  }
  licences.forEach((licence, at) => {
    const { price: ofLicence, days: ofDays, seats, redistribution } = licence
    const body = () => ({ ...named, licence: at, price: ofLicence })
    const title = t.licence(ofDays, seats)
    offers.push({
      key: `licence ${at}`,
      title,
      note: t.licenceNote(redistribution),
      type: 'dataset.license',
      price: ofLicence,
      body,
    })
  })
  if (price !== undefined) {
    const body = () => ({ ...named, price })
    offers.push({ key: 'feature', title: t.feature(days), note: t.featureNote, type: 'feature.purchase', price, body })
  }
  if (query !== undefined) {
    const body = (limit: string) => ({
      ...named,
      limit: { amount: limit, per: 'month' },
      reserve: '0',
      expires: addDays(now, MANDATE_DAYS),
    })
    offers.push({ key: 'mandate', title: t.mandate, note: t.mandateNote, type: 'usage.mandate', body })
  }
  return offers
}
