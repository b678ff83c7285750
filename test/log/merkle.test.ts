import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, equalBytes, toHex, utf8 } from '../../core/base/bytes.ts'
import {
  consistencyRanges,
  emptyRoot,
  Frontier,
  foldRanges,
  inclusionRanges,
  leafHash,
  nodeHash,
  nodesOf,
  parseHash,
  type Range,
  rootRanges,
  subtreeConsistencyRanges,
  type TreeNode,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../../core/log/merkle.ts'
import { base64, expectInvariantError, hex, leafHashes, NaiveTree, readVectors, readVectorTree, sha256 } from './support.ts'

const MAX_SIZE = 300
const naive = new NaiveTree(leafHashes(MAX_SIZE))
const naiveNode = ({ level, index }: TreeNode) => naive.hash(index * 2 ** level, (index + 1) * 2 ** level)
const build = (ranges: Range[], read = naiveNode) => foldRanges(sha256, ranges, nodesOf(ranges).map(read))

describe('published vectors', () => {
  interface Vector {
    proof: string[] | null
    wantErr: boolean
  }
  const kinds = {
    inclusion: readVectorTree<Vector & { leafIdx: number; treeSize: number; root: string; leafHash: string }>(
      'merkle/testdata/inclusion',
    ).map(([name, { leafIdx, treeSize, root, leafHash, proof, wantErr }]) => {
      const tree = { size: treeSize, root: base64(root) }
      const leaf = { index: leafIdx, hash: base64(leafHash) }
      return { name, wantErr, isProven: () => verifyInclusion(sha256, leaf, tree, (proof ?? []).map(base64)) }
    }),
    consistency: readVectorTree<Vector & { size1: number; size2: number; root1: string; root2: string }>(
      'merkle/testdata/consistency',
    ).map(([name, { size1, size2, root1, root2, proof, wantErr }]) => {
      const older = { size: size1, root: base64(root1) }
      const newer = { size: size2, root: base64(root2) }
      return { name, wantErr, isProven: () => verifyConsistency(sha256, older, newer, (proof ?? []).map(base64)) }
    }),
    'subtree inclusion': readVectorTree<Vector & { leafIdx: number; start: number; end: number; root: string; leafHash: string }>(
      'merkle/testdata/subtreeinclusion',
    ).map(([name, { leafIdx, start, end, root, leafHash, proof, wantErr }]) => {
      const leaf = { index: leafIdx, hash: base64(leafHash) }
      const subtree = { start, end, root: base64(root) }
      return { name, wantErr, isProven: () => verifySubtreeInclusion(sha256, leaf, subtree, (proof ?? []).map(base64)) }
    }),
    'subtree consistency': readVectorTree<Vector & { start: number; end: number; size: number; root1: string; root2: string }>(
      'merkle/testdata/subtreeconsistency',
    ).map(([name, { start, end, size, root1, root2, proof, wantErr }]) => {
      const subtree = { start, end, root: base64(root1) }
      const tree = { size, root: base64(root2) }
      return { name, wantErr, isProven: () => verifySubtreeConsistency(sha256, subtree, tree, (proof ?? []).map(base64)) }
    }),
  }

  test.each(Object.entries(kinds))('%s', (_, cases) => {
    for (const { name, wantErr, isProven } of cases) expect(isProven(), name).toBe(!wantErr)
  })

  test('are all there', () => {
    expect(Object.values(kinds).map((cases) => cases.length)).toEqual([98, 98, 204, 118])
    expect(
      Object.values(kinds)
        .flat()
        .filter(({ wantErr }) => wantErr).length,
    ).toBe(482)
  })

  test('the tree of Certificate Transparency', () => {
    const tree = readVectors<{ emptyRoot: string; leafInputs: string[]; nodeHashes: string[][]; rootHashes: string[] }>(
      'merkle/rfc6962.json',
    )
    expect(tree.rootHashes.length).toBe(9)
    const frontier = new Frontier(sha256)
    const nodes = new Map<number, string[]>()
    expect(toHex(emptyRoot(sha256))).toBe(tree.emptyRoot)
    for (const [size, root] of tree.rootHashes.entries()) {
      expect(toHex(frontier.root())).toBe(root)
      if (size === tree.leafInputs.length) break
      for (const [level, hash] of frontier.append(leafHash(sha256, hex(tree.leafInputs[size]!))).entries()) {
        nodes.set(level, [...(nodes.get(level) ?? []), toHex(hash)])
      }
    }
    expect([...nodes.values()]).toEqual(tree.nodeHashes)
  })

  test('the specification example of this project', () => {
    const hashes = {
      alpha: '2a158d8afd48e3f88cb4195dfdb2a9e4817d95fa57fd34440d93f9aae5c4f82b',
      beta: 'e23537b050e84af2cbaab46f2f83d8d3b5febc8e5ac6200d306284f687d46924',
      gamma: '4c79d0d62f7cf5ca8874155f2d3b875f2625da2bb3abc86bbd6833f25ba90e51',
    }
    for (const [entry, hash] of Object.entries(hashes)) expect(toHex(leafHash(sha256, utf8(entry)))).toBe(hash)
    const pair = nodeHash(sha256, hex(hashes.alpha), hex(hashes.beta))
    expect(toHex(pair)).toBe('983cb57c04cddd52634edab38a7bef85708a974f114bbd9aa9ec5d4ce6656b4b')
    const root = nodeHash(sha256, pair, hex(hashes.gamma))
    expect(toHex(root)).toBe('385da30f3917282c8939dff851957e519ab1846b1351a14c0adb3b11632742aa')
    const older = { size: 1, root: hex(hashes.alpha) }
    const proof = ['4jU3sFDoSvLLqrRvL4PY07X+vI5axiANMGKE9ofUaSQ=', 'THnQ1i989cqIdBVfLTuHXyYl2iuzq8hrvWgz8lupDlE=']
    expect(verifyConsistency(sha256, older, { size: 3, root }, proof.map(base64))).toBe(true)
  })
})

describe('as RFC 6962 defines them, for all sizes up to 300', () => {
  test('roots, from stored nodes and from a frontier', () => {
    const frontier = new Frontier(sha256)
    for (let size = 0; size <= MAX_SIZE; size++) {
      const root = naive.hash(0, size)
      expect(frontier.size).toBe(size)
      expect(equalBytes(frontier.root(), root)).toBe(true)
      expect(equalBytes(build(rootRanges(size))[0]!, root)).toBe(true)
      expect(frontier.hashes).toEqual(nodesOf(rootRanges(size)).map(naiveNode))
      if (size < MAX_SIZE) frontier.append(naive.leaves[size]!)
    }
  })

  test('inclusion proofs', () => {
    for (let size = 1; size <= MAX_SIZE; size++) {
      const tree = { size, root: naive.hash(0, size) }
      for (let index = 0; index < size; index++) {
        const proof = build(inclusionRanges(index, size))
        expectSameHashes(proof, naive.path(index, 0, size))
        if (!verifyInclusion(sha256, { index, hash: naive.leaves[index]! }, tree, proof)) expect.fail(`${index} in ${size}`)
      }
    }
  })

  test('consistency proofs', () => {
    for (let newSize = 1; newSize <= MAX_SIZE; newSize++) {
      const newer = { size: newSize, root: naive.hash(0, newSize) }
      for (let size = 1; size <= newSize; size++) {
        const proof = build(consistencyRanges(size, newSize))
        expectSameHashes(proof, naive.subtreeProof(0, size, newSize))
        const older = { size, root: naive.hash(0, size) }
        if (!verifyConsistency(sha256, older, newer, proof)) expect.fail(`${size} to ${newSize}`)
      }
    }
  })

  test('subtree proofs, for sizes up to 48', () => {
    let count = 0
    for (let size = 1; size <= 48; size++) {
      const tree = { size, root: naive.hash(0, size) }
      for (let start = 0; start < size; start++) {
        for (let end = start + 1; end <= size; end++) {
          const subtree = { start, end, root: naive.hash(start, end) }
          if (!isAligned(start, end - start)) {
            expectInvariantError(() => subtreeConsistencyRanges(subtree, size))
            continue
          }
          count++
          const proof = build(subtreeConsistencyRanges(subtree, size))
          expectSameHashes(proof, naive.subtreeProof(start, end, size))
          expect(verifySubtreeConsistency(sha256, subtree, tree, proof)).toBe(true)
          const leaf = { index: end - 1, hash: naive.leaves[end - 1]! }
          expect(verifySubtreeInclusion(sha256, leaf, subtree, naive.path(end - 1 - start, start, end))).toBe(true)
        }
      }
    }
    expect(count).toBeGreaterThan(3000)
  })

  function isAligned(start: number, width: number): boolean {
    let alignment = 1
    while (alignment < width) alignment *= 2
    return start % alignment === 0
  }

  /** Quicker than the comparison of the test runner, which matters for ninety thousand proofs. */
  function expectSameHashes(actual: Uint8Array[], expected: Uint8Array[]): void {
    const isSame = actual.length === expected.length && actual.every((hash, i) => equalBytes(hash, expected[i]!))
    if (!isSame) expect(actual).toEqual(expected)
  }
})

describe('tampered proofs are refused', () => {
  const flip = (hash: Uint8Array, bit: number) => hash.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
  const zero = new Uint8Array(32)

  /** Every way to spoil a list of hashes that leaves a different list. */
  const spoil = (proof: Uint8Array[], at: number, bit: number): Uint8Array[][] => {
    const i = proof.length === 0 ? 0 : at % proof.length
    const extended = [
      [...proof, zero],
      [zero, ...proof],
    ]
    if (proof.length === 0) return extended
    return [
      ...extended,
      proof.toSpliced(i, 1),
      proof.toSpliced(i, 0, proof[i]!),
      proof.with(i, flip(proof[i]!, bit)),
      proof.with(i, proof[i]!.subarray(1)),
      proof.with(i, concatBytes(proof[i]!, zero)),
      proof.with(i, new Uint8Array(0)),
      ...(proof.length > 1 ? [proof.toReversed()] : []),
    ]
  }
  const sizes = fc.tuple(fc.integer({ min: 1, max: MAX_SIZE }), fc.nat()).map(([size, part]) => ({ size, part: part % size }))

  test('of inclusion', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.integer({ min: 0, max: 255 }), ({ size, part: index }, at, bit) => {
        const tree = { size, root: naive.hash(0, size) }
        const leaf = { index, hash: naive.leaves[index]! }
        const proof = build(inclusionRanges(index, size))
        expect(verifyInclusion(sha256, leaf, tree, proof)).toBe(true)
        for (const spoiled of spoil(proof, at, bit)) expect(verifyInclusion(sha256, leaf, tree, spoiled)).toBe(false)
        expect(verifyInclusion(sha256, { ...leaf, hash: flip(leaf.hash, bit) }, tree, proof)).toBe(false)
        expect(verifyInclusion(sha256, leaf, { ...tree, root: flip(tree.root, bit) }, proof)).toBe(false)
        const otherIndex = at % size
        expect(verifyInclusion(sha256, { ...leaf, index: otherIndex }, tree, proof)).toBe(otherIndex === index)
      }),
      { numRuns: 500 },
    )
  })

  test('of consistency', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.integer({ min: 0, max: 255 }), ({ size, part }, at, bit) => {
        const older = { size: part + 1, root: naive.hash(0, part + 1) }
        const newer = { size, root: naive.hash(0, size) }
        const proof = build(consistencyRanges(older.size, size))
        expect(verifyConsistency(sha256, older, newer, proof)).toBe(true)
        for (const spoiled of spoil(proof, at, bit)) expect(verifyConsistency(sha256, older, newer, spoiled)).toBe(false)
        expect(verifyConsistency(sha256, { ...older, root: flip(older.root, bit) }, newer, proof)).toBe(false)
        expect(verifyConsistency(sha256, older, { ...newer, root: flip(newer.root, bit) }, proof)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('and of a subtree', () => {
    const subtree = { start: 8, end: 13, root: naive.hash(8, 13) }
    const tree = { size: 21, root: naive.hash(0, 21) }
    const proof = build(subtreeConsistencyRanges(subtree, tree.size))
    expect(verifySubtreeConsistency(sha256, subtree, tree, proof)).toBe(true)
    for (let i = 0; i < proof.length; i++) {
      for (const spoiled of spoil(proof, i, i)) expect(verifySubtreeConsistency(sha256, subtree, tree, spoiled)).toBe(false)
    }
    expect(verifySubtreeConsistency(sha256, { ...subtree, root: flip(subtree.root, 0) }, tree, proof)).toBe(false)
  })

  test('where bytes were moved from one operand to the other', () => {
    const [left, right] = [naive.leaves[0]!, naive.leaves[1]!]
    const newer = { size: 2, root: naive.hash(0, 2) }
    expect(verifyConsistency(sha256, { size: 1, root: left }, newer, [right])).toBe(true)
    const moved = concatBytes(left.subarray(31), right)
    expect(verifyConsistency(sha256, { size: 1, root: left.subarray(0, 31) }, newer, [moved])).toBe(false)
  })

  test('but a path alone does not bind the size of the tree: the signature of the checkpoint does', () => {
    const proof = build(inclusionRanges(0, 300))
    const leaf = { index: 0, hash: naive.leaves[0]! }
    expect(verifyInclusion(sha256, leaf, { size: 299, root: naive.hash(0, 300) }, proof)).toBe(true)
  })
})

describe('large trees', () => {
  /** In a tree of equal leaves all nodes of a level are equal, so trees of any size can be computed. */
  const equalNodes = [leafHash(sha256, utf8('equal'))]
  for (let level = 1; level <= 53; level++) equalNodes.push(nodeHash(sha256, equalNodes.at(-1)!, equalNodes.at(-1)!))
  const read = ({ level, index }: TreeNode) => {
    expect(Number.isSafeInteger(index)).toBe(true)
    return equalNodes[level]!
  }
  const headOf = (size: number) => ({ size, root: build(rootRanges(size), read)[0]! })
  const MAX = Number.MAX_SAFE_INTEGER
  const SIZES = [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 40 + 3, 2 ** 52 + 1, MAX - 1, MAX]

  test.each(SIZES)('inclusion in %i leaves', (size) => {
    const tree = headOf(size)
    for (const index of [0, 1, Math.floor(size / 3), 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, size - 2, size - 1]) {
      if (index >= size) continue
      const ranges = inclusionRanges(index, size)
      const proof = build(ranges, read)
      expect(verifyInclusion(sha256, { index, hash: equalNodes[0]! }, tree, proof)).toBe(true)
      expect(verifyInclusion(sha256, { index, hash: equalNodes[1]! }, tree, proof)).toBe(false)
      expect(coverage(index, index + 1, ranges)).toBe(size)
    }
  })

  test.each(SIZES)('consistency with %i leaves', (size) => {
    for (const olderSize of [1, 2 ** 31 - 1, Math.floor(size / 3), 2 ** 31, 2 ** 32 - 1, 2 ** 32, size - 1, size]) {
      if (olderSize > size) continue
      const proof = build(consistencyRanges(olderSize, size), read)
      expect(verifyConsistency(sha256, headOf(olderSize), headOf(size), proof)).toBe(true)
      if (proof.length > 0) expect(verifyConsistency(sha256, headOf(olderSize), headOf(size), proof.slice(1))).toBe(false)
    }
  })

  /** The leaves that lie in the ranges or between: all must be covered, without a gap or an overlap. */
  function coverage(start: number, end: number, ranges: Range[]): number {
    let [low, high] = [start, end]
    for (const range of ranges) {
      expect(range.end === low || range.start === high).toBe(true)
      if (range.end === low) low = range.start
      else high = range.end
    }
    expect(low).toBe(0)
    return high
  }

  test('a frontier grows up to 2^53 - 1 leaves and no further', () => {
    const frontier = new Frontier(sha256, MAX - 1, nodesOf(rootRanges(MAX - 1)).map(read))
    expect(frontier.root()).toEqual(headOf(MAX - 1).root)
    expect(frontier.append(equalNodes[0]!).length).toBe(1)
    expect(frontier.root()).toEqual(headOf(MAX).root)
    expectInvariantError(() => frontier.append(equalNodes[0]!))
    const middle = new Frontier(sha256, 2 ** 40 - 1, nodesOf(rootRanges(2 ** 40 - 1)).map(read))
    expect(middle.append(equalNodes[0]!)).toEqual(equalNodes.slice(0, 41))
    expect(middle.hashes).toEqual([equalNodes[40]])
  })
})

describe('a frontier', () => {
  test('and its copy grow apart', () => {
    const frontier = new Frontier(sha256)
    for (const leaf of naive.leaves.slice(0, 7)) frontier.append(leaf)
    const copy = frontier.copy()
    copy.append(naive.leaves[7]!)
    expect([frontier.size, copy.size]).toEqual([7, 8])
    expect(frontier.root()).toEqual(naive.hash(0, 7))
    expect(copy.root()).toEqual(naive.hash(0, 8))
    frontier.append(naive.leaves[100]!)
    expect(copy.root()).toEqual(naive.hash(0, 8))
  })

  test('keeps no hold of the list that it was made from', () => {
    const hashes = [naive.hash(0, 2), naive.hash(2, 3)]
    const frontier = new Frontier(sha256, 3, hashes)
    hashes.pop()
    expect(frontier.root()).toEqual(naive.hash(0, 3))
  })

  test('must have as many hashes as its size has bits', () => {
    expectInvariantError(() => new Frontier(sha256, 3, [naive.hash(0, 2)]))
    expectInvariantError(() => new Frontier(sha256, 0, [naive.hash(0, 2)]))
    expectInvariantError(() => new Frontier(sha256, -1))
    expectInvariantError(() => new Frontier(sha256).append(new Uint8Array(31)))
  })
})

describe('impossible sizes', () => {
  const hash = naive.leaves[0]!
  const impossible = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 64]

  test('are answered false where foreign', () => {
    for (const size of impossible) {
      const tree = { size, root: hash }
      expect(verifyInclusion(sha256, { index: 0, hash }, tree, [])).toBe(false)
      expect(verifyInclusion(sha256, { index: size, hash }, { size: 1, root: hash }, [])).toBe(false)
      expect(verifyConsistency(sha256, tree, tree, [])).toBe(false)
      expect(verifyConsistency(sha256, { size: 1, root: hash }, tree, [])).toBe(false)
      expect(verifySubtreeConsistency(sha256, { start: size, end: size, root: emptyRoot(sha256) }, tree, [])).toBe(false)
      expect(verifySubtreeInclusion(sha256, { index: size, hash }, { start: 0, end: 1, root: hash }, [])).toBe(false)
    }
    expect(verifyInclusion(sha256, { index: 1, hash }, { size: 1, root: hash }, [])).toBe(false)
    expect(verifyConsistency(sha256, { size: 0, root: emptyRoot(sha256) }, { size: 1, root: hash }, [])).toBe(false)
  })

  test("are a program's mistake where its own", () => {
    for (const size of impossible) {
      expectInvariantError(() => rootRanges(size))
      expectInvariantError(() => inclusionRanges(0, size))
      expectInvariantError(() => consistencyRanges(size, 3))
    }
    expectInvariantError(() => inclusionRanges(3, 3))
    expectInvariantError(() => consistencyRanges(0, 3))
    expectInvariantError(() => consistencyRanges(4, 3))
    expectInvariantError(() => nodesOf([{ start: 1, end: 3 }]))
    expectInvariantError(() => foldRanges(sha256, rootRanges(3), [hash]))
    expectInvariantError(() => foldRanges(sha256, rootRanges(3), [hash, hash, hash]))
  })
})

test('a hash is 32 bytes in canonical base64', () => {
  expect(parseHash('THnQ1i989cqIdBVfLTuHXyYl2iuzq8hrvWgz8lupDlE=')?.length).toBe(32)
  for (const bad of ['', 'THnQ', 'THnQ1i989cqIdBVfLTuHXyYl2iuzq8hrvWgz8lupDlE', 'THnQ1i989cqIdBVfLTuHXyYl2iuzq8hrvWgz8lupDlF=']) {
    expect(parseHash(bad)).toBeUndefined()
  }
})
