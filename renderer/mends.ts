/** Where somebody who was refused goes to mend it, beside the advice in words. */
import type { Refused } from '../core/api/views.ts'
import { href } from './route.ts'
import { strings } from './strings.ts'

interface Mend {
  readonly label: string
  readonly to: string
}

type Mender = (data: Refused['data']) => Mend | undefined

function page(name: 'models' | 'wallet' | 'earnings' | 'market'): Mender {
  return () => ({ label: strings.goTo(strings[name].title), to: href(name) })
}

const credits: Mender = () => ({ label: strings.wallet.getCredits, to: href('wallet', 'topup') })
const plan: Mender = () => ({ label: strings.mends.plan, to: href('models', 'plan') })
const models = page('models')
const wallet = page('wallet')
const earnings = page('earnings')
const market = page('market')
const keys: Mender = () => ({ label: strings.mends.key, to: href('keys', 'add') })
const newListing: Mender = () => ({ label: strings.models.newListing, to: href('models', 'publish') })
const listing: Mender = ({ listing: id }) =>
  typeof id === 'string' ? { label: strings.mends.listing, to: href('market', id) } : undefined
const entry: Mender = ({ entry: index }) =>
  typeof index === 'number' ? { label: strings.sign.seeEntry(index), to: href('log', index) } : undefined

const MENDS: Partial<Record<Refused['code'], Mender>> = {
  exceeds_credits: credits,
  in_debt: credits,
  plan_required: plan,
  plan_limit: plan,
  no_plan: plan,
  unknown_plan: plan,
  not_deployed: models,
  already_deployed: models,
  withdrawn: newListing,
  already_subscribed: wallet,
  already_cancelled: wallet,
  already_owned: entry,
  own_listing: market,
  not_for_sale: market,
  terms_changed: listing,
  price_changed: listing,
  exceeds_earnings: earnings,
  below_minimum: earnings,
  reference_used: entry,
  over_refund: entry,
  last_key: keys,
  key_scope: keys,
}

/** Undefined where nobody but somebody else can mend it, or the advice says all there is to do. */
export function mendOf({ code, data }: Pick<Refused, 'code' | 'data'>): Mend | undefined {
  return MENDS[code]?.(data)
}
