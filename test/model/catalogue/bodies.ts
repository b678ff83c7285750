/** The body of every type, written down from the catalogue's section 4. */

import * as form from './form.ts'
import { amount, amountOrZero, count, type Fields, type Form, fields, positive, type Value } from './form.ts'

const { account, flag, hex32, listOf, matching, oneOf, period, provider, text, thing, time, total } = form

const name = text(64)
const title = text(120)
const described = text(2000)
const description: Form = (value) => value === '' || described(value)
const reference = text(128)
const reason = text(128)

const usage = fields({ requests: count, inputTokens: count, outputTokens: count, milliseconds: count })
const models: Form = (value) => positive(value) && (value as number) <= 1000
const plan = fields({ plan: provider, modelLimit: models, price: amount, period })
const plans: Form = (value) => listOf(plan, 16, 0)(value) && form.distinct((value as readonly Fields[]).map((one) => one.plan!))
const policy = (days: Form) => ({ minimumPayout: amountOrZero, earningsHoldDays: days, graceDays: days, creditNote: text(120) })
const upTo =
  (most: number): Form =>
  (value) =>
    count(value) && (value as number) <= most

const line: Form = (value) =>
  Array.isArray(value) &&
  (value.length === 6 || value.length === 7) &&
  value.slice(0, 6).every(count) &&
  (value.length === 6 || reference(value[6]))

const modelTerms = {
  subscription: fields({}, { week: amount, month: amount, quarter: amount, year: amount }),
  query: fields({ perRequest: amountOrZero, perMInput: amountOrZero, perMOutput: amountOrZero, perSecond: amountOrZero }),
  included: usage,
  access: oneOf('subscription', 'open'),
}
const days: Form = (value) => positive(value) && (value as number) <= 36_500
const content = fields({ sha256: hex32, bytes: count })
const datasetTerms = {
  purchase: amount,
  licences: listOf(fields({ price: amount, days, seats: positive, redistribution: flag }), 16),
}

const listingKinds: Record<string, Form> = {
  model: fields({ kind: oneOf('model'), title, description, model: thing('mdl') }, modelTerms),
  dataset: fields({ kind: oneOf('dataset'), title, description, content }, datasetTerms),
  feature: fields({ kind: oneOf('feature'), title, description, price: amount }, { days, model: thing('mdl') }),
}

const updatable = { title, description, ...modelTerms, content, ...datasetTerms, price: amount, days }

const takenPlan: Form = (value) =>
  fields({ plan: name, price: amount })(value) || fields({ offer: thing('off'), price: amount })(value)
const reasoned = fields({ account, reason })
const sale = { listing: thing('lst'), terms: positive }
const outside = { provider, reference }

const SCOPES = ['all', 'spend', 'meter', 'issue', 'schedule']
const addedKey: Form = (value) => {
  const required = { publicKey: hex32, scopes: listOf(oneOf(...SCOPES), 5), label: name }
  const budget = fields({ amount, per: oneOf('day', 'month') })
  const optional = { budget, listings: listOf(thing('lst'), 100), expires: time }
  if (!fields(required, optional)(value)) return false
  const { scopes, ...rest } = value as Fields
  const isSpender = form.distinct(scopes!) && (scopes as string[]).includes('spend') && !(scopes as string[]).includes('all')
  const areDistinct = form.distinct(scopes!) && form.distinct(rest.listings ?? [])
  return areDistinct && (isSpender || !('budget' in rest || 'listings' in rest))
}

const policyUpdate: Form = (value) => {
  const changes = { feeBps: count, plans, policy: fields({}, policy(count)) }
  const { effectiveFrom: _from, policy: part = {}, ...others } = value as Fields
  const changed = [...Object.keys(others), ...Object.keys(part)]
  return fields({ effectiveFrom: time }, changes)(value) && changed.length > 0
}

const listingUpdate: Form = (value) => fields({ listing: thing('lst') }, updatable)(value) && Object.keys(value).length > 1

const books = ['issued', 'promotions', 'wallet', 'held', 'earnings', 'payable', 'revenue:fees', 'revenue:plans']

export const bodies: Readonly<Record<string, Form>> = {
  'ledger.genesis': fields({
    origin: matching(/^[a-z0-9.-]+(\/[a-z0-9._-]+)*$/),
    name,
    operatorKey: hex32,
    sequencerKey: hex32,
    clock: oneOf('system', 'manual'),
    feeBps: upTo(1500),
    plans,
    policy: fields(policy(upTo(90))),
  }),
  'account.open': fields({ publicKey: hex32, name }),
  'account.profile': fields({ name }),
  'account.freeze': reasoned,
  'account.unfreeze': reasoned,
  'key.add': addedKey,
  'key.revoke': fields({ key: matching(/^[0-9a-f]{8}$/), reason }),
  'sequencer.rotate': fields({ sequencerKey: hex32 }),
  'policy.update': policyUpdate,
  'credit.topup': fields({ account, amount, ...outside }),
  'credit.grant': fields({ account, amount, expiresAt: time, reason, ...outside }),
  'credit.return': fields({ entry: count, amount, ...outside }),
  'credit.refund': fields({ entry: count, amount, reason }, { line: count }),
  'credit.chargeback': fields({ entry: count, amount, ...outside }),
  'debt.forgive': fields({ account, amount, reason }),
  'earnings.move': fields({ amount }),
  'payout.request': fields({ amount, destination: reference }),
  'payout.cancel': fields({ payout: thing('pay') }),
  'payout.settle': fields({ payout: thing('pay'), ...outside }),
  'payout.fail': fields({ payout: thing('pay'), reason }),
  'revenue.withdraw': fields({ book: oneOf('fees', 'plans'), amount, ...outside }),
  'plan.offer': fields({ account, modelLimit: models, price: amount, period, expires: time }),
  'plan.subscribe': takenPlan,
  'plan.change': takenPlan,
  'plan.cancel': fields({}),
  'plan.renew': fields({ account }),
  'model.create': fields({ name, base: name, artifact: hex32, description }),
  'model.deploy': fields({ model: thing('mdl') }),
  'model.undeploy': fields({ model: thing('mdl') }),
  'listing.publish': (value) =>
    listingKinds[(value as Fields).kind as string]?.(value) === true && form.sellsSomething(value as Fields),
  'listing.update': listingUpdate,
  'listing.withdraw': fields({ listing: thing('lst') }, { reason }),
  'subscription.start': fields({ ...sale, period, price: amount }),
  'subscription.cancel': fields({ subscription: thing('sub') }),
  'subscription.renew': fields({ subscription: thing('sub') }),
  'dataset.purchase': fields({ ...sale, price: amount }),
  'dataset.license': fields({ ...sale, licence: count, price: amount }),
  'feature.purchase': fields({ ...sale, price: amount }),
  'hold.open': fields({ ...sale, amount, expiresAt: time }),
  'hold.capture': fields({ hold: thing('hld'), usage, reference }),
  'hold.release': fields({ hold: thing('hld') }),
  'query.charge': fields({ ...sale, usage, reference }),
  'usage.mandate': fields({
    ...sale,
    limit: fields({ amount, per: oneOf('day', 'month') }),
    reserve: amountOrZero,
    expires: time,
  }),
  'usage.revoke': fields({ mandate: thing('man') }),
  'usage.batch': (value) =>
    fields({
      listing: thing('lst'),
      stream: reference,
      first: positive,
      start: time,
      payers: listOf(account, 100),
      lines: listOf(line, 1000),
    })(value) && namesItsPayers(value as Fields),
  'period.close': fields({
    end: time,
    size: count,
    accounts: positive,
    stateRoot: hex32,
    totals: fields(Object.fromEntries([...books, 'redeemed', 'receivable'].map((book) => [book, total]))),
  }),
}

export const TYPES = Object.keys(bodies)

function namesItsPayers({ payers, lines }: Fields): boolean {
  const most = (payers as readonly Value[]).length
  return form.distinct(payers!) && (lines as readonly (readonly number[])[]).every(([payer]) => payer! < most)
}
