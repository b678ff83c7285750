/** Which envelopes and bodies are well-formed, written down from the catalogue's section 4 and 6, without a schema library. */

import { accountOf } from './people.ts'

export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value }
export type Fields = { readonly [key: string]: Value }
type Form = (value: Value) => boolean

const MAX_TIME = 0xffff_ffff

const oneOf =
  (...texts: string[]): Form =>
  (value) =>
    texts.includes(value as string)
const matching =
  (pattern: RegExp): Form =>
  (value) =>
    typeof value === 'string' && pattern.test(value)
const listOf =
  (item: Form, most: number, fewest = 1): Form =>
  (value) =>
    Array.isArray(value) && value.length >= fewest && value.length <= most && value.every(item)

function fields(required: Record<string, Form>, optional: Record<string, Form> = {}): Form {
  return (value) => {
    if (typeof value !== 'object' || Array.isArray(value)) return false
    const given = value as Fields
    const known = Object.keys(given).every((key) => (required[key] ?? optional[key])?.(given[key]!) === true)
    return known && Object.keys(required).every((key) => key in given)
  }
}

const amountOrZero = matching(/^(0|[1-9][0-9]{0,11})(\.[0-9]{0,5}[1-9])?$/)
const amount: Form = (value) => amountOrZero(value) && value !== '0'
const count: Form = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const positive: Form = (value) => count(value) && value !== 0
const flag: Form = (value) => typeof value === 'boolean'
const hex32 = matching(/^[0-9a-f]{64}$/)
const account = matching(/^nim1[02-9ac-hj-np-z]{38}$/)
const provider = matching(/^[a-z0-9-]{1,32}$/)
const period = oneOf('week', 'month', 'quarter', 'year')
const thing = (prefix: string) => matching(new RegExp(`^${prefix}_[0-9a-f]{32}$`))

const time: Form = (value) => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return false
  const milliseconds = Date.parse(value)
  if (Number.isNaN(milliseconds) || milliseconds < 0 || milliseconds / 1000 > MAX_TIME) return false
  return new Date(milliseconds).toISOString() === value.replace('Z', '.000Z')
}

const text =
  (most: number): Form =>
  (value) =>
    typeof value === 'string' &&
    [...value].length >= 1 &&
    [...value].length <= most &&
    value.normalize('NFC') === value &&
    value.trim() === value &&
    !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(value)

const name = text(64)
const title = text(120)
const described = text(2000)
const description: typeof described = (value) => value === '' || described(value)
const reference = text(128)

const usage = fields({ requests: count, inputTokens: count, outputTokens: count, milliseconds: count })
const plan = fields({ plan: provider, modelLimit: positive, price: amount, period })
const policy = fields({ minimumPayout: amountOrZero, earningsHoldDays: count, graceDays: count, creditNote: text(120) })

const line: Form = (value) =>
  Array.isArray(value) &&
  (value.length === 6 || value.length === 7) &&
  value.slice(0, 6).every(count) &&
  (value.length === 6 || reference(value[6]))

const listingKinds: Record<string, Form> = {
  model: fields(
    { kind: oneOf('model'), title, description, model: thing('mdl') },
    {
      subscription: fields({}, { week: amount, month: amount, quarter: amount, year: amount }),
      query: fields({ perRequest: amountOrZero, perMInput: amountOrZero, perMOutput: amountOrZero, perSecond: amountOrZero }),
      included: usage,
      access: oneOf('subscription', 'open'),
    },
  ),
  dataset: fields(
    { kind: oneOf('dataset'), title, description, content: fields({ sha256: hex32, bytes: count }) },
    {
      purchase: amount,
      licences: listOf(fields({ price: amount, days: positive, seats: positive, redistribution: flag }), 16),
    },
  ),
  feature: fields({ kind: oneOf('feature'), title, description, price: amount }, { days: positive, model: thing('mdl') }),
}

const bodies: Record<string, Form> = {
  'ledger.genesis': fields({
    origin: matching(/^[a-z0-9.-]+(\/[a-z0-9._-]+)*$/),
    name,
    operatorKey: hex32,
    sequencerKey: hex32,
    clock: oneOf('system', 'manual'),
    feeBps: (value) => count(value) && (value as number) <= 1500,
    plans: listOf(plan, 16, 0),
    policy,
  }),
  'account.open': fields({ publicKey: hex32, name }),
  'credit.topup': fields({ account, amount, provider, reference }),
  'plan.subscribe': (value) =>
    fields({ plan: name, price: amount })(value) || fields({ offer: thing('off'), price: amount })(value),
  'model.create': fields({ name, base: name, artifact: hex32, description }),
  'model.deploy': fields({ model: thing('mdl') }),
  'model.undeploy': fields({ model: thing('mdl') }),
  'listing.publish': (value) =>
    listingKinds[(value as Fields).kind as string]?.(value) === true && sellsSomething(value as Fields),
  'subscription.start': fields({ listing: thing('lst'), terms: positive, period, price: amount }),
  'dataset.purchase': fields({ listing: thing('lst'), terms: positive, price: amount }),
  'dataset.license': fields({ listing: thing('lst'), terms: positive, licence: count, price: amount }),
  'feature.purchase': fields({ listing: thing('lst'), terms: positive, price: amount }),
  'usage.mandate': fields({
    listing: thing('lst'),
    terms: positive,
    limit: fields({ amount, per: oneOf('day', 'month') }),
    reserve: oneOf('0'),
    expires: time,
  }),
  'usage.batch': (value) =>
    fields({
      listing: thing('lst'),
      stream: reference,
      first: positive,
      start: time,
      payers: listOf(account, 100),
      lines: listOf(line, 1000),
    })(value) && namesItsPayers(value as Fields),
}

export const TYPES = Object.keys(bodies)

/**
 * A dataset is for sale or for licensing, or both. Of a model the catalogue does not say it, but by the project's own rule it
 * sells subscriptions or calls, and is for subscribers only where one can subscribe.
 */
function sellsSomething(body: Fields): boolean {
  if (body.kind === 'dataset') return 'purchase' in body || 'licences' in body
  if (body.kind === 'feature') return true
  const isSubscribable = Object.keys((body.subscription as Fields) ?? {}).length > 0
  return isSubscribable || ('query' in body && body.access !== 'subscription')
}

function namesItsPayers({ payers, lines }: Fields): boolean {
  const most = (payers as readonly Value[]).length
  return (lines as readonly (readonly number[])[]).every(([payer]) => payer! < most)
}

export interface Envelope {
  readonly ledger: string
  readonly signer: string
  readonly made: number
  readonly validUntil: number
  readonly type: string
  readonly body: Fields
}

export function isWellFormed(note: Envelope): boolean {
  const { ledger, signer, made, validUntil, type, body } = note
  if (made < 0 || validUntil <= made || validUntil > MAX_TIME || !account(signer)) return false
  if (bodies[type]?.(body) !== true) return false
  if (type === 'account.open') return accountOf(body.publicKey as string) === signer
  if (type === 'ledger.genesis') return accountOf(body.operatorKey as string) === signer && body.origin === ledger
  return true
}
