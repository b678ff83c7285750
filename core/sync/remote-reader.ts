/**
 * A remote log as an audit reads it, at the checkpoint that it showed when it was opened. An audit asks for one thing after the
 * other, so what it will ask for next is fetched ahead: waiting for an answer each time would take longer than all the checking.
 */

import type { Sha256 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { type LoggedEntry, type LogReader, StoreError } from '../ledger/store.ts'
import { readCheckpoint } from '../log/checkpoint.ts'
import { TILE_WIDTH, tileWidth } from '../log/tiles.ts'
import type { RemoteLog } from './remote.ts'
import { Misserved, RemoteTree } from './remote-tree.ts'

/** Bundles kept, the last ones asked for; some of them are fetched ahead. */
const MAX_KEPT_BUNDLES = 16
const BUNDLES_AHEAD = 4

export async function openRemoteLog(sha256: Sha256, remote: RemoteLog): Promise<LogReader> {
  const signed = await remote.checkpoint()
  const head = readCheckpoint(signed)
  if (head instanceof Malformed) throw new StoreError('damaged', `What ${remote.name} shows is not a checkpoint: ${head.reason}.`)
  return new RemoteReader(signed, head.size, new RemoteTree(sha256, remote, head))
}

class RemoteReader implements LogReader {
  readonly #signed: Uint8Array
  readonly #size: number
  readonly #tree: RemoteTree
  readonly #bundles = new Map<number, Promise<Uint8Array[]>>()

  constructor(signed: Uint8Array, size: number, tree: RemoteTree) {
    this.#signed = signed
    this.#size = size
    this.#tree = tree
  }

  async size(): Promise<number> {
    return this.#size
  }

  async checkpoint(): Promise<Uint8Array> {
    return this.#signed
  }

  async entries(from: number, limit: number): Promise<LoggedEntry[]> {
    const end = Math.min(this.#size, from + limit)
    const first = Math.floor(from / TILE_WIDTH)
    const last = Math.ceil(end / TILE_WIDTH)
    const ahead = limit === 1 ? last : Math.min(last + BUNDLES_AHEAD, Math.ceil(this.#size / TILE_WIDTH))
    for (let number = first; number < ahead; number++) {
      void this.#bundle(number)
      // Tiles are fetched as well, since they are compared with the hashes of the entries.
      if (limit > 1) this.#tree.tile(0, number).catch(() => {})
    }
    const found: LoggedEntry[] = []
    for (let number = first; number < last; number++) {
      const entries = await served(this.#bundle(number))
      const start = number * TILE_WIDTH
      for (let index = Math.max(from, start); index < Math.min(end, start + entries.length); index++)
        found.push({ index, bytes: entries[index - start]! })
    }
    return found
  }

  async tile(level: number, number: number): Promise<Uint8Array | undefined> {
    return tileWidth(level, number, this.#size) === 0 ? undefined : served(this.#tree.tile(level, number))
  }

  async close(): Promise<void> {}

  #bundle(number: number): Promise<Uint8Array[]> {
    const kept = this.#bundles.get(number)
    if (kept !== undefined) return kept
    const oldest = this.#bundles.size >= MAX_KEPT_BUNDLES ? this.#bundles.keys().next().value : undefined
    if (oldest !== undefined) this.#bundles.delete(oldest)
    const asked = this.#tree.bundle(number)
    this.#bundles.set(number, asked)
    asked.catch(() => this.#bundles.delete(number))
    return asked
  }
}

async function served<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw error instanceof Misserved ? new StoreError('damaged', error.message, { cause: error }) : error
  }
}
