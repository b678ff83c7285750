/**
 * A refusal is a value: the ledger answers it, remembers it, and never writes it into the log. Each code has one sentence for
 * people that also says, where it can, what would make the transaction succeed; `data` carries the same as figures for programs.
 */

import { plural } from '../base/plural.ts'
import type { Json } from './canonical.ts'

export type RefusalData = { readonly [field: string]: Json }

export interface Refusal {
  readonly status: 'refused'
  readonly code: Code
  readonly message: string
  readonly data: RefusalData
}

/** How many of something, by a figure. */
const many = (figure: Json | undefined, one: string, several?: string) => plural(String(figure), one, several)
const credits = (amount: Json | undefined) => many(amount, 'credit')
const are = (amount: Json | undefined) => many(amount, 'is', 'are')
const listed = (names: Json | undefined) => [names].flat().join(', ') || 'nothing'

const sentences = {
  malformed: (d) => `This is not well-formed: ${d.reason}.`,
  wrong_ledger: (d) => `The note is for the ledger ${d.named}; this one is ${d.ledger}.`,
  unknown_account: (d) => `There is no account ${d.account} on this ledger.`,
  bad_signature: (d) => `The signature in the name of ${d.account} does not verify with key ${d.key}.`,
  stale: () => 'The note was made before this ledger was restored; sign it again.',
  too_early: (d) =>
    `The note is dated ${d.made}, more than five minutes ahead of the ledger's time ${d.time}; check the clock and sign again.`,
  too_far: (d) => `The note would stay valid until ${d.validUntil}, more than 30 days after it was made (${d.made}).`,
  expired: (d) => `The note was valid until ${d.validUntil}; the ledger's time is ${d.time}. Sign it again.`,
  key_scope: (d) => `The ${d.key ? `key ${d.key}` : `account ${d.account}`} may not sign ${d.type}, which needs ${d.needs}.`,
  frozen: (d) => `The account ${d.account} is frozen and signs nothing until the operator unfreezes it.`,
  in_debt: (d) => `The account ${d.account} owes ${credits(d.owes)}; top up to cover them before spending.`,
  already_founded: () => 'The ledger is founded already; its genesis is entry 0.',
  weak_key: () => 'The public key is weak (of small order, not on the curve, or with a torsion part); make a new one.',
  exists: (d) => `${d.thing} exists already.`,
  reference_used: (d) =>
    `The reference ${d.reference} of ${d.provider ?? d.listing} was used by entry ${d.entry}; nothing is paid or credited twice.`,
  limit: (d) => `It is over a limit: ${d.because}.`,
  unknown_plan: (d) => `There is no plan or offer ${d.plan} to be taken now; on sale: ${listed(d.plans)}.`,
  price_changed: (d) =>
    `The price is ${credits(d.price)}, and ${many(d.named, 'was', 'were')} signed; look again and sign the current price.`,
  already_subscribed: (d) => `${d.what} runs until ${d.until} already.`,
  exceeds_credits: (d) =>
    `It takes ${credits(d.needed)} and ${are(d.spendable)} spendable: ${many(d.missing, 'more is', 'more are')} needed.`,
  unknown_model: (d) => `There is no model ${d.model}.`,
  not_owner: (d) => `${d.thing} belongs to another account.`,
  already_deployed: (d) => `The model ${d.model} is deployed already.`,
  not_deployed: (d) => `The model ${d.model} is not deployed; deploy it first.`,
  plan_required: () => 'Deploying and listing models needs an active plan; training in the playground stays free.',
  plan_limit: (d) => `The plan ${d.plan} has room for ${many(d.limit, 'deployed model')} and no more: undeploy one first.`,
  unknown_listing: (d) => `There is no listing ${d.listing}.`,
  not_for_sale: (d) => `The listing ${d.listing} does not sell this: ${d.because}.`,
  own_listing: (d) => `The listing ${d.listing} is your own.`,
  terms_changed: (d) => `The terms of ${d.listing} are now version ${d.terms}, not ${d.named}; look again and sign those.`,
  already_owned: (d) => `${d.listing} was bought for ever in entry ${d.entry}.`,
  bad_expiry: (d) =>
    `The end ${d.expires} must be after the ledger's time ${d.time}${d.latest ? `, and not after ${d.latest}` : ''}.`,
  too_many: (d) => `There are ${d.limit} ${d.what} already, the most there can be.`,
  stream_gap: (d) => `The next line of stream ${d.stream} is number ${d.expected}; this batch begins at ${d.first}.`,
  duplicate_lines: (d) => `Every line up to number ${d.last} of stream ${d.stream} was taken already; nothing here is new.`,
  no_mandate: (d) => `Nothing that was signed allows this: ${d.because}.`,
  subscription_required: (d) => `${d.listing} is for subscribers, and ${d.payer} has no active subscription.`,
  exceeds_budget: (d) =>
    `It takes ${credits(d.needed)}, and the key ${d.key} has ${d.left} left to spend this ${d.per}; sign with another key.`,
  exceeds_mandate: (d) => `It would take ${d.payer} over the mandate's limit for ${d.listing}.`,
  already_frozen: (d) => `The account ${d.account} is frozen already.`,
  not_frozen: (d) => `The account ${d.account} is not frozen.`,
  unknown_key: (d) => `The account ${d.account} has no key ${d.key} that could be revoked.`,
  last_key: (d) => `The key ${d.key} is the last one that may sign everything and does not expire; add another such key first.`,
  too_soon: (d) => `It is too soon: ${d.because}.`,
  unknown_entry: (d) => `Entry ${d.entry} is no ${d.what} of this ledger.`,
  not_refundable: (d) => `There is nothing to refund: ${d.because}.`,
  over_refund: (d) => `Of the ${credits(d.amount)} of entry ${d.entry}, ${are(d.left)} left to give back, not ${d.named}.`,
  exceeds_debt: (d) => `The account ${d.account} owes ${credits(d.owes)}, less than the ${d.named} to be forgiven.`,
  below_minimum: (d) => `A payout is of ${credits(d.minimum)} at least, not of ${d.named}.`,
  exceeds_earnings: (d) =>
    `It takes ${credits(d.needed)} of earnings and ${are(d.available)} available: ${are(d.missing)} missing.`,
  unknown_payout: (d) => `There is no payout ${d.payout}.`,
  not_pending: (d) => `The payout ${d.payout} is ${d.status} already.`,
  exceeds_revenue: (d) => `It takes ${credits(d.needed)} of revenue and ${are(d.available)} old enough to be withdrawn.`,
  no_plan: (d) => `The account ${d.account} has no plan that runs; take one with plan.subscribe.`,
  same_plan: (d) => `The plan is ${d.plan} already, at that price, and renews; there is nothing to change.`,
  not_due: (d) => `The next period can be paid from ${d.from} on.`,
  cancelled: (d) => `${d.what} was cancelled and does not renew.`,
  lapsed: (d) => `${d.what} lapsed at ${d.lapsed}; only a new start helps.`,
  withdrawn: (d) => `The listing ${d.listing} was withdrawn.`,
  unknown_subscription: (d) => `There is no subscription ${d.subscription}.`,
  already_cancelled: (d) => `The subscription ${d.subscription} was cancelled or has lapsed already.`,
  unknown_hold: (d) => `There is no hold ${d.hold}.`,
  not_open: (d) => `The hold ${d.hold} is not open: ${d.because}.`,
  expired_hold: (d) => `The hold ${d.hold} expired at ${d.expiresAt}: its credits are its payer's again.`,
  unknown_mandate: (d) => `You have signed no mandate ${d.mandate}.`,
  already_ended: (d) => `The mandate ${d.mandate} has ended already, or was revoked.`,
  stale_size: (d) => `The closing is of ${many(d.named, 'entry', 'entries')}, and the log has ${d.size}.`,
  wrong_state: (d) => `The closing differs from the ledger's state in ${d.what}.`,
} satisfies Record<string, (data: RefusalData) => string>

export type Code = keyof typeof sentences

export const CODES = Object.keys(sentences) as readonly Code[]

export function refuse(code: Code, data: RefusalData = {}): Refusal {
  return { status: 'refused', code, message: (sentences[code] as (data: RefusalData) => string)(data), data }
}

/** The codes that every transaction can meet, in the order in which they are tested, before its type's own. */
export const COMMON_CODES = [
  'malformed',
  'wrong_ledger',
  'unknown_account',
  'bad_signature',
  'stale',
  'too_early',
  'too_far',
  'expired',
  'key_scope',
  'frozen',
  'in_debt',
] as const satisfies readonly Code[]
