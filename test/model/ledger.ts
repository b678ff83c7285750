/**
 * The ledger under test: the machine and the rules on rows in a map, as World has it, with the common checks in their full order
 * (notes are framed, parsed and authenticated too, though signatures themselves are taken as genuine), and with places where a
 * test may plant a bug.
 */

import { assert } from '../../core/base/assert.ts'
import { tryFromHex } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { composeText, parseSignedTransaction, type Rules, type SignedTransaction } from '../../core/domain/envelope.ts'
import { authenticate, authenticationRows, execute, roundsOf, rowsToRead } from '../../core/domain/machine.ts'
import { type Refusal, refuse } from '../../core/domain/refusal.ts'
import type { Execution } from '../../core/domain/run.ts'
import type { StateSummary } from '../../core/domain/state-root.ts'
import { decodeRow, encodeRow, type RowKey } from '../../core/domain/table.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { type Rows, signatoriesOf, View } from '../../core/domain/view.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { checkPoint } from '../../core/drivers/sodium/point-check.ts'
import { recordOf } from '../../core/ledger/accepted.ts'
import { ED25519, formatNote, keyId } from '../../core/log/note.ts'
import { World } from '../support/world.ts'
import { STATE_ROOT } from './catalogue/closing.ts'
import type { Told } from './catalogue/model.ts'

/** A bug planted from outside: other rules, or something done to a result before it is committed or after. */
export interface Bug {
  readonly rules?: Rules
  /** How the machine sees a row that is there. */
  readonly see?: (key: RowKey, row: unknown) => unknown
  readonly tamper?: (result: Execution | Refusal, ledger: TestLedger) => Execution | Refusal
}

export class TestLedger extends World {
  readonly #rules: Rules
  readonly #tamper: NonNullable<Bug['tamper']>
  readonly #see: NonNullable<Bug['see']>
  /** Rows go through their stored text, as a store would make them. */
  readonly #stored: boolean

  constructor(bug: Bug = {}, stored = false) {
    super()
    this.#rules = bug.rules ?? rules
    this.#tamper = bug.tamper ?? ((result) => result)
    this.#see = bug.see ?? ((_, row) => row)
    this.#stored = stored
  }

  tell(told: Told): Execution | Refusal {
    this.time = told.at
    const transaction = this.#parse(told)
    const decided =
      transaction instanceof Malformed ? refuse('malformed', { reason: transaction.reason }) : this.#decide(transaction)
    const result = this.#tamper(decided, this)
    if (result.status === 'refused') return result
    for (const { key, row } of result.changes) {
      const { path } = key
      if (row === undefined) this.rows.delete(path)
      else this.rows.set(path, { key, row: this.#stored ? decodeRow(encodeRow(row)) : freeze(row) })
    }
    const { outcome } = result
    this.records.push({ record: recordOf({ transaction: transaction as SignedTransaction, outcome }), leaf: new Uint8Array(32) })
    this.size += 1
    return result
  }

  #parse({ at: _at, signatures, ...draft }: Told): SignedTransaction | Malformed {
    const nonce = new Uint8Array(16)
    new DataView(nonce.buffer).setUint32(0, draft.nonce)
    const signed = signatures.map(({ account, publicKey }) => {
      const id = keyId(sha256, account, ED25519, tryFromHex(publicKey)!)
      return { name: account, keyId: id, signature: new Uint8Array(64) }
    })
    return parseSignedTransaction(this.#rules, sha256, formatNote(composeText({ ...draft, nonce }), signed))
  }

  #decide(transaction: SignedTransaction): Execution | Refusal {
    const declared = new Set<string>()
    const rows = this.#declared(declared)
    for (const key of authenticationRows(transaction)) declared.add(key.path)
    const signers = authenticate(sha256, transaction, rows)
    if ('status' in signers) return signers
    declared.clear()
    const signatories = signatoriesOf(transaction, signers)
    const summary = transaction.definition.needsSummary === true ? { summary: this.summary() } : {}
    const moment = { index: this.size, time: this.time, isPrimeOrder: checkPoint, ...summary }
    const view = new View(sha256, transaction, signatories, rows, moment)
    for (let round = 0; round < roundsOf(transaction); round++) {
      for (const key of rowsToRead(view, signatories, round)) declared.add(key.path)
    }
    return execute(sha256, transaction, signatories, rows, moment)
  }

  /** The books as they are, with a state root that stands for all states: the true one is tested elsewhere. */
  override summary(): StateSummary {
    return { ...super.summary(), stateRoot: STATE_ROOT }
  }

  #declared(declared: ReadonlySet<string>): Rows {
    return {
      get: <Row>(key: RowKey<Row>) => {
        assert(declared.has(key.path), `the row ${key.path} was declared`)
        const row = this.get(key)
        return row === undefined ? undefined : (this.#see(key as RowKey, row) as Row)
      },
    }
  }
}

/** Rows are values: whoever changes one in place throws from now on. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(freeze)
  }
  return value
}
