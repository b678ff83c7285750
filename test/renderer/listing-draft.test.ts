/** A listing filled in again: what differs is signed, what is not filled in stays, and what would be lost is refused. */

import { expect, test } from 'vitest'
import type { ListingView } from '../../core/api/views.ts'
import { bodyOf, changesOf, draftOf, lostIn } from '../../renderer/screens/creator/listing-draft.ts'

const listing: ListingView = {
  ...{
    listing: `lst_${'0'.repeat(32)}`,
    account: 'nim1',
    seller: 'Ada',
    kind: 'model',
    title: 'Law 7B',
    description: 'Answers.',
  },
  ...{ model: `mdl_${'0'.repeat(32)}`, version: 1, isWithdrawn: false },
  terms: {
    subscription: [
      { period: 'week', price: '3' },
      { period: 'month', price: '10' },
    ],
    query: { perRequest: '0.0001', perMInput: '0.5', perMOutput: '1.5', perSecond: '0' },
    included: { requests: 2, inputTokens: 7, outputTokens: 0, milliseconds: 0 },
    access: 'open',
  },
}
const further = { price: '90', days: 365, seats: 100, redistribution: true }
const dataset: ListingView = {
  ...listing,
  kind: 'dataset',
  terms: {
    content: { sha256: 'b'.repeat(64), bytes: 48 },
    purchase: '25',
    licences: [{ price: '9', days: 365, seats: 5, redistribution: false }, further],
  },
}

test('nothing differs at first', () => {
  for (const one of [listing, dataset]) {
    expect(bodyOf(draftOf(one))).toBeDefined()
    expect(changesOf(one, draftOf(one))).toBeUndefined()
  }
})

test('whole fields that differ, with the units and licences that the form does not show', () => {
  const id = { listing: listing.listing }
  expect(changesOf(listing, { ...draftOf(listing), title: 'Law 8B' })).toEqual({ ...id, title: 'Law 8B' })
  expect(changesOf(listing, { ...draftOf(listing), week: '', month: '11' })).toEqual({ ...id, subscription: { month: '11' } })
  const included = { requests: 9, inputTokens: 7, outputTokens: 0, milliseconds: 0 }
  expect(changesOf(listing, { ...draftOf(listing), included: '9' })).toEqual({ ...id, included })
  const licences = [{ price: '8', days: 365, seats: 5, redistribution: false }, further]
  expect(changesOf(dataset, { ...draftOf(dataset), licencePrice: '8' })).toEqual({ ...id, licences })
})

test('subscription prices are taken away, one or all; so are included units, and a licence of several', () => {
  const id = { listing: listing.listing }
  const none = { requests: 0, inputTokens: 0, outputTokens: 0, milliseconds: 0 }
  expect(changesOf(listing, { ...draftOf(listing), included: '' })).toEqual({ ...id, included: none })
  const unsubscribed = { ...draftOf(listing), week: '', month: '' }
  expect(changesOf(listing, unsubscribed)).toEqual({ ...id, subscription: {}, included: none })
  expect(lostIn(listing, unsubscribed)).toBeUndefined()
  expect(changesOf(dataset, { ...draftOf(dataset), licencePrice: '' })).toEqual({ ...id, licences: [further] })
})

test('prices of calls and a price to own cannot be taken away, and nothing is signed that leaves them as they were', () => {
  const uncalled = { ...draftOf(listing), perRequest: '', perMInput: '', perMOutput: '', perSecond: '' }
  expect([lostIn(listing, uncalled), changesOf(listing, uncalled)]).toEqual(['query', undefined])
  const unowned = { ...draftOf(dataset), purchase: '' }
  expect([lostIn(dataset, unowned), changesOf(dataset, { ...unowned, title: 'Another' })]).toEqual(['purchase', undefined])
  expect(changesOf(dataset, { ...draftOf(dataset), purchase: 'x' })).toBeUndefined()
})
