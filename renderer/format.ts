/**
 * How figures, times and ids are shown. Amounts stay what the ledger says, decimal texts of credits, or whole microcredits in a
 * bigint where something is to be reckoned; no float ever holds money here.
 *
 *     splitAmount('1204.5')       { sign: '', whole: '1,204', fraction: '50', padding: '0000' }
 *     parseTyped(' 1,204.50 ')    '1204.5'
 */
import type { Effects } from '../core/api/views.ts'
import { assert } from '../core/base/assert.ts'

const MICROS_PER_CREDIT = 1_000_000n
const DECIMALS = 6
/** Fewer decimals than these are never shown: whole credits read as "25.00". */
const SHOWN_DECIMALS = 2
const BASIS_POINTS = 10_000n
const MINUS = '−'

const TOTAL = /^(-?)(0|[1-9]\d*)(?:\.(\d{0,5}[1-9]))?$/

/** Microcredits of an amount or a total that the ledger told: "25", "-0.000001". */
export function microsOf(amount: string): bigint {
  const [, sign, whole, fraction = ''] = TOTAL.exec(amount) ?? []
  assert(whole !== undefined, 'the ledger tells amounts as canonical decimal texts')
  const magnitude = BigInt(whole) * MICROS_PER_CREDIT + BigInt(fraction.padEnd(DECIMALS, '0'))
  return sign === '-' ? -magnitude : magnitude
}

/** The canonical decimal text of microcredits, as the ledger writes it. */
export function amountOf(micros: bigint): string {
  const magnitude = micros < 0n ? -micros : micros
  const fraction = (magnitude % MICROS_PER_CREDIT).toString().padStart(DECIMALS, '0').replace(/0+$/, '')
  return `${micros < 0n ? '-' : ''}${magnitude / MICROS_PER_CREDIT}${fraction && `.${fraction}`}`
}

/** What an entry moved, by which the log is filtered: the gross of its payment, or the largest posting if that is more. */
export function movedBy({ gross = '0', postings }: Pick<Effects, 'gross' | 'postings'>): string {
  const amounts = [gross, ...postings.map(({ amount }) => amount)].map(microsOf)
  return amountOf(amounts.reduce((most, micros) => (micros > most ? micros : -micros > most ? -micros : most), 0n))
}

export function sumOf(amounts: readonly string[]): string {
  return amountOf(amounts.reduce((sum, amount) => sum + microsOf(amount), 0n))
}

/** What parts of an amount are set apart, so that a column of them is aligned on the point. */
interface AmountParts {
  readonly sign: string
  readonly whole: string
  readonly fraction: string
  /** Zeros to as many decimals as the column has, for the space that they take. */
  readonly padding: string
}

export function splitAmount(amount: string, shownDecimals = DECIMALS): AmountParts {
  const micros = microsOf(amount)
  const [whole = '', decimals = ''] = amountOf(micros < 0n ? -micros : micros).split('.')
  const fraction = decimals.padEnd(SHOWN_DECIMALS, '0')
  return {
    sign: micros < 0n ? MINUS : '',
    whole: grouped(whole),
    fraction,
    padding: '0'.repeat(Math.max(0, shownDecimals - fraction.length)),
  }
}

/** Of some amounts, the most decimals that one shows: a column of them needs room for no more. */
export function decimalsOf(amounts: readonly string[]): number {
  return Math.max(SHOWN_DECIMALS, ...amounts.map((amount) => splitAmount(amount).fraction.length))
}

/** An amount in a sentence: "1,204.50". */
export function formatAmount(amount: string): string {
  const { sign, whole, fraction } = splitAmount(amount)
  return `${sign}${whole}.${fraction}`
}

/** A count, with its thousands set apart. */
export function formatCount(count: number | bigint): string {
  return grouped(count.toString())
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(?:\d{3})+(?!\d))/g, ',')
}

/**
 * The canonical amount of what a person typed: spaces around it, groups of thousands, zeros at the ends and a missing zero before
 * the point are forgiven. Undefined for what is no amount, or has more than six decimals.
 */
export function parseTyped(typed: string): string | undefined {
  const text = typed.trim()
  const match = /^(\d{1,3}(?:,\d{3})+|\d{1,12}|(?=\.\d))(?:\.(\d{0,6}))?$/.exec(text)
  if (match === null) return undefined
  const whole = BigInt((match[1] || '0').replaceAll(',', ''))
  if (whole >= 10n ** 12n) return undefined
  return amountOf(whole * MICROS_PER_CREDIT + BigInt((match[2] ?? '').padEnd(DECIMALS, '0')))
}

/** The whole number above zero that a person typed. */
export function countIn(typed: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(typed.trim()) ? Number(typed.trim()) : undefined
}

interface FeeShown {
  readonly gross: string
  readonly fee: string
  readonly takeHome: string
  /** Whether the fee is whole microcredits by itself. If not, the part of one that is left over goes to the next payment. */
  readonly isExact: boolean
}

/**
 * The platform's fee on one payment. The ledger carries what is less than a microcredit to the payee's next payment; an amount of
 * up to four decimals leaves nothing to carry at 15 %, so these figures are exact for it whatever was carried.
 */
export function splitFee(gross: string, feeBps: number): FeeShown {
  const product = microsOf(gross) * BigInt(feeBps)
  const fee = product / BASIS_POINTS
  return { gross, fee: amountOf(fee), takeHome: amountOf(microsOf(gross) - fee), isExact: product % BASIS_POINTS === 0n }
}

/** A fee's rate: 1500 → "15 %", 1250 → "12.5 %". */
export function formatRate(basisPoints: number): string {
  const hundredths = (basisPoints % 100).toString().padStart(2, '0').replace(/0+$/, '')
  return `${Math.floor(basisPoints / 100)}${hundredths && `.${hundredths}`} %`
}

/** How long a bar is beside the longest: thousandths, from exact figures. */
export function thousandths(amount: string, largest: string): number {
  const whole = microsOf(largest)
  return whole <= 0n ? 0 : Number((microsOf(amount) * 1000n) / whole)
}

const LOCALE = 'en-GB'
const LOCAL_TIME = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'medium' })
const LOCAL_DAY = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium' })

/** A time in the reader's own zone. */
export function formatTime(time: string): string {
  return LOCAL_TIME.format(new Date(time))
}

export function formatDay(time: string): string {
  return LOCAL_DAY.format(new Date(time))
}

const SHORT_DAY = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const SHORT_MONTH = new Intl.DateTimeFormat(LOCALE, { month: 'short', year: 'numeric', timeZone: 'UTC' })

/** A day or month of the ledger, which goes by UTC: "2023-11-16" → "16 Nov", "2023-11" → "Nov 2023". */
export function formatUtcPeriod(period: string): string {
  const isMonth = period.length === '2023-11'.length
  return (isMonth ? SHORT_MONTH : SHORT_DAY).format(new Date(`${period}${isMonth ? '-01' : ''}T00:00:00Z`))
}

const LONG_DAY = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeZone: 'UTC' })

/** A day of the ledger, with its year: "2023-11-16" → "16 Nov 2023". */
export function formatUtcDay(day: string): string {
  return LONG_DAY.format(new Date(`${day}T00:00:00Z`))
}

/** The same moment in UTC, with whatever precision the ledger gave it: "2023-11-16 18:17:03.979 UTC". */
export function formatUtc(time: string): string {
  return time.replace('T', ' ').replace('Z', ' UTC')
}

const HEAD_CHARACTERS = 8
const TAIL_CHARACTERS = 4

/** "nim1l4cw…jx30": enough to tell ids apart at a glance. */
export function shortId(id: string): string {
  const prefix = /^(?:nim1|[a-z]{3}_)/.exec(id)?.[0].length ?? 0
  const head = prefix + HEAD_CHARACTERS - 4
  return id.length <= head + TAIL_CHARACTERS + 1 ? id : `${id.slice(0, head)}…${id.slice(-TAIL_CHARACTERS)}`
}

const IDS_AND_TIMES =
  /\bnim1[02-9ac-hj-np-z]{38}\b|\b(?:mdl|lst|sub|hld|grt|pur|pay|off|man)_[0-9a-f]{32}\b|\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\b/g

/** The ids in a sentence, of accounts and of things, and the times that the ledger wrote there; each with its place. */
export function idsAndTimesIn(text: string): readonly { readonly 0: string; readonly index: number; readonly isTime: boolean }[] {
  return [...text.matchAll(IDS_AND_TIMES)]
    .map(({ 0: found, index }) => ({ 0: found, index, isTime: /^\d/.test(found) }))
    .filter(({ 0: found, isTime }) => !isTime || !Number.isNaN(Date.parse(found)))
}

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const

/** "48.1 MB" */
export function formatBytes(bytes: number): string {
  let unit = 0
  let value = bytes
  for (; value >= 1000 && unit < BYTE_UNITS.length - 1; unit += 1) value /= 1000
  if (unit === 0) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  return `${value.toFixed(1)} ${BYTE_UNITS[unit]}`
}

/** Adds whole days to a time, in whole seconds: "2026-11-22T08:31:07Z". */
export function addDays(time: string, days: number): string {
  const at = new Date(time)
  at.setUTCDate(at.getUTCDate() + days)
  return `${at.toISOString().slice(0, 19)}Z`
}

/** What somebody wrote, where only a plain text can stand: its direction changes nothing around it (U+2068, U+2069). */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`
}
