/**
 * A ledger without log, store or signatures: people with names sign transactions, the machine runs them, rows stay in a map. For
 * tests of the rules alone. Rows are kept as a store would give them back (encoded and decoded), and frozen, so that nothing
 * changes one in place.
 */

import { assert } from '../../core/base/assert.ts'
import { utf8 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { canonicalize, type Json } from '../../core/domain/canonical.ts'
import type { Context } from '../../core/domain/define.ts'
import { composeText, parseTransaction, type SignedTransaction, type Transaction } from '../../core/domain/envelope.ts'
import { accountId } from '../../core/domain/ids.ts'
import { authenticate, authenticationRows, execute, roundsOf, rowsToRead } from '../../core/domain/machine.ts'
import { type Refusal, refuse } from '../../core/domain/refusal.ts'
import type { Execution } from '../../core/domain/run.ts'
import { type EntryRecord, entryRecords } from '../../core/domain/state.ts'
import type { StateSummary } from '../../core/domain/state-root.ts'
import { decodeRow, encodeRow, type RowKey } from '../../core/domain/table.ts'
import { parseMilliseconds, type Seconds, wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { type Rows, type Signatory, signatoriesOf, View } from '../../core/domain/view.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { recordOf } from '../../core/ledger/accepted.ts'
import { stateLeaves, summaryOf } from '../../core/ledger/closing.ts'
import { Heads } from '../../core/ledger/heads.ts'
import { compareRows } from '../../core/ledger/store.ts'

export const ORIGIN = 'test.example/credits'
export const FOUNDED = '2026-01-01T00:00:00.000Z'

/** Somebody with a name and a public key: any 32 bytes will do where no signature is checked and no account is opened. */
export interface Person {
  readonly name: string
  readonly publicKey: string
  readonly account: string
}

/** What may differ from the usual envelope: its times and its ledger. */
export interface EnvelopeOverrides {
  readonly made?: Seconds
  readonly validUntil?: Seconds
  readonly ledger?: string
}

export class World {
  readonly rows = new Map<string, { key: RowKey; row: unknown }>()
  readonly people = new Map<string, Person>()
  /** Milliseconds. */
  time = parseMilliseconds(FOUNDED)!
  size = 0
  /** What was accepted, and what stands for its leaf in the log. */
  records: { readonly record: EntryRecord; readonly leaf: Uint8Array }[] = []
  nonce = 0

  /** Another world in the same state, which goes its own way from here. */
  clone(): World {
    const copy = new World()
    for (const [path, row] of this.rows) copy.rows.set(path, row)
    for (const [name, person] of this.people) copy.people.set(name, person)
    copy.records = [...this.records]
    return Object.assign(copy, { time: this.time, size: this.size, nonce: this.nonce })
  }

  person(name: string, publicKey: Uint8Array): Person {
    const person = { name, publicKey: Buffer.from(publicKey).toString('hex'), account: accountId(sha256, publicKey) }
    this.people.set(name, person)
    return person
  }

  /** Runs one transaction; an accepted one changes the rows. `overrides` overrides what the envelope says. */
  act(signer: string, type: string, body: Json, overrides: EnvelopeOverrides = {}): Execution | Refusal {
    return this.run(this.compose(signer, type, body, overrides))
  }

  /** The text of a transaction, made now with a nonce of its own. */
  compose(signer: string, type: string, body: Json, overrides: EnvelopeOverrides = {}): string {
    const nonce = new Uint8Array(16)
    new DataView(nonce.buffer).setUint32(0, this.nonce++)
    return composeText({ type, body, ledger: ORIGIN, signer, made: wholeSeconds(this.time), nonce, ...overrides })
  }

  /**
   * With `signatories`, the keys that signed are looked up first, as for a note; without them the transaction runs as a preview
   * does.
   */
  run(text: string, signatories: readonly Signatory[] = []): Execution | Refusal {
    const transaction = parseTransaction(rules, sha256, text)
    if (transaction instanceof Malformed) return refuse('malformed', { reason: transaction.reason })
    if (signatories.length > 0) {
      const refusal = this.#authenticate(transaction, signatories)
      if (refusal !== undefined) return refusal
    }
    const signed = signatoriesOf(transaction, signatories)
    const declared = new Set<string>()
    const rows = this.#declaredRows(transaction, declared)
    const moment = { index: this.size, time: this.time, ...(transaction.definition.needsSummary && { summary: this.summary() }) }
    const view = new View(sha256, transaction, signed, rows, moment)
    for (let round = 0; round < roundsOf(transaction); round++) {
      for (const key of rowsToRead(view, signed, round)) declared.add(key.path)
    }
    const result = execute(sha256, transaction, signed, rows, moment)
    if (result.status === 'executed') {
      for (const { key, row } of result.changes) this.put(key, row)
      this.records.push({ record: recordOf({ transaction, outcome: result.outcome }), leaf: sha256(utf8(text)) })
      this.size += 1
    }
    return result
  }

  /** What the books are now, as a period.close would have to state it. */
  summary(): StateSummary {
    const heads = new Heads(sha256)
    for (const { record, leaf } of this.records)
      heads.add(
        leaf,
        record.outcome.touched.map(({ number }) => number),
      )
    const rows = [...this.rows.values()].map(({ key, row }) => ({ table: key.table.name, key: key.key, value: encodeRow(row) }))
    return summaryOf(sha256, stateLeaves(sha256, rows.sort(compareRows), heads, wholeSeconds(this.time)))
  }

  #authenticate(transaction: Transaction, signatories: readonly Signatory[]): Refusal | undefined {
    const signatures = signatories.map(({ account, keyId }) => ({ name: account, keyId, signature: new Uint8Array(64) }))
    const textBytes = utf8(transaction.text)
    const signed: SignedTransaction = { ...transaction, note: textBytes, textBytes, signatures }
    const declared = new Set(authenticationRows(signed).map(({ path }) => path))
    const result = authenticate(sha256, signed, this.#declaredRows(transaction, declared))
    return 'status' in result ? result : undefined
  }

  #declaredRows(transaction: Transaction, declared: ReadonlySet<string>): Rows {
    return {
      get: <Row>(key: RowKey<Row>) => {
        assert(declared.has(key.path), `the row ${key.path} was declared by ${transaction.definition.type}`)
        return this.get(key)
      },
    }
  }

  /** What a type's checks would see now, with every row in reach: to ask one check alone whether it refuses. */
  context(transaction: Transaction, signatories: readonly Signatory[]): Context<never> {
    const moment = { index: this.size, time: this.time, summary: this.summary() }
    return new View(sha256, transaction, signatoriesOf(transaction, signatories), this, moment)
  }

  /** The row, decoded, or undefined. */
  get<Row>(key: RowKey<Row>): Row | undefined {
    if (key.table.name === entryRecords.name) return this.records[Number(key.key)]?.record as Row | undefined
    return this.rows.get(key.path)?.row as Row | undefined
  }

  /** Writes a row past all rules, as it would come back from a store. */
  put<Row>(key: RowKey<Row>, row: Row): void {
    if (row === undefined) this.rows.delete(key.path)
    else this.rows.set(key.path, { key: key as RowKey, row: deepFreeze(decodeRow(encodeRow(row))) })
  }

  /** All rows as stored, in order: two worlds are in one state exactly where these texts are equal. */
  dump(): string {
    const lines = [...this.rows].map(([path, { row }]) => `${path} ${encodeRow(row)}`)
    return canonicalize(lines.sort())
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const item of Object.values(value)) deepFreeze(item)
  return Object.freeze(value)
}
