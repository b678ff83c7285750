/**
 * The fields that bodies are made of, as zod schemas: each parses the wire form of a canonical text to the type the rules work
 * with. Messages complete the sentence "<path> …".
 */

import { z } from 'zod'
import {
  MAX_DESCRIPTION_CHARACTERS,
  MAX_MODEL_LIMIT,
  MAX_NAME_CHARACTERS,
  MAX_REFERENCE_CHARACTERS,
  MAX_TITLE_CHARACTERS,
} from '../base/limits.ts'
import { isOrigin } from '../log/checkpoint.ts'
import { ACCOUNT_PATTERN, type ThingPrefix } from './ids.ts'
import { type Micros, parseAmount } from './money.ts'
import { isPlainText, quoted } from './text.ts'
import { PERIODS, parseSeconds, type Seconds } from './time.ts'

/** Whether a ledger may have this origin. */
export function isLedgerOrigin(text: string): boolean {
  return text.length <= 128 && isOrigin(text)
}

function parsed<T>(parse: (text: string) => T | undefined, message: string) {
  return z.string({ error: message }).transform((text, context): T => {
    const value = parse(text)
    if (value === undefined) context.addIssue({ code: 'custom', message })
    return value as T
  })
}

const AMOUNT_FORM = 'must be a text of credits such as "25" or "0.000001", with up to six decimals and no trailing zeros'

/** An amount of credits that may be zero. */
export const amountOrZero = parsed<Micros>(parseAmount, AMOUNT_FORM)
/** An amount of credits above zero. */
export const amount = amountOrZero.refine((value) => value > 0n, 'must be more than 0 credits')
/** A time in whole seconds. */
export const time = parsed<Seconds>(parseSeconds, 'must be a time such as "2026-11-22T08:31:07Z"')

export const account = z.string().regex(ACCOUNT_PATTERN, 'must be an account id (nim1 and 38 characters)')
export const publicKey = z.string().regex(/^[0-9a-f]{64}$/, 'must be 32 bytes in lower-case hex')
export const sha256 = publicKey
export const origin = z.string().refine(isLedgerOrigin, 'must be a log origin such as "hub.example/credits"')
export const provider = z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -')
/** The name of a plan. */
export const plan = z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -')
/** How many models a plan or an offer has room for. */
export const modelLimit = z.int().min(1).max(MAX_MODEL_LIMIT)
export const period = z.enum(PERIODS)
/** A number of things, zero included. */
export const count = z.int().min(0)
/** A number of things, at least one. */
export const number = z.int().min(1)

const PLAIN = 'in NFC, none of them control, bidi-override, zero-width or unassigned, and no white space at the ends'

function plainText(maxCharacters: number) {
  return z.string().refine((text) => isPlainText(text, maxCharacters), `must be 1 to ${maxCharacters} characters ${PLAIN}`)
}

export const name = plainText(MAX_NAME_CHARACTERS)
export const title = plainText(MAX_TITLE_CHARACTERS)
/** May be empty. */
export const description = z.union([z.literal(''), plainText(MAX_DESCRIPTION_CHARACTERS)], {
  error: `must be up to ${MAX_DESCRIPTION_CHARACTERS} characters ${PLAIN}`,
})
export const reference = plainText(MAX_REFERENCE_CHARACTERS)
/** The same for a single value, where there may be many. */
export function isReference(value: unknown): value is string {
  return typeof value === 'string' && isPlainText(value, MAX_REFERENCE_CHARACTERS)
}
/** Why something is done, for whoever reads the log. */
export const reason = plainText(MAX_DESCRIPTION_CHARACTERS)

export function thing(prefix: ThingPrefix) {
  return z.string().regex(new RegExp(`^${prefix}_[0-9a-f]{32}$`), `must be an id such as ${prefix}_ and 32 hex digits`)
}

/** What one call, or one line, used. */
export const usage = z.strictObject({ requests: count, inputTokens: count, outputTokens: count, milliseconds: count })
export type Usage = z.output<typeof usage>

/**
 * A form for values of which a body may have hundreds. Values that `isPlain` accepts are taken as they are, at a fraction of the
 * cost; for all others the form decides whether they are well-formed, and says what is wrong.
 */
export function plainly<T>(isPlain: (value: unknown) => value is T, form: z.ZodType<T>) {
  return z.unknown().transform((value, context): T => {
    if (isPlain(value)) return value
    const judged = form.safeParse(value)
    if (judged.success) return judged.data
    for (const issue of judged.error.issues) context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue)
    return z.NEVER
  })
}

/** The first thing that a schema found wrong, as a clause: "body.amount must be more than 0 credits". */
export function firstIssue(error: z.ZodError, root: string): string {
  return clauseOf(error.issues[0]!, root)
}

function clauseOf(issue: z.core.$ZodIssue, root: string): string {
  const path = [root, ...issue.path].join('.')
  if (issue.message.startsWith('must')) return `${path} ${issue.message}`
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${path} has the unknown field ${quoted(issue.keys[0]!)}`
    case 'invalid_type':
      return issue.message.endsWith('received undefined') ? `${path} is missing` : `${path} must be of type ${issue.expected}`
    case 'invalid_value':
      return `${path} must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
    case 'invalid_union': {
      // Of the forms that it could have, the one that it comes closest to.
      const [nearest] = [...issue.errors].sort((a, b) => a.length - b.length)
      return nearest?.[0] === undefined ? `${path} has none of the forms that it can have` : clauseOf(nearest[0], path)
    }
    default:
      return `${path} is not valid (${issue.message})`
  }
}
