/**
 * The envelope that every transaction comes in: the text of a signed note, one line of canonical JSON and its newline.
 *
 *   {"body":{…},"ledger":"hub.example/credits","made":"2026-11-22T08:31:07Z","nonce":"q6Zk3cVh0m8m0w1m2p3q4A","signer":"nim1…",
 *    "type":"dataset.purchase","v":1,"validUntil":"2026-11-23T08:31:07Z"}
 *
 *   — nim1… <base64 of key id and Ed25519 signature>
 *
 * `v` selects the rules: an entry replays under the rules it was made under.
 */

import { z } from 'zod'
import { type Sha256, tryUtf8Decode, utf8 } from '../base/bytes.ts'
import { MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { plural } from '../base/plural.ts'
import { type NoteSignature, parseNote } from '../log/note.ts'
import { SIGNATURE_BYTES } from '../log/signature.ts'
import { canonicalize, type Json, parseCanonical } from './canonical.ts'
import type { Definition } from './define.ts'
import * as field from './fields.ts'
import { ACCOUNT_PATTERN, NONCE_PATTERN, transactionId } from './ids.ts'
import { quoted } from './text.ts'
import { formatSeconds, MAX_SECONDS, parseSeconds, type Seconds } from './time.ts'

/** The transaction types of each version of the rules. */
export type Rules = ReadonlyMap<number, ReadonlyMap<string, Definition>>

/** What it takes to read transactions: the same for every ledger. */
export interface Tools {
  readonly rules: Rules
  readonly sha256: Sha256
}

/** A well-formed transaction: nothing about it needs the ledger's state, its time or a signature check. */
export interface Transaction<Body = unknown> {
  readonly id: string
  readonly text: string
  readonly definition: Definition
  readonly body: Body
  readonly ledger: string
  readonly signer: string
  readonly made: Seconds
  readonly validUntil: Seconds
}

/** A transaction with the signatures it came with, ready for the gate. */
export interface SignedTransaction extends Transaction {
  readonly note: Uint8Array
  readonly textBytes: Uint8Array
  readonly signatures: readonly NoteSignature[]
}

/** What an envelope is. */
export const envelopeForm = z.strictObject({
  // Handed on as it was read, to be judged whole by the type's own form.
  body: z.unknown(),
  ledger: field.origin,
  made: field.time,
  nonce: z.string().regex(NONCE_PATTERN, 'must be 22 base64url characters'),
  signer: field.account,
  type: z.string(),
  v: z.int(),
  validUntil: field.time,
})

type Envelope = z.output<typeof envelopeForm>

/**
 * Returns what envelopeForm would return for a well-formed envelope, at a fraction of its cost, since every note is read.
 * Undefined for any other; then the form says what is wrong with it.
 */
function readEnvelope(value: Json): Envelope | undefined {
  if (typeof value !== 'object' || Array.isArray(value) || Object.keys(value).length !== 8) return undefined
  const { body, ledger, made, nonce, signer, type, v, validUntil } = value as { readonly [field: string]: Json | undefined }
  if (body === undefined || typeof type !== 'string' || typeof v !== 'number') return undefined
  if (typeof ledger !== 'string' || !field.isLedgerOrigin(ledger)) return undefined
  if (typeof nonce !== 'string' || !NONCE_PATTERN.test(nonce)) return undefined
  if (typeof signer !== 'string' || !ACCOUNT_PATTERN.test(signer)) return undefined
  const madeAt = typeof made === 'string' ? parseSeconds(made) : undefined
  const validUntilAt = typeof validUntil === 'string' ? parseSeconds(validUntil) : undefined
  if (madeAt === undefined || validUntilAt === undefined) return undefined
  return { body, ledger, made: madeAt, nonce, signer, type, v, validUntil: validUntilAt }
}

function judgeEnvelope(value: Json): Envelope | Malformed {
  const judged = envelopeForm.safeParse(value)
  return judged.success ? judged.data : new Malformed(field.firstIssue(judged.error, 'envelope'))
}

export interface Draft {
  readonly type: string
  readonly body: Json
  readonly ledger: string
  readonly signer: string
  readonly made: Seconds
  /** 16 random bytes. */
  readonly nonce: Uint8Array
  /** By default a day after `made`. */
  readonly validUntil?: Seconds
}

/** The text to sign. It is whatever the draft says, well-formed or not: parseTransaction tells. */
export function composeText(draft: Draft): string {
  const { nonce, made, validUntil = Math.min(made + 86_400, MAX_SECONDS), ...rest } = draft
  const base64url = btoa(String.fromCharCode(...nonce))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
  const times = { made: formatSeconds(made), validUntil: formatSeconds(validUntil) }
  return `${canonicalize({ ...rest, ...times, nonce: base64url, v: 1 })}\n`
}

/** Reads the text of a note, its newline included. */
export function parseTransaction(rules: Rules, sha256: Sha256, text: string): Transaction | Malformed {
  const textBytes = utf8(text)
  return parseText(rules, sha256, text, { note: textBytes, textBytes, signatures: [] })
}

/** Reads a received note: size, framing, canonical form, envelope, body, and which signatures stand below it. */
export function parseSignedTransaction(rules: Rules, sha256: Sha256, note: Uint8Array): SignedTransaction | Malformed {
  if (note.length > MAX_NOTE_BYTES) return new Malformed(`the note has ${note.length} bytes, more than ${MAX_NOTE_BYTES}`)
  const parsed = parseNote(note, MAX_NOTE_BYTES)
  if (parsed instanceof Malformed) return parsed
  const { text, textBytes, signatures } = parsed
  const transaction = parseText(rules, sha256, text, { note, textBytes, signatures })
  if (transaction instanceof Malformed) return transaction
  const miscounted = wrongSignatures(transaction, signatures.length)
  if (miscounted !== undefined) return miscounted
  if (signatures[0]!.name !== transaction.signer) return new Malformed('the first signature is not in the name of its signer')
  for (const { name } of signatures)
    if (!ACCOUNT_PATTERN.test(name)) return new Malformed('a signature is not in the name of an account')
  for (const { signature } of signatures)
    if (signature.length !== SIGNATURE_BYTES) return new Malformed('a signature is not 64 bytes long')
  return transaction
}

/** What a transaction came as. */
type Received = Pick<SignedTransaction, 'note' | 'textBytes' | 'signatures'>

/**
 * Many of them wait at a time, so the text is kept once, as the first bytes of the note, and read from there by the few who ask
 * for it.
 */
class ReadTransaction implements SignedTransaction {
  readonly id: string
  readonly definition: Definition
  readonly body: unknown
  readonly ledger: string
  readonly signer: string
  readonly made: Seconds
  readonly validUntil: Seconds
  readonly note: Uint8Array
  readonly signatures: readonly NoteSignature[]
  readonly #textLength: number

  constructor(
    id: string,
    definition: Definition,
    body: unknown,
    { ledger, signer, made, validUntil }: Envelope,
    { note, textBytes, signatures }: Received,
  ) {
    this.id = id
    this.definition = definition
    this.body = body
    this.ledger = ledger
    // Mostly it is the name below the note too: the same text is held once.
    const [first] = signatures
    this.signer = first?.name === signer ? first.name : signer
    this.made = made
    this.validUntil = validUntil
    this.note = note
    this.signatures = signatures
    this.#textLength = textBytes.length
  }

  get textBytes(): Uint8Array {
    return this.note.subarray(0, this.#textLength)
  }

  get text(): string {
    return tryUtf8Decode(this.textBytes)!
  }
}

/** What is wrong with a number of signatures: a type demands its signer's, and a co-signed one another below it. */
export function wrongSignatures({ definition }: Transaction, count: number): Malformed | undefined {
  const demanded = definition.cosigned === undefined ? 1 : 2
  if (count === demanded) return undefined
  return new Malformed(`it carries ${plural(count, 'signature')}; its type demands ${demanded}`)
}

function parseText(rules: Rules, sha256: Sha256, text: string, received: Received): ReadTransaction | Malformed {
  const { textBytes } = received
  if (textBytes.length > MAX_NOTE_BYTES)
    return new Malformed(`the text has ${textBytes.length} bytes, more than ${MAX_NOTE_BYTES}`)
  if (text.indexOf('\n') !== text.length - 1) return new Malformed('the text is not exactly one line and its newline')
  const value = parseCanonical(text.slice(0, -1))
  if (value instanceof Malformed) return value
  const envelope = readEnvelope(value) ?? judgeEnvelope(value)
  if (envelope instanceof Malformed) return envelope
  const { ledger, signer, made, validUntil, type, v } = envelope
  const definition = rules.get(v)?.get(type)
  if (definition === undefined) return new Malformed(`there is no transaction type ${quoted(type)} in version ${v} of the rules`)
  if (validUntil <= made) return new Malformed('validUntil is not after made')
  const body = definition.body.safeParse(envelope.body)
  if (!body.success) return new Malformed(field.firstIssue(body.error, 'body'))
  const fault = definition.malformed?.({ body: body.data, signer, ledger, sha256 })
  if (fault !== undefined) return new Malformed(fault)
  return new ReadTransaction(transactionId(sha256, textBytes, validUntil), definition, body.data, envelope, received)
}
