import { z } from 'zod'
import { defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { listingOf, listingOwned, listingRow, notWithdrawn, unknownListing } from '../sales.ts'
import { accounts, listings, platform } from '../state.ts'

const body = z.strictObject({ listing: field.thing('lst'), reason: field.reason.optional() })
type Body = z.output<typeof body>

/** Ends the sale of a listing for ever: its creator may, and the operator for a reason. What was bought stays. */
export const listingWithdraw = defineTransaction<Body>({
  type: 'listing.withdraw',
  signer: 'account',
  body,
  reads: [
    (context) => [listingRow(context)],
    // The creator, whom a takedown touches too.
    (context) => {
      const listing = context.get(listings.at(context.body.listing))
      return listing === undefined ? [] : [accounts.at(listing.account)]
    },
  ],
  checks: [
    unknownListing(),
    listingOwned((context, { account }) => {
      const { signer, body } = context
      const isTakedown = signer === context.need(platform).operator && body.reason !== undefined
      return signer === account || isTakedown
    }),
    notWithdrawn(),
  ],
  apply: (effects) => effects.put(listings.at(effects.body.listing), { ...listingOf(effects), withdrawn: true }),
  describe: ({ listing, reason }) => `Withdraws the listing ${listing} from sale${reason === undefined ? '' : `: ${reason}`}`,
})
