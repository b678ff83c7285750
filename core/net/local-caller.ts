/** The other side of local-door.ts: submits through the process that holds the ledger's lock. */

import { connect, type Socket } from 'node:net'
import { type HubView, readHubView } from '../api/hub-view.ts'
import { assert } from '../base/assert.ts'
import { tryFromBase64 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Tools } from '../domain/envelope.ts'
import { decodeOutcome } from '../domain/outcome.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Milliseconds } from '../domain/time.ts'
import { createdId } from '../domain/view.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { NotTaken } from '../ledger/admission.ts'
import { StoreError } from '../ledger/store.ts'
import { readFrames } from './frames.ts'
import { type DoorAnswer, FRAME_TIMEOUT_MS, noteFrame, QUESTION, readAddress } from './local-door.ts'

const MAX_ANSWER_BYTES = 16 * 1024 * 1024

interface Waiting {
  readonly resolve: (answer: DoorAnswer) => void
  readonly reject: (error: unknown) => void
}

/** Connects to the door of a folder; undefined where nobody is behind it. */
export async function callLocalDoor(dir: string, tools: Tools): Promise<LocalCaller | undefined> {
  const address = readAddress(dir)
  if (address === undefined) return undefined
  const socket = connect(address)
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
  } catch (error) {
    socket.destroy()
    // Left behind by a process that was killed, or gone this very moment.
    if (['ENOENT', 'ECONNREFUSED'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
  return new LocalCaller(socket, tools)
}

export class LocalCaller {
  readonly #socket: Socket
  readonly #tools: Tools
  readonly #waiting: Waiting[] = []
  #isCut = false

  constructor(socket: Socket, tools: Tools) {
    this.#socket = socket
    this.#tools = tools
    const limits = { maximum: MAX_ANSWER_BYTES, timeoutMs: FRAME_TIMEOUT_MS }
    const take = (bytes: Buffer) => this.#waiting.shift()?.resolve(JSON.parse(bytes.toString('utf8')) as DoorAnswer)
    readFrames(socket, limits, take, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#cut())
  }

  /**
   * Resolves once the outcome is durable. Throws NotTaken where nothing became of the note; after any other failure, as where the
   * connection was cut, nothing is known of its fate.
   */
  async submit(note: Uint8Array, at: Milliseconds | undefined): Promise<Accepted | Refusal> {
    const transaction = parseSignedTransaction(this.#tools.rules, this.#tools.sha256, note)
    if (transaction instanceof Malformed) return refuse('malformed', { reason: transaction.reason })
    const answer = await this.#send(noteFrame(note, at))
    if (answer.status === 'failed') throw new (answer.isNotTaken ? NotTaken : StoreError)(answer.code, answer.message)
    assert(answer.status !== 'doing', 'the door answers a note with its outcome')
    if (answer.status === 'refused') return answer
    const { index, time, accounts, repeated } = answer
    const bytes = tryFromBase64(answer.outcome)
    assert(bytes !== undefined, 'the door answers with an outcome')
    const accountOf = (number: number) => {
      assert(accounts[number] !== undefined, 'the door names the accounts that were touched')
      return accounts[number]
    }
    const outcome = decodeOutcome(bytes, accountOf, createdId(transaction))
    return { status: 'accepted', index, time, transaction, outcome, note, ...(repeated && { repeated }) }
  }

  /** How the program is doing; undefined where it is of a version that does not tell. */
  async view(): Promise<HubView | undefined> {
    const answer = await this.#send(QUESTION)
    if (answer.status === 'failed') throw new StoreError(answer.code, answer.message)
    return answer.status === 'doing' ? readHubView(answer.view) : undefined
  }

  async close(): Promise<void> {
    if (this.#isCut) return
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.end()
    await closed
  }

  #send(bytes: Buffer): Promise<DoorAnswer> {
    if (this.#isCut) return Promise.reject(cutOff())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#socket.write(bytes)
    })
  }

  #cut(): void {
    this.#isCut = true
    for (const { reject } of this.#waiting.splice(0)) reject(cutOff())
  }
}

function cutOff(): StoreError {
  return new StoreError('offline', 'The program that holds the ledger ended before it answered.')
}
