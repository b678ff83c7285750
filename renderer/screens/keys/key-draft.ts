/** A key to be added, as it is filled in, and what of it is signed. */
import { sha256 } from '@noble/hashes/sha2.js'
import type { KeyView } from '../../../core/api/views.ts'
import { toHex } from '../../../core/base/bytes.ts'
import { Malformed } from '../../../core/base/malformed.ts'
import { ED25519, parseVerifierKey } from '../../../core/log/note.ts'
import { addDays, parseTyped } from '../../format.ts'
import type { Body } from '../../sign.tsx'

export type Scope = KeyView['scopes'][number]

export interface KeyDraft {
  readonly label: string
  readonly place: 'here' | 'elsewhere'
  readonly pasted: string
  readonly power: 'all' | 'some'
  /** With `some`. The budget and the listings limit what is spent. */
  readonly scopes: readonly Scope[]
  readonly budget: string
  readonly per: 'day' | 'month'
  readonly listings: readonly string[]
  /** "2026-12-31", or empty. */
  readonly lastDay: string
}

export const NEW_KEY: KeyDraft = {
  label: '',
  place: 'here',
  pasted: '',
  power: 'all',
  scopes: ['spend'],
  budget: '',
  per: 'month',
  listings: [],
  lastDay: '',
}

const HEX = /^[0-9a-f]{64}$/

/** The public key in a text: in hex, or as a vkey. Undefined where there is none. */
export function publicKeyIn(text: string): string | undefined {
  const given = text.trim()
  if (HEX.test(given.toLowerCase())) return given.toLowerCase()
  const key = parseVerifierKey(sha256, given)
  return key instanceof Malformed || key.type !== ED25519 ? undefined : toHex(key.publicKey)
}

/** When the key ends: with its last day. */
function endOf({ lastDay }: KeyDraft): string | undefined {
  return lastDay === '' ? undefined : addDays(`${lastDay}T00:00:00Z`, 1)
}

export function isPast(draft: KeyDraft, now: string): boolean {
  const end = endOf(draft)
  return end !== undefined && Date.parse(end) <= Date.parse(now)
}

/** What is signed, but for the public key; undefined as long as something is missing or wrong. */
export function termsOf(draft: KeyDraft, now: string): (Body & { readonly label: string }) | undefined {
  const label = draft.label.trim()
  const expires = endOf(draft)
  if (label === '' || isPast(draft, now)) return undefined
  if (draft.place === 'elsewhere' && publicKeyIn(draft.pasted) === undefined) return undefined
  const terms = { label, ...(expires !== undefined && { expires }) }
  if (draft.power === 'all') return { ...terms, scopes: ['all'] }
  const { scopes, budget, per, listings } = draft
  if (scopes.length === 0) return undefined
  if (!scopes.includes('spend')) return { ...terms, scopes }
  const amount = parseTyped(budget)
  if (budget.trim() !== '' && (amount === undefined || amount === '0')) return undefined
  return {
    ...terms,
    scopes,
    ...(amount !== undefined && { budget: { amount, per } }),
    ...(listings.length > 0 && { listings }),
  }
}
