/**
 * The Merkle tree of RFC 6962 (section 2.1), with SHA-256.
 *
 *     leaf = SHA-256(00 || entry)        node = SHA-256(01 || left || right)        empty tree = SHA-256("")
 *
 *         root(7)           A tree of n > 1 leaves is split after the largest power of two below n. So every part of it is
 *        /       \          named by the range of leaves below: here [0, 7) = node([0, 4), [4, 7)).
 *      [0,4)    [4,7)
 *      /  \      /  \       The hashes of complete subtrees, 2^k leaves that begin at a multiple of 2^k, never change as the
 *    0 1  2 3  4 5   6      tree grows: only those are stored. They are called nodes here: (level k, index begin / 2^k).
 *
 * Proofs are lists of ranges. That leaf 5 is in the tree above is shown by the hashes of [4, 5), [6, 7) and [0, 4). To make a
 * proof, or a root, is therefore: plan its ranges, read the nodes that they consist of, all at once, and fold them into one hash
 * a range.
 *
 *     const ranges = inclusionRanges(5, 7)
 *     const proof = foldRanges(sha256, ranges, nodesOf(ranges).map(read))
 *     verifyInclusion(sha256, { index: 5, hash }, { size: 7, root }, proof)
 *
 * Whoever verifies plans the same ranges, so one plan serves all: an inclusion proof and a consistency proof are both the proof
 * that a subtree [start, end) is part of a tree (draft-ietf-plants-merkle-tree-certs, section 4), of one leaf or of all the older
 * leaves.
 *
 * Sizes and indices are integers up to 2^53 − 1, so no operator that cuts to 32 bits may touch them.
 */
import { assert } from '../base/assert.ts'
import { equalBytes, type Sha256, tryFromBase64 } from '../base/bytes.ts'

export const HASH_BYTES = 32

const LEAF_PREFIX = 0
const NODE_PREFIX = 1

/**
 * Hash inputs are put together in memory that is used again, since making new memory takes as long as the hashing. Hash functions
 * keep nothing of what they are given.
 */
const leafInput = new Uint8Array(1 + 65_535)
const nodeInput = new Uint8Array(1 + 2 * HASH_BYTES)

/** A tree, by what a checkpoint says about it. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/** The leaves from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** A complete subtree: the leaves from index · 2^level up to (index + 1) · 2^level. */
export interface TreeNode {
  readonly level: number
  readonly index: number
}

/** A leaf, by its place and its hash. */
interface Leaf {
  readonly index: number
  readonly hash: Uint8Array
}

/** The tree over a range of leaves; `start` must be a multiple of the smallest power of two that is not below its size. */
interface Subtree extends Range {
  readonly root: Uint8Array
}

export function leafHash(sha256: Sha256, entry: Uint8Array): Uint8Array {
  const input = entry.length < leafInput.length ? leafInput : new Uint8Array(1 + entry.length)
  input[0] = LEAF_PREFIX
  input.set(entry, 1)
  return sha256(input.subarray(0, 1 + entry.length))
}

export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  assert(left.length === HASH_BYTES && right.length === HASH_BYTES, 'a node is the hash over two hashes')
  nodeInput[0] = NODE_PREFIX
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + HASH_BYTES)
  return sha256(nodeInput)
}

/** A hash from its canonical base64, as checkpoints and proofs hold it; undefined for anything else. */
export function parseHash(base64: string): Uint8Array | undefined {
  const hash = tryFromBase64(base64)
  return hash?.length === HASH_BYTES ? hash : undefined
}

export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array(0))
}

/** The range whose hash is the root of a tree of `size` leaves. */
export function rootRanges(size: number): Range[] {
  assert(isSize(size), 'a tree size is an integer from 0 to 2^53 - 1')
  return [{ start: 0, end: size }]
}

/** The ranges whose hashes, in this order, prove that leaf `index` is in the tree of `size` leaves. */
export function inclusionRanges(index: number, size: number): Range[] {
  return subtreeConsistencyRanges({ start: index, end: index + 1 }, size)
}

/** The ranges whose hashes, in this order, prove that the tree of `newSize` leaves begins with all `oldSize` of an older one. */
export function consistencyRanges(oldSize: number, newSize: number): Range[] {
  return subtreeConsistencyRanges({ start: 0, end: oldSize }, newSize)
}

/** The ranges whose hashes, in this order, prove that a subtree, which is not empty, is part of the tree of `size` leaves. */
export function subtreeConsistencyRanges(subtree: Range, size: number): Range[] {
  assert(isSubtree(subtree, size), 'a proof is of a valid subtree within the tree')
  const { seed, siblings } = planProof(subtree, size)
  return seed.start === subtree.start ? siblings : [seed, ...siblings]
}

/** The nodes that the ranges consist of, from left to right in each, in the order of the ranges. */
export function nodesOf(ranges: readonly Range[]): TreeNode[] {
  const nodes: TreeNode[] = []
  for (const { start, end } of ranges) {
    for (let next = start; next < end; ) {
      const level = floorLog2(end - next)
      const width = 2 ** level
      assert(next % width === 0, 'a range begins at a multiple of the width of its first node')
      nodes.push({ level, index: next / width })
      next += width
    }
  }
  return nodes
}

/** The hash of each range, from the hashes of `nodesOf(ranges)`. */
export function foldRanges(sha256: Sha256, ranges: readonly Range[], hashes: readonly Uint8Array[]): Uint8Array[] {
  let used = 0
  const folded = ranges.map((range) => {
    const first = used
    used += nodesOf([range]).length
    return foldHashes(sha256, hashes.slice(first, used))
  })
  assert(used === hashes.length, 'there is one hash for each node of the ranges')
  return folded
}

/** The hash over adjacent nodes, each smaller than the one to its left: they are joined from the right. */
function foldHashes(sha256: Sha256, hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return emptyRoot(sha256)
  return hashes.reduceRight((right, left) => nodeHash(sha256, left, right))
}

/**
 * The walk from a subtree to the root. `seed` is the largest part at the right end of the subtree that the tree holds undivided:
 * the subtree itself, unless the tree has grown beyond an end that is not complete. Each sibling in turn joins what was gathered.
 */
interface ProofPlan {
  readonly seed: Range
  readonly siblings: Range[]
}

function planProof(subtree: Range, size: number): ProofPlan {
  const { end } = subtree
  const siblings: Range[] = []
  let seedStart = subtree.start
  let low = 0
  let high = size
  while (low < seedStart || high > end) {
    const middle = low + 2 ** floorLog2(high - low - 1)
    if (end <= middle) {
      siblings.push({ start: middle, end: high })
      high = middle
    } else {
      siblings.push({ start: low, end: middle })
      low = middle
      // A subtree on both sides of the middle begins at `low`, being aligned: its left part is the sibling just pushed.
      seedStart = Math.max(seedStart, middle)
    }
  }
  return { seed: { start: seedStart, end }, siblings: siblings.reverse() }
}

/** Whether `proof` shows that the leaf is in the tree. Exactly the hashes that index and size imply must be there. */
export function verifyInclusion(sha256: Sha256, leaf: Leaf, tree: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (leaf.hash.length !== HASH_BYTES) return false
  const subtree = { start: leaf.index, end: leaf.index + 1, root: leaf.hash }
  return isSubtree(subtree, tree.size) && runProof(sha256, subtree, tree, proof)
}

/**
 * Whether `proof` shows that the newer tree begins with all leaves of the older one. For an empty older tree there is nothing to
 * prove, as anything continues it: the answer is false, and callers that may hold one treat that case apart.
 */
export function verifyConsistency(sha256: Sha256, older: TreeHead, newer: TreeHead, proof: readonly Uint8Array[]): boolean {
  const subtree = { start: 0, end: older.size, root: older.root }
  return isSubtree(subtree, newer.size) && runProof(sha256, subtree, newer, proof)
}

/** Whether `proof` shows that the leaf, whose index counts from the tree's beginning, is in the subtree. */
export function verifySubtreeInclusion(sha256: Sha256, leaf: Leaf, subtree: Subtree, proof: readonly Uint8Array[]): boolean {
  if (!isSubtree(subtree, subtree.end)) return false
  const moved = { index: leaf.index - subtree.start, hash: leaf.hash }
  return verifyInclusion(sha256, moved, { size: subtree.end - subtree.start, root: subtree.root }, proof)
}

/** Whether `proof` shows that the subtree is part of the tree. The empty subtree is part of every tree. */
export function verifySubtreeConsistency(
  sha256: Sha256,
  subtree: Subtree,
  tree: TreeHead,
  proof: readonly Uint8Array[],
): boolean {
  if (subtree.start === subtree.end) {
    const isWithin = isSize(subtree.end) && isSize(tree.size) && subtree.end <= tree.size
    return isWithin && proof.length === 0 && equalBytes(subtree.root, emptyRoot(sha256))
  }
  return isSubtree(subtree, tree.size) && runProof(sha256, subtree, tree, proof)
}

/** Recomputes both the subtree's root and the tree's from the proof, and compares. */
function runProof(sha256: Sha256, subtree: Subtree, tree: TreeHead, proof: readonly Uint8Array[]): boolean {
  const { seed, siblings } = planProof(subtree, tree.size)
  const [seedHash, ...path] = seed.start === subtree.start ? [subtree.root, ...proof] : proof
  if (seedHash === undefined || path.length !== siblings.length) return false
  // Only hashes may be hashed: bytes moved from one operand to the other would give the same node.
  if (path.length > 0 && ![seedHash, ...path].every((hash) => hash.length === HASH_BYTES)) return false
  let subtreeRoot = seedHash
  let treeRoot = seedHash
  for (const [i, sibling] of siblings.entries()) {
    const hash = path[i]!
    const isOnTheRight = sibling.start >= subtree.end
    treeRoot = isOnTheRight ? nodeHash(sha256, treeRoot, hash) : nodeHash(sha256, hash, treeRoot)
    const isWithin = sibling.start >= subtree.start && sibling.end <= subtree.end
    if (isWithin) subtreeRoot = nodeHash(sha256, hash, subtreeRoot)
  }
  return equalBytes(subtreeRoot, subtree.root) && equalBytes(treeRoot, tree.root)
}

/**
 * The right edge of a growing tree: the nodes that a tree of this size consists of, one for each bit set in the size, the largest
 * first. It is all that is needed to append leaves and to know the root, at most 53 hashes, and cheap to copy.
 */
export class Frontier {
  readonly #sha256: Sha256
  #size: number
  #hashes: Uint8Array[]

  constructor(sha256: Sha256, size = 0, hashes: readonly Uint8Array[] = []) {
    assert(isSize(size), 'a tree size is an integer from 0 to 2^53 - 1')
    assert(hashes.length === nodesOf(rootRanges(size)).length, 'a frontier has one hash for each bit set in its size')
    this.#sha256 = sha256
    this.#size = size
    this.#hashes = [...hashes]
  }

  get size(): number {
    return this.#size
  }

  /** The hashes of `nodesOf(rootRanges(size))`. */
  get hashes(): readonly Uint8Array[] {
    return this.#hashes
  }

  /** Appends a leaf; returns the hashes of all nodes that it completes, by level: of the leaf itself, of a pair, and so on. */
  append(leafHash: Uint8Array): Uint8Array[] {
    assert(leafHash.length === HASH_BYTES, 'a leaf hash has 32 bytes')
    assert(this.#size < Number.MAX_SAFE_INTEGER, 'the tree is full')
    const completed = [leafHash]
    let hash = leafHash
    // As in counting: each bit that carries joins two nodes of one level into one of the next.
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      hash = nodeHash(this.#sha256, this.#hashes.pop()!, hash)
      completed.push(hash)
    }
    this.#hashes.push(hash)
    this.#size += 1
    return completed
  }

  root(): Uint8Array {
    return foldHashes(this.#sha256, this.#hashes)
  }

  /** A frontier that grows on its own. The hashes are shared, since nobody changes them. */
  copy(): Frontier {
    return new Frontier(this.#sha256, this.#size, this.#hashes)
  }
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/**
 * Whether the range is a subtree, not empty, of trees of `size` leaves: aligned so that the tree is never split across its start.
 */
function isSubtree({ start, end }: Range, size: number): boolean {
  if (!isSize(start) || !isSize(end) || !isSize(size) || start >= end || end > size) return false
  const width = end - start
  const alignment = width === 1 ? 1 : 2 ** (floorLog2(width - 1) + 1)
  return start % alignment === 0
}

/** The largest k with 2^k <= value, exact up to 2^53 − 1. */
function floorLog2(value: number): number {
  assert(value >= 1, 'only positive numbers have a logarithm')
  let level = 0
  for (let power = 2; power <= value; power *= 2) level++
  return level
}
