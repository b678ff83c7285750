import { z } from 'zod'
import { type Context, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { faultOf, termsFields, withTerms } from '../listing-terms.ts'
import { listingOf, listingOwned, listingRow, notWithdrawn, unknownListing } from '../sales.ts'
import { type Terms, terms } from '../state.ts'

const body = z.strictObject({
  listing: field.thing('lst'),
  ...z
    .strictObject({
      title: field.title,
      description: field.description,
      ...termsFields.model,
      ...termsFields.dataset,
      ...termsFields.feature,
    })
    .partial().shape,
})
type Body = z.output<typeof body>

function changedFields({ listing: _listing, ...changes }: Body): string[] {
  return Object.keys(changes)
}

/** The terms as they stand now, and the row of the version that follows. */
function versionRows(context: Context<Body>) {
  const { listing } = context.body
  const { version } = listingOf(context)
  return { current: terms.at(listing, version), next: terms.at(listing, version + 1) }
}

function newTerms(context: Context<Body>): Terms {
  return withTerms(context.need(versionRows(context).current), context.body)
}

/** What the changes have that does not fit the listing, which only the listing tells. */
function fault(context: Context<Body>): string | undefined {
  const { kind } = listingOf(context)
  const known = ['title', 'description', ...Object.keys(termsFields[kind])]
  const foreign = changedFields(context.body).find((name) => !known.includes(name))
  if (foreign !== undefined) return `body.${foreign} is no field of a listing of kind ${kind}`
  return faultOf(kind, newTerms(context))
}

/**
 * Changes what a listing says and sells, as version + 1 of its terms. The version before may still be named for seven days; what
 * was bought at it stays as it was bought.
 */
export const listingUpdate = defineTransaction<Body>({
  type: 'listing.update',
  signer: 'account',
  body,
  malformed: ({ body }) => (changedFields(body).length > 0 ? undefined : 'body changes nothing'),
  reads: [
    (context) => [listingRow(context)],
    (context) => {
      if (unknownListing<Body>().test(context) !== undefined) return []
      const { current, next } = versionRows(context)
      return [current, next]
    },
  ],
  checks: [
    unknownListing(),
    listingOwned(({ signer }, { account }) => signer === account),
    notWithdrawn(),
    check('malformed', (context) => {
      const reason = fault(context)
      return reason === undefined ? undefined : { reason }
    }),
  ],
  apply: (effects) => {
    const { body, time } = effects
    const listing = listingOf(effects)
    const { current, next } = versionRows(effects)
    const { title = listing.title, description = listing.description } = body
    effects.put(next, newTerms(effects))
    effects.put(current, { ...effects.need(current), supersededAt: time })
    effects.put(listingRow(effects), { ...listing, title, description, version: listing.version + 1 })
  },
  describe: (body) => `Changes the ${changedFields(body).join(', ')} of the listing ${body.listing}`,
})
