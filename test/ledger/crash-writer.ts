/**
 * A process that writes to a ledger until it is killed, for crash tests. It says `loaded`, waits for one line of JSON on its
 * standard input, a Task, does that, and says at once and in order, one line each:
 *
 *   open                                  the ledger was opened
 *   S <id> <note>                         a note was submitted (base64)
 *   A <id> <index> <digest>               it was answered: accepted, and the digest of its entry's time and outcome
 *   R <id> <digest>                       it was answered: refused, and the digest of the refusal
 *   > <step>  and  <                      a change of the store began, and was done
 *   founded                               the ledger was founded
 */

import { existsSync, writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import { canonicalize } from '../../core/domain/canonical.ts'
import { parseSignedTransaction } from '../../core/domain/envelope.ts'
import { encodeOutcome } from '../../core/domain/outcome.ts'
import { type Streams, streams } from '../../core/domain/state.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { createSqliteLedger } from '../../core/drivers/sqlite/store.ts'
import { parseEntry } from '../../core/ledger/entry.ts'
import { readRow } from '../../core/ledger/queries.ts'
import type { StoreWriter } from '../../core/ledger/store.ts'
import { type Marketplace, usageBatch } from './marketplace.ts'
import { ADA, type Answer, BOB, CYD, folderHome, interpose, OPERATOR, type Person, TestLedger } from './support.ts'

export interface Task {
  readonly folder: string
  readonly seed: number
  /** What is there to buy; without it the ledger is founded. */
  readonly market?: Marketplace
}

/** What of an answer must be the same for ever. */
export function digestOf(answer: Answer): string {
  if (answer.status === 'refused') return short(utf8(canonicalize({ ...answer })))
  return short(new Uint8Array([...utf8(`${answer.time}\n`), ...encodeOutcome(answer.outcome)]))
}

function short(bytes: Uint8Array): string {
  return toHex(sha256(bytes)).slice(0, 32)
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Past every buffer of this process: what was said is not lost with it. */
function say(line: string): void {
  const bytes = utf8(`${line}\n`)
  for (let written = 0; written < bytes.length; ) written += writeSync(1, bytes, written)
}

const CHANGES: readonly (keyof StoreWriter)[] = ['commit', 'replaceCheckpoint', 'rememberRefusals']

function telling(store: StoreWriter): StoreWriter {
  return interpose(store, async (method, call) => {
    if (!CHANGES.includes(method)) return call()
    say(`> ${method}`)
    const result = await call()
    say('<')
    return result
  })
}

class Mix {
  readonly #test: TestLedger
  readonly #market: Marketplace
  readonly #random: () => number
  readonly #seed: number
  readonly #sent: Uint8Array[]
  #nonce = 0
  #line: number

  constructor(test: TestLedger, market: Marketplace, seed: number, sent: readonly Uint8Array[], line: number) {
    this.#test = test
    this.#market = market
    this.#random = randomOf(seed)
    this.#seed = seed
    this.#sent = [...sent]
    this.#line = line
  }

  next(): Uint8Array {
    const isAgain = this.#sent.length > 0 && this.#random() < 0.15
    const note = isAgain ? this.#pick(this.#sent) : this.#draw()
    if (!isAgain) this.#sent.push(note)
    return note
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!
  }

  #sign(signer: Person, type: string, body: object): Uint8Array {
    const nonce = new Uint8Array(16)
    new DataView(nonce.buffer).setUint32(0, this.#seed)
    new DataView(nonce.buffer).setUint32(4, this.#nonce++)
    return this.#test.sign(signer, type, body as never, { nonce })
  }

  #draw(): Uint8Array {
    const { api, dataset, feature } = this.#market
    const buyer = this.#pick([BOB, CYD])
    const chance = this.#random()
    if (chance < 0.25) {
      const payment = { account: buyer.account, amount: '0.75', provider: 'bank', reference: `${this.#seed}-${this.#nonce}` }
      return this.#sign(OPERATOR, 'credit.topup', payment)
    }
    if (chance < 0.5) return this.#sign(buyer, 'dataset.license', { listing: dataset, terms: 1, licence: 0, price: '0.5' })
    if (chance < 0.55) return this.#sign(buyer, 'dataset.purchase', { listing: dataset, terms: 1, price: '25' })
    if (chance < 0.6) return this.#sign(buyer, 'feature.purchase', { listing: feature, terms: 1, price: '4' })
    if (chance < 0.7) return this.#sign(buyer, 'plan.subscribe', { plan: 'experienced', price: '50' })
    if (chance < 0.75)
      return this.#sign(ADA, 'usage.batch', usageBatch(api, this.#line + 1000, [BOB.account], [[0, 0, 1, 1, 1, 1]]))
    const lines = Array.from({ length: 5 }, () => [this.#random() < 0.5 ? 0 : 1, 0, 1, 10_000, 1, 0])
    const batch = usageBatch(api, this.#line, [BOB.account, CYD.account], lines)
    this.#line += lines.length
    return this.#sign(ADA, 'usage.batch', batch)
  }
}

async function write({ folder, seed, market }: Required<Task>): Promise<void> {
  const test = new TestLedger(folderHome(folder), { wrap: telling })
  test.time = Date.now()
  await test.open()
  say('open')
  const size = test.ledger.size
  const known = await test.store.entries(Math.max(0, size - 50), 50)
  const notes = known.map(({ bytes }) => (parseEntry(bytes) as { note: Uint8Array }).note)
  const row: Streams | undefined = await readRow(test.store, streams.at(ADA.account, market.api))
  const mix = new Mix(test, market, seed, notes, (row?.streams[0]?.last ?? 0) + 1)
  const inFlight = 1 + (seed % 12)
  const keepSubmitting = async () => {
    for (;;) {
      test.time = Date.now()
      const note = mix.next()
      const { id } = parseSignedTransaction(rules, sha256, note) as { id: string }
      say(`S ${id} ${Buffer.from(note).toString('base64')}`)
      const answer = await test.ledger.submit(note)
      say(`${answer.status === 'accepted' ? `A ${id} ${answer.index}` : `R ${id}`} ${digestOf(answer)}`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, keepSubmitting))
}

/** The steps by which a ledger is founded in a folder, each of which takes up what a crash left of an earlier attempt. */
export async function found(folder: string, wrap = (store: StoreWriter) => store): Promise<TestLedger> {
  if (!existsSync(join(folder, 'ledger.db'))) await createSqliteLedger(folder)
  const test = new TestLedger(folderHome(folder), { wrap })
  await test.found()
  return test
}

if (import.meta.main) {
  // Otherwise kept when a process ends, which one that is killed never does, so that each would compile everything anew.
  flushCompileCache()
  say('loaded')
  for await (const line of createInterface(process.stdin)) {
    const task = JSON.parse(line) as Task
    if (task.market !== undefined) await write(task as Required<Task>)
    await found(task.folder, telling)
    say('founded')
    setInterval(() => {}, 60_000)
  }
}
