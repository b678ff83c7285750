/** What takes notes: the ledger itself where this process can have its lock, otherwise the process that has it. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Refusal } from '../domain/refusal.ts'
import type { StateSummary } from '../domain/state-root.ts'
import type { Milliseconds, Seconds } from '../domain/time.ts'
import { sha256 } from '../drivers/sha256.ts'
import { openSqliteReader, openSqliteWriter } from '../drivers/sqlite/store.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { Closing } from '../ledger/closing.ts'
import type { LedgerOptions } from '../ledger/ledger.ts'
import { lastTime } from '../ledger/queries.ts'
import { StoreError, type StoreReader, type StoreWriter } from '../ledger/store.ts'
import { callLocalDoor, type LocalCaller } from '../net/local-caller.ts'

export interface Sequencer {
  readonly size: number
  /** The time of the last entry. */
  readonly lastTime: Milliseconds
  readonly reader: StoreReader
  /** What all books are after its entries, as a period.close states it. */
  summary(time: Seconds): Promise<StateSummary>
  submit(note: Uint8Array): Promise<Accepted | Refusal>
  /** It keeps each note by itself until it is answered. */
  readonly keepsNotes?: true
  close(): Promise<void>
}

type Tools = Pick<LedgerOptions, 'rules' | 'sha256'>

/** How long a command waits for another one that is writing before it gives up. */
export const LOCK_TIMEOUT_MS = 5_000
const RETRY_MS = 50

/**
 * Takes the lock of the ledger in a folder, or calls the program that has it. One that has it and opens no door is waited for: it
 * will not be long.
 */
export async function takeLockOrCall(dir: string, tools: Tools): Promise<StoreWriter | LocalCaller> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS
  for (;;) {
    try {
      return await openSqliteWriter(dir)
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'locked')) throw error
      const caller = await callLocalDoor(dir, tools)
      if (caller !== undefined) return caller
      if (performance.now() >= deadline) throw error
    }
    await sleep(RETRY_MS)
  }
}

/** Where the ledger is, and the time of a manual clock as the command was told it last. */
interface Told {
  readonly dir: string
  readonly at?: Milliseconds | undefined
}

/** The sequencer of another process, and the ledger as it stood when it answered last. */
export class DistantSequencer implements Sequencer {
  readonly #caller: LocalCaller
  readonly #told: Told
  #reader: StoreReader
  #size: number
  #lastTime: Milliseconds

  private constructor(caller: LocalCaller, told: Told, reader: StoreReader, known: { size: number; lastTime: Milliseconds }) {
    this.#caller = caller
    this.#told = told
    this.#reader = reader
    this.#size = known.size
    this.#lastTime = known.lastTime
  }

  static async open(caller: LocalCaller, told: Told): Promise<DistantSequencer> {
    const reader = await openSqliteReader(told.dir)
    return new DistantSequencer(caller, told, reader, { size: await reader.size(), lastTime: await lastTime(reader) })
  }

  get size(): number {
    return this.#size
  }

  get lastTime(): Milliseconds {
    return this.#lastTime
  }

  get reader(): StoreReader {
    return this.#reader
  }

  summary(time: Seconds): Promise<StateSummary> {
    return new Closing({ sha256, store: this.#reader }).summary(this.#size, time)
  }

  async submit(note: Uint8Array): Promise<Accepted | Refusal> {
    const answer = await this.#caller.submit(note, this.#told.at)
    // Others may write as well: a reader sees one state, so what it saw before the answer is old.
    await this.#reader.close()
    this.#reader = await openSqliteReader(this.#told.dir)
    this.#size = await this.#reader.size()
    this.#lastTime = await lastTime(this.#reader)
    return answer
  }

  async close(): Promise<void> {
    await this.#caller.close()
    await this.#reader.close()
  }
}
