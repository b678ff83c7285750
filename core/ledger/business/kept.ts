/**
 * Rows that the fold of the business goes by from entry to entry, as the index keeps them between its steps: so that it can go on
 * where it ended, and a step costs what its entries cost.
 */

import { assert } from '../../base/assert.ts'
import { decodeRow, encodeRow } from '../../domain/table.ts'
import type { KeptText } from '../search-index.ts'

/** The texts that an index keeps under keys, each in the place of its key. */
type Recall = (keys: readonly string[]) => Promise<readonly (string | undefined)[]>

export class Kept {
  readonly #recall: Recall
  readonly #rows = new Map<string, unknown>()
  readonly #changed = new Set<string>()

  constructor(recall: Recall) {
    this.#recall = recall
  }

  async load(keys: Iterable<string>): Promise<void> {
    const missing = [...new Set(keys)].filter((key) => !this.#rows.has(key))
    const texts = await this.#recall(missing)
    missing.forEach((key, at) => {
      const text = texts[at]
      this.#rows.set(key, text === undefined ? undefined : decodeRow(text))
    })
  }

  get<Row>(key: string): Row | undefined {
    assert(this.#rows.has(key), () => `what is kept under ${key} was loaded`)
    return this.#rows.get(key) as Row | undefined
  }

  put(key: string, row: unknown): void {
    this.#rows.set(key, row)
    this.#changed.add(key)
  }

  get changed(): KeptText[] {
    return Array.from(this.#changed, (key) => ({ key, text: encodeRow(this.#rows.get(key)) }))
  }
}
