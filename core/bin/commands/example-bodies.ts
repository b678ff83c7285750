/**
 * A body of each transaction type, or one of each of its kinds, to begin from: the same as in docs/transactions.md, with
 * placeholders for ids and keys. What is never written by hand has none.
 */

import type { Json } from '../../domain/canonical.ts'

const END = '2027-01-01T00:00:00Z'
const reasoned = { account: 'nim1…', reason: '…' }
const payment = { entry: 17, amount: '40', provider: 'stripe', reference: 're_1' }
const plan = [
  { plan: 'starter', price: '19' },
  { offer: 'off_…', price: '199' },
]
const purchase = { listing: 'lst_…', terms: 1, price: '25' }
const call = { usage: { requests: 1, inputTokens: 374, outputTokens: 44, milliseconds: 0 }, reference: 'req-1' }

const MODEL = {
  kind: 'model',
  title: 'Law 7B',
  description: '…',
  model: 'mdl_…',
  subscription: { week: '3', month: '10' },
  query: { perRequest: '0.0001', perMInput: '0.5', perMOutput: '1.5', perSecond: '0' },
  included: { requests: 100, inputTokens: 0, outputTokens: 0, milliseconds: 0 },
  access: 'subscription',
}
const DATASET = {
  kind: 'dataset',
  title: '…',
  description: '…',
  content: { sha256: '<hex>', bytes: 1234 },
  purchase: '25',
  licences: [{ price: '9', days: 365, seats: 5, redistribution: false }],
}
const FEATURE = { kind: 'feature', title: '…', description: '…', price: '4', days: 30, model: 'mdl_…' }

const KEY = {
  publicKey: '<hex>',
  scopes: ['spend'],
  label: 'laptop',
  budget: { amount: '50', per: 'day' },
  listings: ['lst_…'],
  expires: END,
}
const GRANT = {
  account: 'nim1…',
  amount: '5',
  expiresAt: END,
  reason: 'welcome',
  provider: 'campaign',
  reference: 'welcome:ada',
}
const BATCH = {
  listing: 'lst_…',
  stream: 'gateway-1',
  first: 1,
  start: '2026-11-22T08:31:00Z',
  payers: ['nim1…'],
  lines: [[0, 0, 1, 374, 44, 0]],
}

export const EXAMPLE_BODIES: Readonly<Record<string, readonly Json[]>> = {
  'account.open': [{ publicKey: '<hex>', name: 'Ada' }],
  'account.profile': [{ name: 'Ada L.' }],
  'account.freeze': [reasoned],
  'account.unfreeze': [reasoned],
  'key.add': [KEY],
  'key.revoke': [{ key: '<8 hex>', reason: 'lost' }],
  'sequencer.rotate': [{ sequencerKey: '<hex>' }],
  'policy.update': [{ feeBps: 1200, effectiveFrom: END }],
  'credit.topup': [{ account: 'nim1…', amount: '100', provider: 'stripe', reference: 'pi_123' }],
  'credit.grant': [GRANT],
  'credit.return': [payment],
  'credit.refund': [{ entry: 1234, amount: '10', reason: '…' }],
  'credit.chargeback': [payment],
  'debt.forgive': [{ account: 'nim1…', amount: '3', reason: '…' }],
  'earnings.move': [{ amount: '10' }],
  'payout.request': [{ amount: '80', destination: 'bank account ending 1234' }],
  'payout.cancel': [{ payout: 'pay_…' }],
  'payout.settle': [{ payout: 'pay_…', provider: 'bank', reference: 'tr_1' }],
  'payout.fail': [{ payout: 'pay_…', reason: '…' }],
  'revenue.withdraw': [{ book: 'fees', amount: '100', provider: 'bank', reference: 'tr_2' }],
  'plan.offer': [{ account: 'nim1…', modelLimit: 40, price: '199', period: 'month', expires: END }],
  'plan.subscribe': plan,
  'plan.change': plan,
  'plan.cancel': [{}],
  'plan.renew': [{ account: 'nim1…' }],
  'model.create': [{ name: 'law-7b', base: 'llama-3-8b', artifact: '<SHA-256 of its file, hex>', description: '…' }],
  'model.deploy': [{ model: 'mdl_…' }],
  'model.undeploy': [{ model: 'mdl_…' }],
  'listing.publish': [MODEL, DATASET, FEATURE],
  'listing.update': [{ listing: 'lst_…', subscription: { month: '12' } }],
  'listing.withdraw': [{ listing: 'lst_…' }],
  'subscription.start': [{ listing: 'lst_…', terms: 1, period: 'month', price: '10' }],
  'subscription.cancel': [{ subscription: 'sub_…' }],
  'subscription.renew': [{ subscription: 'sub_…' }],
  'dataset.purchase': [purchase],
  'dataset.license': [{ listing: 'lst_…', terms: 1, licence: 0, price: '9' }],
  'feature.purchase': [purchase],
  'hold.open': [{ listing: 'lst_…', terms: 1, amount: '0.5', expiresAt: '2026-11-22T20:00:00Z' }],
  'hold.capture': [{ hold: 'hld_…', ...call }],
  'hold.release': [{ hold: 'hld_…' }],
  'query.charge': [{ listing: 'lst_…', terms: 1, ...call }],
  'usage.mandate': [{ listing: 'lst_…', terms: 1, limit: { amount: '100', per: 'month' }, reserve: '5', expires: END }],
  'usage.revoke': [{ mandate: 'man_…' }],
  'usage.batch': [BATCH],
}
