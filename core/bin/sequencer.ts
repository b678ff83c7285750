/** What takes notes: the ledger itself where this process can have its lock, otherwise the process that has it. */

import { setTimeout as sleep } from 'node:timers/promises'
import { assert } from '../base/assert.ts'
import type { Tools } from '../domain/envelope.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { StateSummary } from '../domain/state-root.ts'
import type { Milliseconds, Seconds } from '../domain/time.ts'
import { sha256 } from '../drivers/sha256.ts'
import { openSqliteReader, openSqliteWriter } from '../drivers/sqlite/store.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { Closing } from '../ledger/closing.ts'
import { lastTime } from '../ledger/queries.ts'
import { StoreError, type StoreReader, type StoreWriter } from '../ledger/store.ts'
import { callLocalDoor, type LocalCaller } from '../net/local-caller.ts'
import { clearDoor } from '../net/local-door.ts'

export interface Sequencer {
  readonly size: number
  /** The time of the last entry. */
  readonly lastTime: Milliseconds
  readonly reader: StoreReader
  /** The state of all books after its entries, as a period.close states it. */
  summary(time: Seconds): Promise<StateSummary>
  submit(note: Uint8Array): Promise<Accepted | Refusal>
  /** Whether it keeps each note by itself until it is answered. */
  readonly keepsNotes?: true
  close(): Promise<void>
}

/** How long a command waits for another one that is writing before it gives up. */
export const LOCK_TIMEOUT_MS = 5_000
const RETRY_MS = 50

/**
 * Takes the lock of the ledger in a folder, or calls the program that has it. A program that has it and opens no door is waited
 * for: it will not take long.
 */
export async function takeLockOrCall(dir: string, tools: Tools): Promise<StoreWriter | LocalCaller> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS
  for (;;) {
    try {
      const store = await openSqliteWriter(dir)
      clearDoor(dir)
      return store
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'locked')) throw error
      const caller = await callLocalDoor(dir, tools)
      if (caller !== undefined) return caller
      if (performance.now() >= deadline) throw error
    }
    await sleep(RETRY_MS)
  }
}

/** Where the ledger is, and the time that the command was given for a manual clock. */
interface Told {
  readonly dir: string
  readonly at?: Milliseconds | undefined
}

/** A ledger in a folder that others write to, as it stood at the last look: a reader sees one state. */
export class SeenLedger {
  readonly #dir: string
  #reader: StoreReader | undefined
  #size = 0
  #lastTime: Milliseconds = 0

  protected constructor(dir: string) {
    this.#dir = dir
  }

  get size(): number {
    return this.#size
  }

  get lastTime(): Milliseconds {
    return this.#lastTime
  }

  get reader(): StoreReader {
    assert(this.#reader !== undefined, 'the ledger was looked at')
    return this.#reader
  }

  summary(time: Seconds): Promise<StateSummary> {
    return new Closing({ sha256, store: this.reader }).summary(this.#size, time)
  }

  /** Looks at the present state of the ledger. */
  protected async look(): Promise<void> {
    await this.#reader?.close()
    this.#reader = await openSqliteReader(this.#dir)
    this.#size = await this.#reader.size()
    this.#lastTime = await lastTime(this.#reader)
  }

  async close(): Promise<void> {
    await this.#reader?.close()
  }
}

/** The sequencer of another process, and the ledger as it stood at its last answer. */
export class DistantSequencer extends SeenLedger implements Sequencer {
  readonly #caller: LocalCaller
  readonly #told: Told

  private constructor(caller: LocalCaller, told: Told) {
    super(told.dir)
    this.#caller = caller
    this.#told = told
  }

  static async open(caller: LocalCaller, told: Told): Promise<DistantSequencer> {
    const sequencer = new DistantSequencer(caller, told)
    await sequencer.look()
    return sequencer
  }

  async submit(note: Uint8Array): Promise<Accepted | Refusal> {
    const answer = await this.#caller.submit(note, this.#told.at)
    // Others may write as well, so what was seen before the answer is out of date.
    await this.look()
    return answer
  }

  override async close(): Promise<void> {
    await this.#caller.close()
    await super.close()
  }
}
