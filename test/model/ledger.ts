/**
 * The ledger under test: the machine and the rules on rows in a map, as World has it, with the common checks in their full order
 * (it authenticates too, though signatures themselves are taken as genuine), and with places where a test may plant a bug.
 */

import { assert } from '../../core/base/assert.ts'
import { tryFromHex } from '../../core/base/bytes.ts'
import { MAX_READ_ROUNDS } from '../../core/base/limits.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { composeText, parseTransaction, type Rules, type SignedTransaction } from '../../core/domain/envelope.ts'
import { authenticate, authenticationRows, execute, rowsToRead } from '../../core/domain/machine.ts'
import { type Refusal, refuse } from '../../core/domain/refusal.ts'
import type { Execution } from '../../core/domain/run.ts'
import { decodeRow, encodeRow, type RowKey } from '../../core/domain/table.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { type Rows, signatoriesOf } from '../../core/domain/view.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { ED25519, keyId } from '../../core/log/note.ts'
import { World } from '../support/world.ts'
import type { Told } from './model.ts'

/** A bug planted from outside: other rules, or something done to a result before it is committed or after. */
export interface Bug {
  readonly rules?: Rules
  readonly tamper?: (result: Execution | Refusal, ledger: TestLedger) => Execution | Refusal
}

export class TestLedger extends World {
  readonly #rules: Rules
  readonly #tamper: NonNullable<Bug['tamper']>
  /** Rows go through their stored text, as a store would make them. */
  readonly #stored: boolean

  constructor(bug: Bug = {}, stored = false) {
    super()
    this.#rules = bug.rules ?? rules
    this.#tamper = bug.tamper ?? ((result) => result)
    this.#stored = stored
  }

  tell(told: Told): Execution | Refusal {
    this.time = told.at
    const result = this.#tamper(this.#decide(told), this)
    if (result.status === 'refused') return result
    for (const [path, { key, row }] of result.changes) {
      if (row === undefined) this.rows.delete(path)
      else this.rows.set(path, { key, row: this.#stored ? decodeRow(encodeRow(row)) : freeze(row) })
    }
    this.size += 1
    return result
  }

  #decide(told: Told): Execution | Refusal {
    const nonce = new Uint8Array(16)
    new DataView(nonce.buffer).setUint32(0, told.nonce)
    const { at: _at, signedWith, ...draft } = told
    const transaction = parseTransaction(this.#rules, sha256, composeText({ ...draft, nonce }))
    if (transaction instanceof Malformed) return refuse('malformed', { reason: transaction.reason })
    const { signer } = told
    const signatureId = keyId(sha256, signer, ED25519, tryFromHex(signedWith)!)
    const signatures = [{ name: signer, keyId: signatureId, signature: new Uint8Array(64) }]
    const signed: SignedTransaction = { ...transaction, signatures, note: new Uint8Array(), textBytes: new Uint8Array() }
    const declared = new Set<string>()
    const rows = this.#declared(declared)
    for (const key of authenticationRows(signed)) declared.add(key.path)
    const signers = authenticate(sha256, signed, rows)
    if ('status' in signers) return signers
    declared.clear()
    const signatories = signatoriesOf(transaction, signers)
    const moment = { index: this.size, time: this.time }
    for (let round = 0; round < MAX_READ_ROUNDS; round++) {
      for (const key of rowsToRead(sha256, transaction, signatories, round, rows, moment)) declared.add(key.path)
    }
    return execute(sha256, transaction, signatories, rows, moment)
  }

  #declared(declared: ReadonlySet<string>): Rows {
    return {
      get: <Row>(key: RowKey<Row>) => {
        assert(declared.has(key.path), `the row ${key.path} was declared`)
        return this.rows.get(key.path)?.row as Row | undefined
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
