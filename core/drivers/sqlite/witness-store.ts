/**
 * A witness's memory in a folder:
 *
 *   witness.db    of each log the last checkpoint that was cosigned
 *   lock.db       held by the one program that cosigns
 *
 * It is replaced by one statement that compares and sets, and is on the disk when that returns. A copy of it that is put back
 * would have the witness cosign anew what it cosigned since, whatever the log then shows: it is no part of any backup.
 */

import type { Buffer } from 'node:buffer'
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { assert } from '../../base/assert.ts'
import { Malformed } from '../../base/malformed.ts'
import { StoreError, type WitnessStore } from '../../ledger/store.ts'
import { readCheckpoint } from '../../log/checkpoint.ts'
import { BOOK, type Database, findRemains, GUARD, hasDatabase, MIRROR, makeDatabase, WITNESS } from './database.ts'
import { onFile } from './errors.ts'
import { takeLock } from './lock.ts'
import { open } from './reader.ts'
import { bytesOf } from './values.ts'

/** Whether the folder has the memory of a witness. */
export function isSqliteWitness(folder: string): boolean {
  return hasDatabase(folder, WITNESS)
}

/** Opens the memory in `folder`, when no other program does; an empty one is made where there is none. */
export async function openSqliteWitness(folder: string, { lockTimeoutMs = 0 } = {}): Promise<WitnessStore> {
  onFile(resolve(folder), () => mkdirSync(folder, { recursive: true, mode: 0o700 }))
  using connections = new DisposableStack()
  connections.use(await takeLock(folder, lockTimeoutMs))
  if ([BOOK, GUARD, MIRROR].some((kind) => findRemains(folder, kind) !== undefined))
    throw new StoreError('missing', `${resolve(folder)} has a ledger or a mirror; a witness needs a folder for itself.`)
  if (!isSqliteWitness(folder)) makeDatabase(folder, WITNESS)
  const memory = open(connections, folder, WITNESS, 'write', (database) => new Memory(database))
  return new SqliteWitnessStore(memory, connections.move())
}

class Memory {
  readonly #cosigned
  readonly #insert
  readonly #replace

  constructor(database: Database) {
    this.#cosigned = database.prepare<[string], Buffer>('SELECT checkpoint FROM cosigned WHERE origin = ?').pluck()
    this.#insert = database.prepare<[string, number, Uint8Array]>(
      'INSERT INTO cosigned (origin, size, checkpoint) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#replace = database.prepare<[number, Uint8Array, string, Uint8Array]>(
      'UPDATE cosigned SET size = ?, checkpoint = ? WHERE origin = ? AND checkpoint = ?',
    )
  }

  cosigned(origin: string): Uint8Array | undefined {
    const stored = this.#cosigned.get(origin)
    return stored === undefined ? undefined : bytesOf(WITNESS, stored, 'a checkpoint')
  }

  replace(origin: string, previous: Uint8Array | undefined, next: Uint8Array): boolean {
    const checkpoint = readCheckpoint(next)
    assert(!(checkpoint instanceof Malformed) && checkpoint.origin === origin, 'what a witness keeps is a checkpoint of the log')
    const { changes } =
      previous === undefined
        ? this.#insert.run(origin, checkpoint.size, next)
        : this.#replace.run(checkpoint.size, next, origin, previous)
    return changes === 1
  }
}

class SqliteWitnessStore implements WitnessStore {
  readonly #memory: Memory
  readonly #connections: DisposableStack

  constructor(memory: Memory, connections: DisposableStack) {
    this.#memory = memory
    this.#connections = connections
  }

  async cosigned(origin: string): Promise<Uint8Array | undefined> {
    return this.#use(() => this.#memory.cosigned(origin))
  }

  async replaceCosigned(origin: string, previous: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    return this.#use(() => this.#memory.replace(origin, previous, next))
  }

  async close(): Promise<void> {
    this.#connections.dispose()
  }

  #use<T>(work: () => T): T {
    assert(!this.#connections.disposed, 'a store is not used after it was closed')
    return onFile(WITNESS.file, work)
  }
}
