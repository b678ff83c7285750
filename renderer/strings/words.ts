/** Words that stand everywhere: what things are called, what would help, what terms say. */
import type { ListingView, Refused, Role, Standing, TermsView } from '../../core/api/views.ts'
import { formatAmount, formatBytes, formatCount } from '../format.ts'

export const plural = (count: number, one: string, many = `${one}s`) => `${formatCount(count)} ${count === 1 ? one : many}`
export const credits = (amount: string) => `${formatAmount(amount)} ${amount === '1' ? 'credit' : 'credits'}`

/** What would help, beside the ledger's own sentence. */
const advice: Partial<Record<Refused['code'], string>> = {
  exceeds_credits:
    'Top up first: your wallet page has the account id that the operator needs for it. Or choose something smaller.',
  in_debt: 'Whatever reaches the wallet covers the debt first. After a top-up of that much you can spend again.',
  plan_required: 'Choose a plan under Models & listings. Creating models in the playground stays free.',
  no_plan: 'Choose a plan under Models & listings. It is paid for its first period at once.',
  unknown_plan: 'It is not on sale any more, or the offer has expired. Look at the plans again.',
  same_plan: 'Nothing needs to be done: it runs, and renews by itself unless you cancel it.',
  too_many: 'End or remove one of them first.',
  already_deployed: 'Nothing needs to be done: it is deployed, and can be published.',
  unknown_model: 'Look at the list of your models again: it may have been made by another account.',
  unknown_listing: 'Look at the list of your listings again: it may have been made by another account.',
  not_owner: 'Act as the account that it belongs to.',
  exists: 'It was made before. Make it with another content, or use the one there is.',
  withdrawn: 'A listing that was withdrawn stays so. Publish another one with the same terms.',
  unknown_payout: 'Look at the list of your payouts again.',
  not_pending: 'Nothing needs to be done: see in the list what became of it.',
  plan_limit: 'Undeploy a model that you no longer need, or take a plan with more slots.',
  not_deployed: 'Deploy the model under Models & listings, then publish.',
  already_subscribed: 'Nothing needs to be done: it runs, and renews by itself unless you cancel it.',
  already_owned: 'Nothing needs to be done: what you bought for ever stays yours.',
  own_listing: 'Switch to another of your accounts to buy from this one, or have a look at somebody else’s listings.',
  not_for_sale: 'Ask the seller, or look for something like it in the marketplace.',
  terms_changed: 'The seller changed the terms. Close this, read the listing again and decide anew.',
  price_changed: 'The seller changed the price. Close this, read the listing again and decide anew.',
  reference_used: 'If this is another payment, give it the reference that the provider gave to it.',
  expired: 'Close this and ask again: the text is then made anew.',
  too_early: 'Set the clock of this machine, then ask again.',
  frozen: 'Ask the operator why, and to unfreeze the account.',
  malformed: 'Something that was filled in is not of the form the ledger takes. The sentence above says which.',
  unknown_account: 'Check the account id. An account has to be opened before anything can be sent to it.',
  last_key: 'Add another key that may sign everything and does not end, then revoke this one.',
  weak_key: 'Nobody can be sure who would sign with this key. Make another one.',
  key_scope: 'Sign with another key of the account, one that may sign this.',
  below_minimum: 'Ask for more at once, or wait until more is available.',
  exceeds_earnings: 'Ask for no more than what is available; what is in the holding period comes later.',
  limit: 'The ledger keeps the credits outstanding below this bound. Issue less.',
}

const types: Readonly<Record<string, string>> = {
  'ledger.genesis': 'Found the ledger',
  'account.open': 'Open an account',
  'account.profile': 'Change a name',
  'account.freeze': 'Freeze an account',
  'account.unfreeze': 'Unfreeze an account',
  'key.add': 'Add a key',
  'key.revoke': 'Revoke a key',
  'sequencer.rotate': 'Change the key of the log',
  'policy.update': 'Announce a policy',
  'credit.topup': 'Top up',
  'credit.grant': 'Grant credits',
  'credit.return': 'Take credits back',
  'credit.refund': 'Refund a payment',
  'credit.chargeback': 'Charge back',
  'debt.forgive': 'Forgive a debt',
  'earnings.move': 'Move earnings to the wallet',
  'payout.request': 'Request a payout',
  'payout.cancel': 'Call off a payout',
  'payout.settle': 'Settle a payout',
  'payout.fail': 'Give up a payout',
  'revenue.withdraw': 'Withdraw revenue',
  'plan.offer': 'Offer a plan',
  'plan.subscribe': 'Take a plan',
  'plan.change': 'Change the plan',
  'plan.cancel': 'Cancel the plan',
  'plan.renew': 'Renew a plan',
  'model.create': 'Create a model',
  'model.deploy': 'Deploy a model',
  'model.undeploy': 'Undeploy a model',
  'listing.publish': 'Publish a listing',
  'listing.update': 'Change a listing',
  'listing.withdraw': 'Withdraw a listing',
  'subscription.start': 'Subscribe',
  'subscription.cancel': 'Cancel a subscription',
  'subscription.renew': 'Renew a subscription',
  'dataset.purchase': 'Buy a dataset',
  'dataset.license': 'License a dataset',
  'feature.purchase': 'Buy a feature',
  'hold.open': 'Reserve credits for calls',
  'hold.capture': 'Charge a reserved call',
  'hold.release': 'Release a reservation',
  'query.charge': 'Pay for a call',
  'usage.mandate': 'Allow metered use',
  'usage.revoke': 'End a mandate',
  'usage.batch': 'Bill metered use',
  'period.close': 'Close the books',
}

/** What follows from a transaction that its sentence and its postings do not show. */
const consequences: Readonly<Record<string, string>> = {
  'key.add': 'From the next entry on, whoever has the key signs as this account, as far as it may.',
  'key.revoke': 'From the next entry on it signs nothing. It cannot be added again; another key can.',
  'listing.withdraw': 'It cannot be put on sale again. What was bought stays with its buyers.',
  'listing.update': 'Buyers who saw the terms before may take them for seven days more. What was bought stays as it was bought.',
  'model.undeploy': 'Its listings sell nothing until it is deployed again.',
  'plan.cancel':
    'It runs to the end of the time that is paid. Then your models are out of service and their listings sell nothing.',
  'subscription.cancel': 'It runs to the end of the time that is paid, and does not renew.',
  'subscription.start': 'It renews by itself when its time is over, at no more than this price, until you cancel it.',
  'plan.subscribe': 'It renews by itself when its time is over, at no more than this price, until you cancel it.',
  'usage.mandate': 'Each call is charged on its own, and nothing beyond the limit. You can end it on the page Usage.',
  'usage.revoke': 'It ends in 24 hours, so that what was used until now can still be charged.',
  'credit.refund': 'The payer gets it back; the seller and the platform each give back their part.',
  'account.freeze': 'The account signs nothing until it is unfrozen. What is paid to it still arrives.',
}

const books: Readonly<Record<string, string>> = {
  wallet: 'Wallet',
  held: 'Held',
  earnings: 'Earnings',
  payable: 'To be paid out',
  receivable: 'Owed to the platform',
  issued: 'Credits issued',
  promotions: 'Promotions',
  'revenue:fees': 'Platform fees',
  'revenue:plans': 'Plan revenue',
  redeemed: 'Redeemed',
}

const bookNotes: Readonly<Record<string, string>> = {
  issued: 'counter-side of everything sold, so at most zero',
  promotions: 'counter-side of free grants, so at most zero',
  wallet: 'what accounts can spend',
  held: 'reserved by open holds and mandates',
  earnings: 'creators’ take-home, not yet paid out',
  payable: 'payouts asked for, not yet settled',
  'revenue:fees': 'the platform’s share of payments',
  'revenue:plans': 'what creators paid for plans',
  redeemed: 'counter-side of what was paid out',
  receivable: 'what accounts owe after refunds, so at most zero',
}

const periods: Readonly<Record<string, string>> = { week: 'week', month: 'month', quarter: 'quarter', year: 'year' }
const kinds: Readonly<Record<ListingView['kind'], string>> = { model: 'Model', dataset: 'Dataset', feature: 'Feature' }
const standings: Readonly<Record<Standing, string>> = { active: 'active', suspended: 'in grace', lapsed: 'lapsed' }
const roles: Readonly<Record<Role, string>> = { creator: 'Creator', user: 'User', operator: 'Operator' }

/** What a listing's terms say, in sentences. */
function termsInWords(terms: TermsView): string[] {
  const { subscription = [], purchase, licences = [], price, days } = terms
  const until = 'and renews by itself, at no more than that, until it is cancelled'
  const lasting =
    days === undefined ? 'once and lasts for ever' : `for ${plural(days, 'day')}; bought again meanwhile, it is extended`
  return [
    ...subscription.map((offer) => `A subscription costs ${credits(offer.price)} a ${periods[offer.period]}, ${until}.`),
    ...callsInWords(terms),
    ...(purchase === undefined ? [] : [`Bought for ever, it costs ${credits(purchase)} once.`]),
    ...licences.map(licenceInWords),
    ...(price === undefined ? [] : [`It costs ${credits(price)} ${lasting}.`]),
  ]
}

function callsInWords({ query, included, access, content }: TermsView): string[] {
  const said: string[] = []
  if (query !== undefined)
    said.push(`Calls cost ${callPrices(query) || 'nothing'}. Nothing is ever charged beyond what you allowed in advance.`)
  if (included !== undefined && included.requests > 0)
    said.push(`Each period of a subscription includes ${plural(included.requests, 'call')}.`)
  if (access === 'open') said.push('Anybody with credits may call it; a subscription is not needed.')
  if (access === 'subscription') said.push('Only subscribers may call it.')
  if (content !== undefined)
    said.push(`The dataset has ${formatBytes(content.bytes)}. Its digest is part of the terms, so what you get can be checked.`)
  return said
}

function licenceInWords({ price, days, seats, redistribution }: NonNullable<TermsView['licences']>[number]): string {
  const sharing = redistribution ? 'It may be passed on.' : 'It may not be passed on.'
  const what = `A licence for ${plural(days, 'day')} and ${plural(seats, 'seat')} costs ${credits(price)}`
  return `${what}. ${sharing} Licensed again while it runs, it is extended.`
}

function callPrices({ perRequest, perMInput, perMOutput, perSecond }: NonNullable<TermsView['query']>): string {
  const parts = [
    [perRequest, 'a call'],
    [perMInput, 'a million input tokens'],
    [perMOutput, 'a million output tokens'],
    [perSecond, 'a second'],
  ] as const
  return parts
    .filter(([amount]) => amount !== '0')
    .map(([amount, of]) => `${credits(amount)} ${of}`)
    .join(' + ')
}

/** A plan of the platform's by its name; an offer to one account has an id alone. */
const planCalled = (name: string) => (name.startsWith('off_') ? 'Corporate plan' : `Plan ${name}`)

export const words = {
  product: 'NIM Ledger',
  unit: (amount: string) => (amount === '1' ? 'credit' : 'credits'),
  gross: 'Gross',
  fee: 'Platform fee',
  takeHome: 'Take-home',
  copy: 'Copy',
  copied: 'Copied',
  close: 'Close',
  cancel: 'Cancel',
  retry: 'Try again',
  goTo: (page: string) => `Go to ${page}`,
  reason: 'Reason',
  loading: 'Loading',
  more: 'Show more',
  statement: {
    title: 'Statement',
    lead: 'What the account had, every entry that concerned it, and what it has: all of it ties to the microcredit.',
    period: 'Period',
    periods: {
      all: 'From the first entry on',
      'this-month': 'This month',
      'last-month': 'Last month',
      'this-year': 'This year',
      'last-year': 'Last year',
    },
    formats: { pdf: 'As PDF', csv: 'As CSV' },
  },
  sortBy: 'Sort by',
  sortedOf: (rows: number) => `In order among the ${plural(rows, 'row')} shown so far. Show more to order the rest, too.`,
  skip: 'Skip to the page',
  advice,
  types,
  consequences,
  books,
  bookNotes,
  periods,
  kinds,
  standings,
  roles,
  planCalled,
  termsInWords,
  plural,
  credits,
}
