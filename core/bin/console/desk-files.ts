/** What the console writes to be saved: statements, deposits, the log for other programs. All of it beside everything else. */

import type { ExportedFile, ExportFormat, HostFiles, SpreadsheetCell, StatementAsked } from '../../api/host.ts'
import type { Period } from '../../ledger/statement.ts'
import { formatCsv } from '../csv.ts'
import { aside } from './aside.ts'
import { Exports } from './exports.ts'
import type { DeskShared } from './opened.ts'

export class DeskFiles implements HostFiles {
  readonly #desk: DeskShared
  readonly #exports = new Exports()

  constructor(desk: DeskShared) {
    this.#desk = desk
  }

  async statement(asked: StatementAsked): Promise<Uint8Array> {
    this.#desk.opened()
    return aside('statement', { dir: this.#desk.dir, ...asked }, { signal: this.#desk.signal })
  }

  async deposits(period: Period): Promise<Uint8Array> {
    this.#desk.opened()
    return aside('deposits', { dir: this.#desk.dir, period }, { signal: this.#desk.signal })
  }

  async exportLog(
    format: ExportFormat,
    ended: AbortSignal,
    progress: (done: number, total: number) => void,
  ): Promise<ExportedFile> {
    const { origin } = this.#desk.opened()
    const signal = AbortSignal.any([ended, this.#desk.signal])
    return this.#exports.make({ dir: this.#desk.dir, origin, format, signal, progress })
  }

  exportedPart(id: string, from: number, lengthBytes: number): Promise<Uint8Array> {
    return this.#exports.read(id, from, lengthBytes)
  }

  spreadsheet(rows: readonly (readonly SpreadsheetCell[])[]): string {
    return formatCsv(rows)
  }
}
