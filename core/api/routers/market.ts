/** The marketplace: what is for sale, and what a buyer has of it already. */

import { z } from 'zod'
import { wholeSeconds } from '../../domain/time.ts'
import { findHoldings, findListing, findListings } from '../../ledger/catalogue.ts'
import { missing } from '../failures.ts'
import type { Sight } from '../host.ts'
import * as input from '../inputs.ts'
import { entitlementView, mandateView, offerView, subscriptionView } from '../present.ts'
import { may, router } from '../procedure.ts'
import type { ListingDetail, ListingPage } from '../views.ts'

const searchForm = z.strictObject({
  text: input.text.optional(),
  kind: input.kind.optional(),
  seller: input.account.optional(),
  maxPrice: input.amount.optional(),
  after: input.after,
  limit: input.limit,
})

const listingForm = z.strictObject({ listing: input.listing, viewer: input.account.optional() })

export const market = router({
  search: may('read')
    .input(searchForm.prefault({}))
    .query(
      ({ ctx, input }): Promise<ListingPage> =>
        ctx.host.reading(async (sight) => {
          const { store, time } = sight
          const { maxPrice, ...filter } = input
          const wanted = { ...filter, mostMicros: maxPrice, isOpen: true }
          const { items, next } = await findListings(sight, wholeSeconds(time), wanted)
          return { size: await store.size(), listings: items.map(offerView), ...(next !== undefined && { next }) }
        }),
    ),
  listing: may('read')
    .input(listingForm)
    .query(({ ctx, input }): Promise<ListingDetail> => ctx.host.reading((sight) => listingDetail(sight, input))),
})

async function listingDetail({ store, time }: Sight, { listing, viewer }: z.output<typeof listingForm>): Promise<ListingDetail> {
  const now = wholeSeconds(time)
  const offer = await findListing(store, listing, now)
  if (offer === undefined) throw missing(`There is no listing ${listing}.`)
  const shown = { ...offerView(offer), size: await store.size() }
  if (viewer === undefined) return shown
  const { subscriptions, entitlements, mandates } = await findHoldings(store, viewer, now, listing)
  const views = entitlements.map((one) => entitlementView(one, now))
  const subscription = subscriptions[0] && subscriptionView(subscriptions[0], '')
  const purchase = views.find(({ kind }) => kind === 'purchase')
  const feature = views.find(({ kind }) => kind === 'feature')
  const mandate = mandates[0] && mandateView(mandates[0], now)
  return {
    ...shown,
    owned: {
      ...(subscription && { subscription }),
      ...(purchase && { purchase }),
      licences: views.filter(({ kind }) => kind === 'licence'),
      ...(feature && { feature }),
      ...(mandate && { mandate }),
    },
  }
}
