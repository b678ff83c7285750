/**
 * The guard: the last checkpoint by compare and swap, the refusals that must not be replayed, and the time before which notes are
 * stale.
 *
 * Nothing else can tell what these should be, so every row carries a SHA-256 over its content, verified whenever it is read:
 *
 *   guard        SHA-256(stale before in decimal, a newline, the digest of the refusals, the checkpoint if there is one)
 *   a refusal    SHA-256(the 24 bytes of its id, its JSON text)
 *
 * and the digest of the refusals is the exclusive or of theirs. That finds damage and edits by hand, not whoever computes it
 * anew: against those stand the witnesses of checkpoints.
 */

import type { Buffer } from 'node:buffer'
import { assert } from '../../base/assert.ts'
import { concatBytes, equalBytes, toHex, tryUtf8Decode, utf8 } from '../../base/bytes.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { MAX_SECONDS, type Seconds } from '../../domain/time.ts'
import { type RememberedRefusal, StoreError } from '../../ledger/store.ts'
import { sha256 } from '../sha256.ts'
import { BulkLookup } from './bulk.ts'
import { type Database, GUARD } from './database.ts'
import { damaged } from './errors.ts'
import type { guard } from './schema.ts'
import { bytesOf, idBytes, integerOf } from './values.ts'

const ID_BYTES = 24
const DIGEST_BYTES = 32
const NOTHING = new Uint8Array()

interface Memory {
  readonly staleBefore: Seconds
  readonly checkpoint?: Uint8Array
  readonly refusalsDigest: Uint8Array
}

/** A refusal by its bytes, and whether its text is text at all. */
interface RefusalRow {
  readonly id: unknown
  readonly isText: bigint
  readonly text: Uint8Array
  readonly digest: unknown
}

const SELECT_REFUSALS = `SELECT id, typeof(refusal) = 'text' AS isText, CAST(refusal AS BLOB) AS text, digest FROM refusals`

export class Guard {
  readonly database: Database
  readonly #memory
  readonly #isAny
  readonly #digests
  readonly #refusal
  readonly #refusals

  constructor(database: Database) {
    this.database = database
    this.#memory = database.prepare<[], typeof guard.$inferSelect>(
      'SELECT one, stale_before AS staleBefore, checkpoint, refusals_digest AS refusalsDigest, digest FROM guard LIMIT 2',
    )
    this.#isAny = database.prepare<[], bigint>('SELECT EXISTS (SELECT 1 FROM refusals)').pluck()
    this.#digests = new BulkLookup(database, { key: ['id'], values: ['digest'], from: 'refusals USING (id)' })
    this.#refusal = database.prepare<[Uint8Array], RefusalRow>(`${SELECT_REFUSALS} WHERE id = ?`)
    this.#refusals = database.prepare<[], RefusalRow>(`${SELECT_REFUSALS} ORDER BY id`)
  }

  /** The guard's one row. */
  memory(): Memory {
    const [row, second] = this.#memory.all()
    if (row?.one !== 1n || second !== undefined) throw damaged(GUARD.file, 'the guard is not one row')
    const staleBefore = integerOf(GUARD, row.staleBefore, 'the time before which notes are stale')
    const refusalsDigest = bytesOf(GUARD, row.refusalsDigest, 'the digest of the refusals')
    const checkpoint = row.checkpoint === null ? {} : { checkpoint: bytesOf(GUARD, row.checkpoint, 'the checkpoint') }
    const memory = { staleBefore, refusalsDigest, ...checkpoint }
    if (!equalBytes(memoryDigest(memory), bytesOf(GUARD, row.digest, "the guard's digest")))
      throw damaged(GUARD.file, 'the guard was changed: its digest is another')
    return memory
  }

  refusals(ids: readonly string[]): (Refusal | undefined)[] {
    // Most ledgers remember none most of the time, and every note asks.
    if (this.#isAny.get() === 0n) return ids.map(() => undefined)
    const keys = ids.map(idBytes)
    return this.#digests.find(keys).map((found, i) => {
      const row = found === undefined ? undefined : this.#refusal.get(keys[i]!)
      return row && readRefusal(row).refusal
    })
  }

  /** Each damaged refusal, with its id; and whether refusals are missing or superfluous, without one. */
  *damagedRefusals(): Generator<{ readonly key?: string; readonly message: string }> {
    const sum = new Uint8Array(DIGEST_BYTES)
    let isSound = true
    for (const row of this.#refusals.iterate()) {
      try {
        addTo(sum, readRefusal(row).digest)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        isSound = false
        yield { ...(row.id instanceof Uint8Array ? { key: toHex(row.id) } : {}), message: error.message }
      }
    }
    if (isSound && !equalBytes(sum, this.memory().refusalsDigest))
      yield { message: `${GUARD.file} is damaged: a remembered refusal is missing, or one was added.` }
  }
}

/** The guard with what changes it. Each change is one transaction, which is on the disk when it returns. */
export class GuardWriter extends Guard {
  readonly #insert
  readonly #forget
  readonly #put
  readonly #replace
  readonly #remember

  constructor(database: Database) {
    super(database)
    this.#insert = database.prepare<[Uint8Array, string, Uint8Array]>(
      'INSERT INTO refusals (id, refusal, digest) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#forget = database.prepare<[Uint8Array], Buffer>('DELETE FROM refusals WHERE id < ? RETURNING digest').pluck()
    this.#put = preparePut(database)
    this.#replace = database.transaction((previous: Uint8Array | undefined, next: Uint8Array) => {
      const memory = this.memory()
      if (!equalBytes(memory.checkpoint ?? NOTHING, previous ?? NOTHING))
        throw new StoreError('damaged', `${GUARD.file} holds another checkpoint than the last one that its writer signed.`)
      this.#put({ ...memory, checkpoint: next })
    })
    this.#remember = database.transaction((refusals: readonly RememberedRefusal[], now: Seconds) => {
      const memory = this.memory()
      const sum = Uint8Array.from(memory.refusalsDigest)
      for (const { id, refusal } of refusals) {
        const key = idBytes(id)
        const text = JSON.stringify(refusal)
        const digest = refusalDigest(key, utf8(text))
        if (this.#insert.run(key, text, digest).changes === 1) addTo(sum, digest)
      }
      for (const digest of this.#forget.all(idsUntil(now))) addTo(sum, bytesOf(GUARD, digest, 'the digest of a refusal'))
      if (!equalBytes(sum, memory.refusalsDigest)) this.#put({ ...memory, refusalsDigest: sum })
    })
  }

  replaceCheckpoint(previous: Uint8Array | undefined, next: Uint8Array): void {
    this.#replace.immediate(previous, next)
  }

  /** A refusal that is remembered already stays as it is: a transaction is always answered as it was the first time. */
  rememberRefusals(refusals: readonly RememberedRefusal[], now: Seconds): void {
    this.#remember.immediate(refusals, now)
  }
}

/** Writes the first row of a guard that remembers no refusal, and knows at most a checkpoint that others know too. */
export function fillGuard(database: Database, staleBefore: Seconds, checkpoint?: Uint8Array): void {
  assert(
    Number.isInteger(staleBefore) && staleBefore >= 0 && staleBefore <= MAX_SECONDS,
    'notes are stale before a time in seconds',
  )
  preparePut(database)({ staleBefore, refusalsDigest: new Uint8Array(DIGEST_BYTES), ...(checkpoint && { checkpoint }) })
}

function preparePut(database: Database): (memory: Memory) => void {
  const put = database.prepare<[number, Uint8Array | null, Uint8Array, Uint8Array]>(
    `INSERT INTO guard (one, stale_before, checkpoint, refusals_digest, digest) VALUES (1, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET
       checkpoint = excluded.checkpoint, refusals_digest = excluded.refusals_digest, digest = excluded.digest`,
  )
  return (memory) => void put.run(memory.staleBefore, memory.checkpoint ?? null, memory.refusalsDigest, memoryDigest(memory))
}

function memoryDigest({ staleBefore, refusalsDigest, checkpoint }: Memory): Uint8Array {
  return sha256(concatBytes(utf8(`${staleBefore}\n`), refusalsDigest, checkpoint ?? NOTHING))
}

function refusalDigest(id: Uint8Array, text: Uint8Array): Uint8Array {
  return sha256(concatBytes(id, text))
}

function readRefusal({ id, isText, text, digest }: RefusalRow): { readonly refusal: Refusal; readonly digest: Uint8Array } {
  const key = bytesOf(GUARD, id, 'the id of a refusal')
  const name = `the refusal of ${toHex(key)}`
  const stored = bytesOf(GUARD, digest, `the digest of ${name}`)
  if (key.length !== ID_BYTES) throw damaged(GUARD.file, `${name} has an id of another length`)
  if (isText !== 1n) throw damaged(GUARD.file, `${name} is not stored as text`)
  if (!equalBytes(refusalDigest(key, text), stored)) throw damaged(GUARD.file, `${name} was changed: its digest is another`)
  return { refusal: JSON.parse(tryUtf8Decode(text)!) as Refusal, digest: stored }
}

/** Bytes that sort after every id of a note that was valid until `now`, and before every later id. */
function idsUntil(now: Seconds): Uint8Array {
  assert(Number.isInteger(now) && now >= 0 && now < MAX_SECONDS, 'the time is in whole seconds before 2106')
  const prefix = new Uint8Array(4)
  new DataView(prefix.buffer).setUint32(0, now + 1)
  return prefix
}

/** Adds a digest to a sum of digests, or removes it from there: exclusive or. */
function addTo(sum: Uint8Array, digest: Uint8Array): void {
  for (let i = 0; i < DIGEST_BYTES; i++) sum[i]! ^= digest[i]!
}
