/** Which envelopes are well-formed, and what the parts of bodies (bodies.ts) look like, without a schema library. */

import { accountOf } from '../people.ts'

export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value }
export type Fields = { readonly [key: string]: Value }
export type Form = (value: Value) => boolean

const MAX_TIME = 0xffff_ffff

export const oneOf =
  (...texts: string[]): Form =>
  (value) =>
    texts.includes(value as string)
export const matching =
  (pattern: RegExp): Form =>
  (value) =>
    typeof value === 'string' && pattern.test(value)
export const listOf =
  (item: Form, most: number, fewest = 1): Form =>
  (value) =>
    Array.isArray(value) && value.length >= fewest && value.length <= most && value.every(item)
export const distinct: Form = (value) => new Set(value as readonly Value[]).size === (value as readonly Value[]).length

export function fields(required: Record<string, Form>, optional: Record<string, Form> = {}): Form {
  return (value) => {
    if (typeof value !== 'object' || Array.isArray(value)) return false
    const given = value as Fields
    const known = Object.keys(given).every((key) => (required[key] ?? optional[key])?.(given[key]!) === true)
    return known && Object.keys(required).every((key) => key in given)
  }
}

export const amountOrZero = matching(/^(0|[1-9][0-9]{0,11})(\.[0-9]{0,5}[1-9])?$/)
export const amount: Form = (value) => amountOrZero(value) && value !== '0'
/** Sums of books: signed, and with any number of digits. */
export const total = matching(/^(0|-?(0|[1-9][0-9]*)(\.[0-9]{0,5}[1-9])|-?[1-9][0-9]*)$/)
export const count: Form = (value) => Number.isSafeInteger(value) && (value as number) >= 0
export const positive: Form = (value) => count(value) && value !== 0
export const flag: Form = (value) => typeof value === 'boolean'
export const hex32 = matching(/^[0-9a-f]{64}$/)
export const account = matching(/^nim1[02-9ac-hj-np-z]{38}$/)
export const provider = matching(/^[a-z0-9-]{1,32}$/)
export const period = oneOf('week', 'month', 'quarter', 'year')
export const thing = (prefix: string) => matching(new RegExp(`^${prefix}_[0-9a-f]{32}$`))

export const time: Form = (value) => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return false
  const milliseconds = Date.parse(value)
  if (Number.isNaN(milliseconds) || milliseconds < 0 || milliseconds / 1000 > MAX_TIME) return false
  return new Date(milliseconds).toISOString() === value.replace('Z', '.000Z')
}

export const text =
  (most: number): Form =>
  (value) =>
    typeof value === 'string' &&
    [...value].length >= 1 &&
    [...value].length <= most &&
    value.normalize('NFC') === value &&
    value.trim() === value &&
    !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(value)

/** A signed amount of microcredits as it is written. */
export function toAmount(micros: bigint): string {
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, '0')
  const fraction = digits.slice(-6).replace(/0+$/, '')
  return `${micros < 0n ? '-' : ''}${digits.slice(0, -6)}${fraction === '' ? '' : `.${fraction}`}`
}

/**
 * A dataset is for sale or for licensing, or both. Of a model the catalogue does not say it, but by the project's own rule it
 * sells subscriptions or calls, and is for subscribers only where one can subscribe.
 */
export function sellsSomething(body: Fields): boolean {
  if (body.kind === 'dataset') return 'purchase' in body || 'licences' in body
  if (body.kind === 'feature') return true
  const isSubscribable = Object.keys((body.subscription as Fields) ?? {}).length > 0
  return isSubscribable || ('query' in body && body.access !== 'subscription')
}

interface Envelope {
  readonly ledger: string
  readonly signer: string
  readonly made: number
  readonly validUntil: number
  readonly type: string
  readonly body: Fields
  readonly signatures: readonly { readonly account: string }[]
}

export function isWellFormed(note: Envelope, bodies: Readonly<Record<string, Form>>): boolean {
  const { ledger, signer, made, validUntil, type, body, signatures } = note
  if (made < 0 || validUntil <= made || validUntil > MAX_TIME || !account(signer)) return false
  if (bodies[type]?.(body) !== true) return false
  if (signatures.length !== (type === 'query.charge' ? 2 : 1) || signatures[0]!.account !== signer) return false
  if (type === 'account.open') return accountOf(body.publicKey as string) === signer
  if (type === 'account.freeze') return body.account !== signer
  if (type === 'ledger.genesis') return accountOf(body.operatorKey as string) === signer && body.origin === ledger
  return true
}
