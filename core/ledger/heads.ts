/**
 * For each account the tree over the entries that touched it, as compact as it can be kept: the nodes at the right edge of each
 * tree, 32 bytes for each bit that is set in its size, in one buffer for each level:
 *
 *   account        0    1    2    3
 *   size           5    2    1    3
 *   level 0        ██        ██   ██
 *   level 1             ██        ██
 *   level 2        ██                      this far up the tree of account 0 alone has come
 */

import { assert } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import type { Account } from '../domain/state.ts'
import { Frontier, HASH_BYTES, nodeHash } from '../log/merkle.ts'

export class Heads {
  readonly #sha256: Sha256
  /** How many entries touched each account, by its number. */
  readonly #sizes: number[] = []
  /** For each level the nodes of all accounts, by number; what the size of an account has no bit for is what was there before. */
  readonly #levels: Uint8Array[] = []
  #entries = 0

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  /** Adds an entry, by its leaf hash, to the accounts that it touched. */
  add(leaf: Uint8Array, numbers: readonly number[]): void {
    for (const number of numbers) {
      assert(number <= this.#entries, 'an entry opens one account at most')
      while (this.#sizes.length <= number) this.#sizes.push(0)
      this.#append(number, leaf)
    }
    this.#entries += 1
  }

  /** The root over the entries that touched an account, which must be as many as its row counts. */
  of({ number, entries }: Account): Uint8Array {
    const size = this.#sizes[number] ?? 0
    assert(size > 0 && size === entries, `the entries of account ${number} were all counted`)
    const nodes: Uint8Array[] = []
    for (let level = 0, rest = size; rest > 0; level++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) nodes.unshift(this.#node(level, number))
    }
    return new Frontier(this.#sha256, size, nodes).root()
  }

  #append(number: number, leaf: Uint8Array): void {
    const size = this.#sizes[number]!
    let level = 0
    let node = leaf
    // As in counting: each bit that carries joins two nodes of one level into one of the next.
    for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
      node = nodeHash(this.#sha256, this.#node(level, number), node)
      level += 1
    }
    this.#room(level, number).set(node, number * HASH_BYTES)
    this.#sizes[number] = size + 1
  }

  #node(level: number, number: number): Uint8Array {
    return this.#levels[level]!.subarray(number * HASH_BYTES, (number + 1) * HASH_BYTES)
  }

  /** The buffer of a level, with room for the account. */
  #room(level: number, number: number): Uint8Array {
    const nodes = this.#levels[level] ?? new Uint8Array(0)
    const needed = (number + 1) * HASH_BYTES
    if (needed <= nodes.length) return nodes
    const grown = new Uint8Array(Math.max(needed, 2 * nodes.length))
    grown.set(nodes)
    this.#levels[level] = grown
    return grown
  }
}
