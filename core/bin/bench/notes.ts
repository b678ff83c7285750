/**
 * Signed notes before they are submitted. They are made by as many threads as the machine has cores, and put into a file beside
 * the ledger, so that signing is not part of what is measured and a million notes take no memory:
 *
 *   for each note   length 4, little-endian · note
 */

import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { MAX_NOTE_BYTES } from '../../base/limits.ts'
import type { Market } from './market.ts'
import type { PurchaseRange } from './purchases.ts'

const LENGTH_BYTES = 4
/** Purchases that a thread signs at a time. */
const SIGNED_AT_A_TIME = 5_000
const READ_BYTES = 4 * 1024 * 1024

/** What a signing thread is asked for; it returns packed notes. */
export interface SigningJob {
  readonly market: Market
  readonly range: PurchaseRange
}

export function packNotes(notes: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(notes.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0))
  const view = new DataView(packed.buffer)
  let offset = 0
  for (const note of notes) {
    view.setUint32(offset, note.length, true)
    packed.set(note, offset + LENGTH_BYTES)
    offset += LENGTH_BYTES + note.length
  }
  return packed
}

/** The whole notes of packed bytes, as views of them; returns where the last one ends. */
export function* unpackNotes(packed: Uint8Array): Generator<Uint8Array, number> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  let offset = 0
  while (offset + LENGTH_BYTES <= packed.length) {
    const length = view.getUint32(offset, true)
    assert(length <= MAX_NOTE_BYTES, 'a packed note is within bounds')
    const end = offset + LENGTH_BYTES + length
    if (end > packed.length) break
    yield packed.subarray(offset + LENGTH_BYTES, end)
    offset = end
  }
  return offset
}

/** Signs purchases in threads of their own, in order; while the caller looks at some, the next are signed. */
export async function* signedPurchases(market: Market, range: PurchaseRange): AsyncGenerator<Uint8Array> {
  const threads = Array.from({ length: Math.max(2, availableParallelism()) }, () => new SigningThread())
  try {
    const ahead: Promise<Uint8Array>[] = []
    let next = range.from
    while (next < range.to || ahead.length > 0) {
      while (next < range.to && ahead.length < 2 * threads.length) {
        const to = Math.min(range.to, next + SIGNED_AT_A_TIME)
        const thread = threads[((next - range.from) / SIGNED_AT_A_TIME) % threads.length]!
        ahead.push(thread.sign({ market, range: { ...range, from: next, to } }))
        next = to
      }
      yield await ahead.shift()!
    }
  } finally {
    await Promise.all(threads.map((thread) => thread.close()))
  }
}

class SigningThread {
  readonly #worker = new Worker(new URL('./sign-worker.ts', import.meta.url))
  readonly #waiting: { readonly resolve: (packed: Uint8Array) => void; readonly reject: (error: unknown) => void }[] = []

  constructor() {
    this.#worker.on('message', (packed: Uint8Array) => this.#waiting.shift()!.resolve(packed))
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error)
    })
  }

  sign(job: SigningJob): Promise<Uint8Array> {
    const signed = new Promise<Uint8Array>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    // Awaited in order; until its turn a failure is not unhandled.
    signed.catch(() => {})
    this.#worker.postMessage(job)
    return signed
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** Writes packed notes to a file and waits until they are on disk, so that none of this is left to do during the measurement. */
export async function writeNotes(file: string, packs: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  const descriptor = openSync(file, 'w')
  try {
    for await (const packed of packs) for (let done = 0; done < packed.length; ) done += writeSync(descriptor, packed, done)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The notes of a file in order, a few megabytes in memory at a time. */
export function* readNotes(file: string): Generator<Uint8Array> {
  const descriptor = openSync(file, 'r')
  try {
    for (let position = 0; ; ) {
      const bytes = new Uint8Array(READ_BYTES)
      const read = readSync(descriptor, bytes, 0, READ_BYTES, position)
      if (read === 0) return
      const taken = yield* unpackNotes(bytes.subarray(0, read))
      assert(taken > 0, 'a file of notes ends with a whole one')
      position += taken
    }
  } finally {
    closeSync(descriptor)
  }
}
