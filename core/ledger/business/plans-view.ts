/** What the rules of plans see and do where paid time alone is of interest: plans change, and no credits move. */

import type { Sha256 } from '../../base/bytes.ts'
import type { Effects } from '../../domain/define.ts'
import { planSubscriptions, platform } from '../../domain/state.ts'
import type { RowKey } from '../../domain/table.ts'
import { View } from '../../domain/view.ts'
import type { Accepted } from '../accepted.ts'
import type { LoadedRows } from '../rows.ts'
import type { Kept } from './kept.ts'

/** Offers are read from the ledger, since they never change. */
export class PlansView extends View implements Pick<Effects<never>, 'put' | 'payPlatform'> {
  readonly #kept: Kept

  constructor(sha256: Sha256, kept: Kept, offers: LoadedRows, { transaction, index, time }: Accepted) {
    const get = <Row>(key: RowKey<Row>) => (isKept(key) ? kept.get<Row>(key.path) : offers.get(key))
    super(sha256, transaction, [], { get }, { index, time })
    this.#kept = kept
  }

  put<Row>(key: RowKey<Row>, row: Row): void {
    if (isKept(key)) this.#kept.put(key.path, row)
  }

  payPlatform(): void {}
}

function isKept({ table }: RowKey): boolean {
  return table === planSubscriptions || table === platform.table
}
