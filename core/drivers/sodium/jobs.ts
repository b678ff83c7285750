/**
 * A job for a worker as one flat buffer, which crosses to the other thread by transfer, without being copied object by object,
 * and comes back by transfer with its answers. The answers lie first, some bytes for each item, and the items after them:
 *
 *   verify   public key 32 · signature 64 · length 4, little-endian · message       answer: one byte, 1 if the signature is valid
 *   hash     length 4, little-endian · 00 · entry                                   answer: the entry's leaf hash, 32 bytes
 *
 * The length is that of what follows it. The byte 00 is the one that RFC 6962 puts before a leaf, so an entry is hashed where it
 * lies.
 */

import { assert } from '../../base/assert.ts'
import type { Sha256 } from '../../base/bytes.ts'
import type { SignatureCheck } from '../../ledger/verifier.ts'
import { HASH_BYTES } from '../../log/merkle.ts'
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type VerifySignature, verifyGated } from '../../log/signature.ts'

/** How items of one kind, and their answers, lie in a job. */
export interface JobForm<Item, Answer> {
  readonly kind: 'verify' | 'hash'
  readonly answerBytes: number
  readonly itemBytes: (item: Item) => number
  readonly write: (item: Item, packed: Uint8Array, offset: number) => void
  /** The answer for the item at `place`. */
  readonly read: (answers: Uint8Array, place: number) => Answer
}

/** What crosses to the worker. The buffer may be longer than what it holds. */
export interface Job {
  readonly kind: JobForm<unknown, unknown>['kind']
  readonly buffer: ArrayBuffer
  readonly count: number
}

const LENGTH_BYTES = 4
const SIGNATURE_AT = PUBLIC_KEY_BYTES
const LENGTH_AT = SIGNATURE_AT + SIGNATURE_BYTES
const MESSAGE_AT = LENGTH_AT + LENGTH_BYTES

export const CHECKS: JobForm<SignatureCheck, boolean> = {
  kind: 'verify',
  answerBytes: 1,
  itemBytes: ({ message }) => MESSAGE_AT + message.length,
  write: ({ publicKey, message, signature }, packed, offset) => {
    // A key or signature of another length fails the gate, and so do the zeros that are sent in its place.
    const isWhole = publicKey.length === PUBLIC_KEY_BYTES && signature.length === SIGNATURE_BYTES
    packed.set(isWhole ? publicKey : new Uint8Array(PUBLIC_KEY_BYTES), offset)
    packed.set(isWhole ? signature : new Uint8Array(SIGNATURE_BYTES), offset + SIGNATURE_AT)
    writeLength(packed, offset + LENGTH_AT, message.length)
    packed.set(message, offset + MESSAGE_AT)
  },
  read: (answers, place) => answers[place] === 1,
}

export const LEAVES: JobForm<Uint8Array, Uint8Array> = {
  kind: 'hash',
  answerBytes: HASH_BYTES,
  itemBytes: (entry) => LENGTH_BYTES + 1 + entry.length,
  write: (entry, packed, offset) => {
    writeLength(packed, offset, 1 + entry.length)
    packed[offset + LENGTH_BYTES] = 0
    packed.set(entry, offset + LENGTH_BYTES + 1)
  },
  read: (answers, place) => answers.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES),
}

/** A part of the items, which makes one job. */
interface Part<Item> {
  readonly items: readonly Item[]
  /** The place of its first item among all. */
  readonly from: number
  /** The room that its job needs. */
  readonly bytes: number
}

/** Cuts items into jobs of at most `maxItems`, and of at most `maxBytes` unless one item alone is longer. */
export function* cut<Item>(
  form: JobForm<Item, unknown>,
  items: readonly Item[],
  { maxItems, maxBytes }: { readonly maxItems: number; readonly maxBytes: number },
): Generator<Part<Item>> {
  let from = 0
  let bytes = 0
  for (const [i, item] of items.entries()) {
    const more = form.answerBytes + form.itemBytes(item)
    if (i > from && (i - from === maxItems || bytes + more > maxBytes)) {
      yield { items: items.slice(from, i), from, bytes }
      from = i
      bytes = 0
    }
    bytes += more
  }
  if (from < items.length) yield { items: items.slice(from), from, bytes }
}

/** Writes the items into a buffer that has room for them. */
export function packJob<Item>(form: JobForm<Item, unknown>, items: readonly Item[], buffer: ArrayBuffer): Job {
  const packed = new Uint8Array(buffer)
  let offset = items.length * form.answerBytes
  for (const item of items) {
    form.write(item, packed, offset)
    offset += form.itemBytes(item)
  }
  assert(offset <= packed.length, 'a job fits its buffer')
  return { kind: form.kind, buffer, count: items.length }
}

/** Does a job where it lies. */
export function runJob(tools: { readonly verify: VerifySignature; readonly sha256: Sha256 }, job: Job): void {
  if (job.kind === 'verify') verifyJob(tools.verify, job)
  else hashJob(tools.sha256, job)
}

function verifyJob(verify: VerifySignature, { buffer, count }: Job): void {
  const packed = new Uint8Array(buffer)
  let offset = count
  for (let i = 0; i < count; i++) {
    const publicKey = packed.subarray(offset, offset + SIGNATURE_AT)
    const signature = packed.subarray(offset + SIGNATURE_AT, offset + LENGTH_AT)
    const end = offset + MESSAGE_AT + readLength(packed, offset + LENGTH_AT)
    packed[i] = verifyGated(verify, publicKey, packed.subarray(offset + MESSAGE_AT, end), signature) ? 1 : 0
    offset = end
  }
  assert(offset <= packed.length, 'a job lies within its buffer')
}

function hashJob(sha256: Sha256, { buffer, count }: Job): void {
  const packed = new Uint8Array(buffer)
  let offset = count * HASH_BYTES
  for (let i = 0; i < count; i++) {
    const start = offset + LENGTH_BYTES
    offset = start + readLength(packed, offset)
    packed.set(sha256(packed.subarray(start, offset)), i * HASH_BYTES)
  }
  assert(offset <= packed.length, 'a job lies within its buffer')
}

function writeLength(packed: Uint8Array, offset: number, length: number): void {
  packed[offset] = length
  packed[offset + 1] = length >>> 8
  packed[offset + 2] = length >>> 16
  packed[offset + 3] = length >>> 24
}

function readLength(packed: Uint8Array, offset: number): number {
  return new DataView(packed.buffer, offset, LENGTH_BYTES).getUint32(0, true)
}
