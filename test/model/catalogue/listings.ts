/** Models, listings and the versions of their terms; what sells and what only serves those who paid before. */

import { DAY } from './calendar.ts'
import { type Fields, sellsSomething, type Value } from './form.ts'
import { type Event, first, type History, thing } from './history.ts'
import { limitInForce } from './plans.ts'

/** A charge may name terms that were superseded less than this ago. */
const TERMS_LIFE = 7 * DAY

export function ownerOfModel(past: History, model: Value | undefined): string | undefined {
  return past.maker('model.create', 'mdl', model)?.signer
}

/** The models in service of an account, those deployed first at the front. */
export function deployed(past: History, account: string): string[] {
  const models: string[] = []
  for (const { type, signer, body } of past.history) {
    if (signer !== account) continue
    if (type === 'model.deploy') models.push(body.model as string)
    if (type === 'model.undeploy') models.splice(models.indexOf(body.model as string), 1)
  }
  return models
}

export function listingOf(past: History, listing: Value | undefined): Event | undefined {
  return past.maker('listing.publish', 'lst', listing)
}

export interface Version {
  readonly terms: Fields
  readonly since: number
}

/** The terms of a listing, version 1 first. */
export function versions(past: History, published: Event): Version[] {
  const { body, time } = published
  const all: Version[] = [{ terms: body, since: time }]
  const id = thing('lst', published)
  for (const update of past.all('listing.update', published.signer)) {
    if (update.body.listing === id) all.push({ terms: merged(all.at(-1)!.terms, update.body), since: update.time })
  }
  return all
}

function merged(terms: Fields, { listing: _listing, ...changes }: Fields): Fields {
  return { ...terms, ...(changes as Fields) }
}

export function currentTerms(past: History, listing: Event): Fields {
  return versions(past, listing).at(-1)!.terms
}

/** Terms by their number. */
export function termsOf(past: History, listing: Event, version: number): Fields {
  return versions(past, listing)[version - 1]!.terms
}

export function areInForce(past: History, listing: Event, version: Value | undefined, time: number): boolean {
  const all = versions(past, listing)
  const number = version as number
  if (number === all.length) return true
  return number < all.length && time < all[number]!.since + TERMS_LIFE
}

/** The terms that a body names, or the current ones where those are not in force. */
export function termsNamed(past: History, listing: Event, version: Value | undefined, time: number): Fields {
  const isInForce = areInForce(past, listing, version, time)
  return isInForce ? termsOf(past, listing, version as number) : currentTerms(past, listing)
}

export function isWithdrawn(past: History, listing: Event): boolean {
  const id = thing('lst', listing)
  return past.last('listing.withdraw', ({ body }) => body.listing === id) !== undefined
}

/** Whether anybody can be served at all: the creator is not frozen, the model is deployed. Listings of other kinds need none. */
export function isInService(past: History, { body, signer }: Event): boolean {
  if (past.isFrozen(signer)) return false
  return body.kind !== 'model' || deployed(past, signer).includes(body.model as string)
}

/** Whether the listing sells: not withdrawn, and its model's rank is within the limit in force. */
export function isOpen(past: History, listing: Event, time: number): boolean {
  if (isWithdrawn(past, listing) || !isInService(past, listing)) return false
  const { body, signer } = listing
  return body.kind !== 'model' || deployed(past, signer).indexOf(body.model as string) < limitInForce(past, signer, time)
}

export function access(terms: Fields): string {
  const isSubscribable = Object.keys((terms.subscription as Fields | undefined) ?? {}).length > 0
  return (terms.access as string | undefined) ?? (isSubscribable ? 'subscription' : 'open')
}

/** The price of what the body asks for, as it stands in the terms; undefined where they have none. */
export function priceIn(terms: Fields, what: string, body: Fields): Value | undefined {
  if (what === 'subscription') return (terms.subscription as Fields | undefined)?.[body.period as string]
  if (what === 'licences') return (terms.licences as readonly Fields[] | undefined)?.[body.licence as number]?.price
  return terms[what]
}

export function modelCode(past: History, type: string, signer: string, body: Fields, time: number): string | undefined {
  const model = body.model as string | undefined
  const isListing = type === 'listing.publish'
  const models = deployed(past, signer)
  const isDeployed = () => models.includes(model!)
  const unknown = first(['unknown_model', () => model !== undefined && ownerOfModel(past, model) === undefined])
  // Of a listing's checks, the last three are for models alone.
  if (unknown !== undefined || (isListing && body.kind !== 'model')) return unknown
  return first(
    ['not_owner', () => ownerOfModel(past, model) !== signer],
    ['already_deployed', () => type === 'model.deploy' && isDeployed()],
    ['not_deployed', () => type !== 'model.deploy' && !isDeployed()],
    ['plan_required', () => type !== 'model.undeploy' && limitInForce(past, signer, time) === 0],
    ['plan_limit', () => type === 'model.deploy' && models.length >= limitInForce(past, signer, time)],
  )
}

const FIELDS_OF: Readonly<Record<string, readonly string[]>> = {
  model: ['subscription', 'query', 'included', 'access'],
  dataset: ['content', 'purchase', 'licences'],
  feature: ['price', 'days'],
}

export function updateCode(past: History, signer: string, body: Fields): string | undefined {
  const listing = listingOf(past, body.listing)
  const isOfKind = (field: string) =>
    ['listing', 'title', 'description', ...FIELDS_OF[listing!.body.kind as string]!].includes(field)
  return first(
    ['unknown_listing', () => listing === undefined],
    ['not_owner', () => listing!.signer !== signer],
    ['withdrawn', () => isWithdrawn(past, listing!)],
    ['malformed', () => !Object.keys(body).every(isOfKind) || !sellsSomething(merged(currentTerms(past, listing!), body))],
  )
}

export function withdrawCode(past: History, signer: string, body: Fields): string | undefined {
  const listing = listingOf(past, body.listing)
  const isTakedown = signer === past.operator && 'reason' in body
  return first(
    ['unknown_listing', () => listing === undefined],
    ['not_owner', () => listing!.signer !== signer && !isTakedown],
    ['withdrawn', () => isWithdrawn(past, listing!)],
  )
}
