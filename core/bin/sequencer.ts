/** What takes notes: the ledger itself where this process can have its lock, otherwise the process that has it. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Refusal } from '../domain/refusal.ts'
import type { Milliseconds } from '../domain/time.ts'
import { openSqliteReader, openSqliteWriter } from '../drivers/sqlite/store.ts'
import type { Accepted } from '../ledger/accepted.ts'
import type { LedgerOptions } from '../ledger/ledger.ts'
import { lastTime } from '../ledger/queries.ts'
import { StoreError, type StoreReader, type StoreWriter } from '../ledger/store.ts'
import { callLocalDoor, type LocalCaller } from '../net/local-caller.ts'

export interface Sequencer {
  readonly size: number
  /** The time of the last entry. */
  readonly lastTime: Milliseconds
  readonly reader: StoreReader
  submit(note: Uint8Array): Promise<Accepted | Refusal>
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

/** The sequencer of another process, and the ledger as it stood when it was called. */
export class DistantSequencer implements Sequencer {
  readonly reader: StoreReader
  readonly #caller: LocalCaller
  readonly #at: Milliseconds | undefined
  #size: number
  #lastTime: Milliseconds

  private constructor(
    caller: LocalCaller,
    reader: StoreReader,
    known: { size: number; lastTime: Milliseconds },
    at?: Milliseconds,
  ) {
    this.#caller = caller
    this.reader = reader
    this.#size = known.size
    this.#lastTime = known.lastTime
    this.#at = at
  }

  /** `at` is the time of a manual clock, as this command was told. */
  static async open(dir: string, caller: LocalCaller, at: Milliseconds | undefined): Promise<DistantSequencer> {
    const reader = await openSqliteReader(dir)
    return new DistantSequencer(caller, reader, { size: await reader.size(), lastTime: await lastTime(reader) }, at)
  }

  get size(): number {
    return this.#size
  }

  get lastTime(): Milliseconds {
    return this.#lastTime
  }

  async submit(note: Uint8Array): Promise<Accepted | Refusal> {
    const answer = await this.#caller.submit(note, this.#at)
    if (answer.status === 'accepted') {
      this.#size = Math.max(this.#size, answer.index + 1)
      this.#lastTime = Math.max(this.#lastTime, answer.time)
    }
    return answer
  }

  async close(): Promise<void> {
    await this.#caller.close()
    await this.reader.close()
  }
}
