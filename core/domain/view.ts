/** What a transaction sees of the ledger while its checks run. */

import { InvariantError } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import { type CheckPoint, isPrimeOrder } from '../log/enrolment.ts'
import type { Context, Definition } from './define.ts'
import type { Transaction } from './envelope.ts'
import { thingId } from './ids.ts'
import type { StateSummary } from './state-root.ts'
import type { RowKey } from './table.ts'
import { type Milliseconds, type Seconds, wholeSeconds } from './time.ts'

/** Rows as they stand before a transaction. */
export interface Rows {
  /** The row, undefined where there is none; throws where it was not loaded. */
  get<Row>(key: RowKey<Row>): Row | undefined
}

/** Where and when the entry would stand. */
export interface Moment {
  readonly index: number
  readonly time: Milliseconds
  /** For types that need it. */
  readonly summary?: StateSummary
  /** How the host checks the points of keys, where it has a quicker way than core/log/enrolment.ts. */
  readonly isPrimeOrder?: CheckPoint | undefined
}

/** Who signs; in a preview, who would, with whatever key. */
export interface Signing {
  readonly account: string
  readonly keyId?: string
}

/** Who signed, with which of the account's keys. */
export interface Signatory extends Signing {
  readonly keyId: string
}

/** Those who signed, in the form that execute takes: the keys of a type that opens its signer's account are in no row yet. */
export function signatoriesOf<S extends Signing>({ definition }: Transaction, signers: readonly S[]): readonly S[] {
  return definition.publicKey === undefined ? signers : []
}

/** The id of what the transaction makes, known before it is accepted. */
export function createdId({ definition, signer, id }: Pick<Transaction, 'definition' | 'signer' | 'id'>): string | undefined {
  const { creates } = definition
  if (creates === undefined) return undefined
  return creates === 'account' ? signer : thingId(creates.prefix, id)
}

/** The row of what the transaction makes, named by its id; undefined for types that make nothing with a row of its own. */
export function createdRow(view: View): RowKey | undefined {
  const { creates } = view.definition
  return creates === undefined || creates === 'account' ? undefined : creates.table?.at(view.created)
}

export class View implements Context<never> {
  readonly definition: Definition
  readonly id: string
  readonly body: never
  readonly signer: string
  readonly time: Seconds
  readonly index: number
  readonly keyId: string | undefined
  readonly signers: readonly string[]
  readonly summary: StateSummary | undefined
  readonly sha256: Sha256
  readonly isPrimeOrder: CheckPoint
  readonly rows: Rows
  #created: string | undefined

  /** `signatories` may be empty in a preview: its signer alone. */
  constructor(sha256: Sha256, transaction: Transaction, signatories: readonly Signing[], rows: Rows, moment: Moment) {
    this.sha256 = sha256
    this.isPrimeOrder = moment.isPrimeOrder ?? isPrimeOrder
    this.definition = transaction.definition
    this.id = transaction.id
    this.body = transaction.body as never
    this.signer = transaction.signer
    this.keyId = signatories[0]?.keyId
    this.signers = signatories.length === 0 ? [transaction.signer] : signatories.map(({ account }) => account)
    this.summary = moment.summary
    this.time = wholeSeconds(moment.time)
    this.index = moment.index
    this.rows = rows
  }

  /** Put together only when asked for: many types never ask, or only at the end. */
  get created(): string {
    this.#created ??= createdId(this) ?? ''
    return this.#created
  }

  get<Row>(key: RowKey<Row>): Row | undefined {
    return this.rows.get(key)
  }

  need<Row>(key: RowKey<Row>): Row {
    const row = this.get(key)
    if (row === undefined) throw new InvariantError(`the row ${key.path} exists`)
    return row
  }
}
