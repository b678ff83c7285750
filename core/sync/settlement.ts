/**
 * What the mirror's log says of the notes in the outbox beside it. The log is right: a note that is in it was accepted, whatever
 * the hub answered or failed to answer. And a receipt has to be of this very log: a hub that promised one history and published
 * another has signed both, which is evidence for everybody.
 */

import { assert } from '../base/assert.ts'
import { equalBytes, type Sha256 } from '../base/bytes.ts'
import { MAX_PROOF_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { entryCount } from '../base/plural.ts'
import type { Milliseconds } from '../domain/time.ts'
import type { OutboxAnswer, OutboxNote, OutboxStore } from '../ledger/outbox-store.ts'
import { receiptOf } from '../ledger/receipt.ts'
import type { StoreReader } from '../ledger/store.ts'
import { readCheckpoint } from '../log/checkpoint.ts'
import type { TreeHead } from '../log/merkle.ts'
import { parseProof } from '../log/proof.ts'
import type { Evidence } from './evidence.ts'
import { type Prefix, readOwnPrefix } from './remote-tree.ts'

/** Notes looked at together. */
const PAGE = 100

interface SettlementOptions {
  readonly sha256: Sha256
  readonly outbox: OutboxStore
  /** The mirror, after a round. */
  readonly store: StoreReader
  readonly now: () => Milliseconds
}

/**
 * Settles what the log has, and compares receipts with it. Returns evidence where the hub signed a history that is not this one.
 */
export async function settle(options: SettlementOptions): Promise<Evidence | undefined> {
  const signed = await options.store.checkpoint()
  const head = signed && readCheckpoint(signed)
  if (signed === undefined || head === undefined || head instanceof Malformed) return undefined
  await settleLogged(options)
  return compareReceipts(options, signed, head)
}

/** Notes that were refused, or not answered, and that the log has all the same. */
async function settleLogged({ sha256, outbox, store, now }: SettlementOptions): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = await outbox.list(['queued', 'sent', 'refused'], after, PAGE)
    const indexes = await store.indexes(page.map(({ id }) => id))
    const answers = new Map<string, OutboxAnswer>()
    for (const [i, { id }] of page.entries()) {
      const index = indexes[i]
      const receipt = index === undefined ? undefined : await receiptOf(sha256, store, index)
      if (receipt !== undefined) answers.set(id, { status: 'accepted', index: index!, receipt: receipt.file })
    }
    if (answers.size > 0) await outbox.settle(answers, now())
    if (page.length < PAGE) return
    after = page.at(-1)!.id
  }
}

async function compareReceipts(
  { sha256, outbox, store }: SettlementOptions,
  signed: Uint8Array,
  head: TreeHead,
): Promise<Evidence | undefined> {
  /** The sizes at which a receipt turned out to be of this log. */
  const same = new Set<number>()
  for (let after: string | undefined; ; ) {
    const page = await outbox.unmirrored(after, PAGE)
    const mirrored: string[] = []
    for (const kept of page) {
      const receipt = checkpointOf(kept)
      // The published log may lag behind what was signed when the hub answered.
      if (receipt.head.size > head.size) continue
      const prefix = same.has(receipt.head.size) ? undefined : await readOwnPrefix(sha256, store, receipt.head.size, head)
      if (prefix !== undefined && !equalBytes(prefix.root, receipt.head.root))
        return fork(receipt.signed, signed, receipt.head.size, prefix)
      same.add(receipt.head.size)
      mirrored.push(kept.id)
    }
    if (mirrored.length > 0) await outbox.markMirrored(mirrored)
    if (page.length < PAGE) return undefined
    after = page.at(-1)!.id
  }
}

/** The checkpoint that a verified receipt rests on. */
function checkpointOf({ answer }: OutboxNote): { readonly signed: Uint8Array; readonly head: TreeHead } {
  assert(answer?.status === 'accepted', 'it is accepted')
  const proof = parseProof(answer.receipt, MAX_PROOF_BYTES)
  assert(!(proof instanceof Malformed), 'a receipt was verified before it was kept')
  const head = readCheckpoint(proof.checkpoint)
  assert(!(head instanceof Malformed), 'a receipt was verified before it was kept')
  return { signed: proof.checkpoint, head }
}

function fork(held: Uint8Array, shown: Uint8Array, size: number, prefix: Prefix): Evidence {
  const message = `The hub gave a receipt for a tree of ${entryCount(size)} with which the log that it publishes does not begin.`
  return { kind: 'fork', message, held, shown, prefix: prefix.root, path: prefix.path }
}
