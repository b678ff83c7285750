/**
 * Receipts and balance proofs: what the log says of one entry or one account, checked offline with nothing but the log's vkey.
 *
 * Both are `.tlog-proof` files (core/log/proof.ts), whose `extra` line holds what is proven:
 *
 *   a receipt          the bytes of the entry; the proof shows that they are in the log
 *   a balance proof    canonical JSON {"closing":"<base64>","leaf":"<text>","path":["<base64>",…]}: the entry of a
 *                      period.close, an account's leaf of its state root, and the audit path between the two; the proof
 *                      shows that the period.close is in the log, whose every replay has checked its root
 *
 * A program that knows only tlog-proof cuts the entry out of the extra data and checks the file all the same.
 */

import { assert } from '../base/assert.ts'
import { type Sha256, toBase64, tryFromBase64, tryFromHex, tryUtf8Decode, utf8 } from '../base/bytes.ts'
import { MAX_PROOF_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { canonicalize, type Json, parseCanonical } from '../domain/canonical.ts'
import { parseSignedTransaction, type Tools, type Transaction } from '../domain/envelope.ts'
import { stateNodes, stateProofHolds } from '../domain/state-root.ts'
import type { Milliseconds } from '../domain/time.ts'
import { type LogTrust, type OpenedCheckpoint, readCheckpoint } from '../log/checkpoint.ts'
import { foldRanges, inclusionRanges, leafHash, nodesOf, type TreeNode } from '../log/merkle.ts'
import { Unverified } from '../log/note.ts'
import { formatProof, type LogProof, parseProof, verifyProof } from '../log/proof.ts'
import { readNode, tilesOf } from '../log/tiles.ts'
import { type Entry, parseEntry } from './entry.ts'
import { type LogReader, StoreError } from './store.ts'
import { tileReader } from './tree.ts'

/**
 * The proofs that entries are in the log, by one of its checkpoints; undefined for entries that the checkpoint does not cover.
 * What the proofs have in common, tiles and the hashes above their leaves, is read and computed once: a hundred neighbours cost a
 * few hashes each.
 */
async function proveEntries(
  sha256: Sha256,
  log: LogReader,
  indexes: readonly number[],
  checkpoint: Uint8Array | undefined,
): Promise<(LogProof | undefined)[]> {
  const head = checkpoint && readCheckpoint(checkpoint)
  if (checkpoint === undefined || head === undefined) return indexes.map(() => undefined)
  if (head instanceof Malformed) throw new StoreError('damaged', 'The last checkpoint is damaged; nimledger verify tells more.')
  const ranges = indexes.map((index) => (index < head.size ? inclusionRanges(index, head.size) : undefined))
  const needed = ranges.flatMap((range) => (range === undefined ? [] : nodesOf(range)))
  const readTile = await tileReader(log, tilesOf(needed, head.size))
  const known = new Map<string, Uint8Array>()
  const hashOf = (node: TreeNode): Uint8Array => {
    const name = `${node.level}/${node.index}`
    const hash = known.get(name) ?? readNode(sha256, readTile, node)
    known.set(name, hash)
    return hash
  }
  return ranges.map(
    (range, i) => range && { index: indexes[i]!, path: foldRanges(sha256, range, nodesOf(range).map(hashOf)), checkpoint },
  )
}

/** The proof that one entry is in the log. */
export async function proveEntry(
  sha256: Sha256,
  log: LogReader,
  index: number,
  checkpoint: Uint8Array | undefined,
): Promise<LogProof | undefined> {
  return (await proveEntries(sha256, log, [index], checkpoint))[0]
}

interface Receipt {
  readonly file: Uint8Array
  /** The entry, as it is in the log. */
  readonly entry: Uint8Array
}

/**
 * The receipts of entries; undefined for those that no checkpoint covers. Each rests on the checkpoint that witnesses cosigned
 * last, if that is given and covers the entry, and otherwise on the log's last.
 */
export async function receiptsOf(
  sha256: Sha256,
  log: LogReader,
  indexes: readonly number[],
  cosigned?: Uint8Array,
): Promise<(Receipt | undefined)[]> {
  const witnessed = await proveEntries(sha256, log, indexes, cosigned)
  const others = indexes.filter((_, i) => witnessed[i] === undefined)
  const signed = await proveEntries(sha256, log, others, await log.checkpoint())
  const proofs = witnessed.map((proof) => proof ?? signed.shift())
  return Promise.all(
    proofs.map(async (proof) => {
      const [stored] = proof === undefined ? [] : await log.entries(proof.index, 1)
      return proof && stored && { file: formatProof({ ...proof, extra: stored.bytes }), entry: stored.bytes }
    }),
  )
}

/** The receipt of one entry. */
export async function receiptOf(
  sha256: Sha256,
  log: LogReader,
  index: number,
  cosigned?: Uint8Array,
): Promise<Receipt | undefined> {
  return (await receiptsOf(sha256, log, [index], cosigned))[0]
}

/**
 * The proof of what leaf `number` says, one of the `leaves` from which the period.close at `index` made its state root; undefined
 * where the last checkpoint does not cover that entry.
 */
export async function balanceProofOf(
  sha256: Sha256,
  log: LogReader,
  index: number,
  leaves: readonly string[],
  number: number,
  cosigned?: Uint8Array,
): Promise<Uint8Array | undefined> {
  const receipt = await receiptOf(sha256, log, index, cosigned)
  const proof = receipt && parseProof(receipt.file, MAX_PROOF_BYTES)
  if (proof === undefined || proof instanceof Malformed) return undefined
  const ranges = inclusionRanges(number, leaves.length)
  const nodes = stateNodes(sha256, leaves)
  const hashes = nodesOf(ranges).map(({ level, index: at }) => nodes.get(`${level}/${at}`)!)
  const path = foldRanges(sha256, ranges, hashes).map(toBase64)
  const extra = canonicalize({ closing: toBase64(receipt!.entry), leaf: leaves[number]!, path })
  return formatProof({ ...proof, extra: utf8(extra) })
}

/** What a file proves. */
export type Proven = ProvenEntry | ProvenBalance

interface ProvenEntry {
  readonly what: 'entry'
  readonly index: number
  readonly time: Milliseconds
  readonly bytes: Uint8Array
  readonly transaction: Transaction
  readonly opened: OpenedCheckpoint
}

export interface ProvenBalance {
  readonly what: 'balance'
  /** The period.close. */
  readonly closing: ProvenEntry
  /** What the state root says of the account: state-root.ts tells its fields. */
  readonly leaf: { readonly [field: string]: Json }
  readonly opened: OpenedCheckpoint
}

/**
 * What a receipt or a balance proof shows to those who trust the log so; or what is wrong with it. `beside` is the entry, given
 * apart: a receipt that another program made may have no extra line.
 */
export function checkProof(
  tools: Tools,
  file: Uint8Array,
  trust: LogTrust,
  beside?: Uint8Array,
): Proven | Malformed | Unverified {
  const proof = parseProof(file, MAX_PROOF_BYTES)
  if (proof instanceof Malformed) return proof
  const bytes = proof.extra ?? beside
  if (bytes === undefined) return new Malformed('the file holds no entry in its extra line, and none lies beside it')
  const entry = parseEntry(bytes)
  if (!(entry instanceof Malformed)) return checkEntry(tools, proof, { ...entry, bytes }, trust)
  return proof.extra === undefined ? entry : checkBalance(tools, proof, proof.extra, trust)
}

function checkEntry(
  { rules, sha256 }: Tools,
  proof: LogProof,
  { time, note, bytes }: Entry & { readonly bytes: Uint8Array },
  trust: LogTrust,
): ProvenEntry | Malformed | Unverified {
  const opened = verifyProof(sha256, proof, leafHash(sha256, bytes), trust)
  if (opened instanceof Malformed) return opened
  const transaction = parseSignedTransaction(rules, sha256, note)
  if (transaction instanceof Malformed) return transaction
  return { what: 'entry', index: proof.index, time, bytes, transaction, opened }
}

/** The extra data of a balance proof, field by field. */
function parseBalance(extra: Uint8Array): { closing: Uint8Array; leaf: string; path: Uint8Array[] } | Malformed {
  const wrong = new Malformed('the extra line holds neither an entry nor the proof of a balance')
  const text = tryUtf8Decode(extra)
  const value = text === undefined ? wrong : parseCanonical(text)
  if (value instanceof Malformed || typeof value !== 'object' || Array.isArray(value)) return wrong
  const { closing, leaf, path, ...more } = value as { readonly [field: string]: Json }
  const entry = typeof closing === 'string' ? tryFromBase64(closing) : undefined
  const hashes = Array.isArray(path) ? path.map((hash) => (typeof hash === 'string' ? tryFromBase64(hash) : undefined)) : []
  const isWhole = entry !== undefined && typeof leaf === 'string' && Array.isArray(path) && Object.keys(more).length === 0
  if (!isWhole || !hashes.every((hash) => hash !== undefined)) return wrong
  return { closing: entry, leaf, path: hashes }
}

function checkBalance(tools: Tools, proof: LogProof, extra: Uint8Array, trust: LogTrust): ProvenBalance | Malformed | Unverified {
  const balance = parseBalance(extra)
  if (balance instanceof Malformed) return balance
  const entry = parseEntry(balance.closing)
  if (entry instanceof Malformed) return entry
  const closing = checkEntry(tools, proof, { ...entry, bytes: balance.closing }, trust)
  if (closing instanceof Malformed) return closing
  const { transaction, opened } = closing
  if (transaction.definition.type !== 'period.close') return new Unverified('the entry that it names closes no books')
  const leaf = parseCanonical(balance.leaf)
  if (leaf instanceof Malformed) return leaf
  const { number } = leaf as { readonly number?: Json }
  const { accounts, stateRoot } = transaction.body as { readonly accounts: number; readonly stateRoot: string }
  const root = tryFromHex(stateRoot)
  assert(root !== undefined, 'a state root is hex')
  const isNumber = typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 && number < accounts
  if (!isNumber || !stateProofHolds(tools.sha256, balance.leaf, number, { size: accounts, root }, balance.path)) {
    return new Unverified('the path does not lead from the account to the state root of the closing')
  }
  return { what: 'balance', closing, leaf: leaf as ProvenBalance['leaf'], opened }
}
