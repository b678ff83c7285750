/**
 * An index in use beside a consistent state of the ledger. It is used only as far as it belongs to this very history, which the
 * root of the tree tells; what it does not know yet is read from the ledger as if there were no index. Where it fails, or turns
 * out to contradict the ledger, it is given up and made to forget everything, and the answer comes from the ledger alone.
 */

import { equalBytes, type Sha256 } from '../base/bytes.ts'
import type { Tools } from '../domain/envelope.ts'
import type { IndexPosition, SearchIndex, ThingKind } from './search-index.ts'
import { StoreError, type StoreReader } from './store.ts'
import { changedThings } from './things.ts'
import { frontierAt } from './tree.ts'

/** How far an index may be behind and still be asked for things of the state: what came after it is read first. */
const MAX_LAG = 20_000
/** Entries of those read at a time. */
const PAGE = 250

type Fresh = ReadonlyMap<string, ThingKind>

export class Lookup {
  #index: SearchIndex | undefined
  #size: number
  readonly #readFresh: () => Promise<Fresh>
  #fresh: Promise<Fresh> | undefined

  private constructor(index?: SearchIndex, size = 0, readFresh: () => Promise<Fresh> = async () => new Map()) {
    this.#index = index
    this.#size = size
    this.#readFresh = readFresh
  }

  /** No index: everything is read from the ledger. */
  static none(): Lookup {
    return new Lookup()
  }

  /**
   * An index over a store that was opened after it, so that no index of this history is ahead. An index of another history, or
   * one that cannot be read, is left alone: the next program that makes it follow starts it anew.
   */
  static async over(tools: Tools, store: StoreReader, index: SearchIndex | undefined): Promise<Lookup> {
    if (index === undefined) return Lookup.none()
    try {
      const position = await index.position()
      if (!(await isOfHistory(tools.sha256, store, position))) return Lookup.none()
      return new Lookup(index, position.size, () => readFresh(tools, store, position.size))
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return Lookup.none()
    }
  }

  /** How many entries it knows; 0 without an index. */
  get size(): number {
    return this.#size
  }

  /**
   * The things that changed since the entries that it knows, which a search has to look at as well. Undefined where they are too
   * many, or there is no index: then the search has to look at everything.
   */
  async freshThings(size: number): Promise<Fresh | undefined> {
    if (this.#index === undefined || size - this.#size > MAX_LAG) return undefined
    this.#fresh ??= this.#readFresh()
    return this.#fresh
  }

  /** The index's answer; undefined where there is no index, or it has just been given up. */
  async ask<Answer>(question: (index: SearchIndex) => Promise<Answer>): Promise<Answer | undefined> {
    if (this.#index === undefined) return undefined
    try {
      return await question(this.#index)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      await this.distrust()
      return undefined
    }
  }

  /** Gives the index up, since it contradicts the ledger. */
  async distrust(): Promise<void> {
    const index = this.#index
    this.#index = undefined
    this.#size = 0
    try {
      await index?.forget()
    } catch (error) {
      // It is not used any more; a program that can write to it will find the same, and make it anew.
      if (!(error instanceof StoreError)) throw error
    }
  }
}

/** Whether an index follows the history that a store holds. */
export async function isOfHistory(sha256: Sha256, store: StoreReader, { size, root }: IndexPosition): Promise<boolean> {
  return size <= (await store.size()) && equalBytes(root, (await frontierAt(sha256, store, size)).root())
}

async function readFresh(tools: Tools, store: StoreReader, from: number): Promise<Fresh> {
  const fresh = new Map<string, ThingKind>()
  const size = await store.size()
  for (let next = from; next < size; next += PAGE) {
    for (const [key, kind] of await changedThings(tools, store, next, PAGE)) fresh.set(key, kind)
  }
  return fresh
}
