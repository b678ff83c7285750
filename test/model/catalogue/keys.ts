/** Keys of accounts and what each may sign: scopes, expiry, listings and a budget by the day or month. */

import { createHash } from 'node:crypto'
import { WEAK } from '../people.ts'
import { toSeconds, windowName } from './calendar.ts'
import type { Fields, Value } from './form.ts'
import { type Event, first, type History, micros, type Signature, sum } from './history.ts'

const MOST_KEYS = 32

export interface Key {
  readonly publicKey: string
  readonly scopes: readonly string[]
  readonly expires: number
  readonly body: Fields
  readonly isRevoked: boolean
}

const SPENDING = ['query.charge', 'hold.open', 'dataset.purchase', 'dataset.license', 'feature.purchase']
const METERING = ['hold.capture', 'hold.release', 'usage.batch']
const ISSUING = [
  ...['credit.topup', 'credit.grant', 'credit.return', 'credit.refund', 'credit.chargeback'],
  ...['payout.settle', 'payout.fail'],
]
const SCHEDULED = ['period.close', 'plan.renew', 'subscription.renew']

/** Types that only the operator signs, beside those of the scope `issue`. */
const RESERVED = [
  ...ISSUING,
  ...['account.freeze', 'account.unfreeze', 'sequencer.rotate', 'policy.update', 'debt.forgive'],
  ...['revenue.withdraw', 'plan.offer', 'period.close'],
]

export function isReserved(type: string): boolean {
  return RESERVED.includes(type)
}

/** The first four bytes of SHA-256(name, newline, 01 for Ed25519, public key), as signed notes name a key. */
export function keyId(account: string, publicKey: string): string {
  const key = createHash('sha256')
    .update(`${account}\n`)
    .update(Buffer.from([1]))
    .update(Buffer.from(publicKey, 'hex'))
  return key.digest('hex').slice(0, 8)
}

/** Every key that the account ever had. */
export function keysOf(past: History, account: string): Key[] {
  const opened = past.history.find(
    ({ type, signer }) => signer === account && (type === 'account.open' || type === 'ledger.genesis'),
  )
  if (opened === undefined) return []
  const firstKey = { publicKey: opened.body.publicKey ?? opened.body.operatorKey!, scopes: ['all'] }
  const revoked = past.all('key.revoke', account).map(({ body }) => body.key)
  return [firstKey, ...past.all('key.add', account).map(({ body }) => body)].map((body) => {
    const { publicKey, scopes, expires } = body as Fields & { publicKey: string; scopes: readonly string[]; expires?: string }
    const until = expires === undefined ? Number.POSITIVE_INFINITY : toSeconds(expires)
    return { publicKey, scopes, expires: until, body, isRevoked: revoked.includes(keyId(account, publicKey)) }
  })
}

/** The key that made the signature, if the account has it and did not revoke it. */
export function keyOf(past: History, { account, publicKey }: Signature): Key | undefined {
  return keysOf(past, account).find((key) => key.publicKey === publicKey && !key.isRevoked)
}

/** The scope that suffices for a signature; undefined where it must be `all`. The second below a query.charge is a meter's. */
function scopeFor(past: History, type: string, signer: string, place: number): string | undefined {
  if (place > 0 || METERING.includes(type)) return 'meter'
  if (SPENDING.includes(type)) return 'spend'
  if (ISSUING.includes(type)) return 'issue'
  return SCHEDULED.includes(type) && signer === past.operator ? 'schedule' : undefined
}

export function maySign(past: History, type: string, signature: Signature, place: number, body: Fields, time: number): boolean {
  if (RESERVED.includes(type) && signature.account !== past.operator) return false
  const key = keyOf(past, signature)!
  if (time >= key.expires) return false
  if (key.scopes.includes('all')) return true
  const scope = scopeFor(past, type, signature.account, place)
  if (scope === undefined || !key.scopes.includes(scope)) return false
  const listings = key.body.listings as readonly Value[] | undefined
  return scope !== 'spend' || listings === undefined || listings.includes(body.listing!)
}

/** What the key has spent in the day or month of its budget: holds count when they are opened, in full. */
export function spentBy(past: History, { account, publicKey }: Signature, per: 'day' | 'month', time: number): bigint {
  const counts = ({ type, signatures, time: then }: Event) =>
    SPENDING.includes(type) &&
    signatures[0]?.account === account &&
    signatures[0]?.publicKey === publicKey &&
    windowName(per, then) === windowName(per, time)
  const spent = ({ type, body, payments }: Event) =>
    type === 'hold.open' ? micros(body.amount) : sum(payments.map(({ gross }) => gross))
  return sum(past.history.filter(counts).map(spent))
}

export function exceedsBudget(past: History, signature: Signature, gross: bigint, time: number): boolean {
  const budget = keyOf(past, signature)?.body.budget as Fields | undefined
  if (budget === undefined) return false
  return spentBy(past, signature, budget.per as 'day' | 'month', time) + gross > micros(budget.amount)
}

/** Keys that sign, or ever signed, checkpoints. */
export function isSequencerKey(past: History, publicKey: Value | undefined): boolean {
  if (past.genesis?.sequencerKey === publicKey) return true
  return past.last('sequencer.rotate', ({ body }) => body.sequencerKey === publicKey) !== undefined
}

export function isWeak(publicKey: Value | undefined): boolean {
  return WEAK.some((one) => one.publicKey === publicKey)
}

export function addCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  const keys = keysOf(past, signer)
  return first(
    ['weak_key', () => isWeak(body.publicKey)],
    ['exists', () => keys.some((key) => key.publicKey === body.publicKey) || isSequencerKey(past, body.publicKey)],
    ['too_many', () => keys.filter((key) => !key.isRevoked && time < key.expires).length >= MOST_KEYS],
  )
}

export function revokeCode(past: History, signer: string, body: Fields): string | undefined {
  const living = keysOf(past, signer).filter((key) => !key.isRevoked)
  const isNamed = (key: Key) => keyId(signer, key.publicKey) === body.key
  const isForEver = (key: Key) => key.scopes.includes('all') && key.expires === Number.POSITIVE_INFINITY
  return first(
    ['unknown_key', () => !living.some(isNamed)],
    ['last_key', () => !living.some((key) => !isNamed(key) && isForEver(key))],
  )
}
