/** The forms in which a log is written for other programs, each as one file. */

import { utf8 } from '../../base/bytes.ts'
import { wholeSeconds } from '../../domain/time.ts'
import { tileFiles } from '../../drivers/tile-folder.ts'
import { lastTime } from '../../ledger/queries.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { Failure } from '../failure.ts'
import { beancount } from './beancount.ts'
import { csv } from './csv.ts'
import { hledger } from './hledger.ts'
import { jsonl } from './jsonl.ts'
import { type ExportWriter, exportSource } from './source.ts'
import { tar } from './tar.ts'

export const WRITERS = { jsonl, csv, hledger, beancount } as const satisfies Record<string, ExportWriter>

type WriterName = keyof typeof WRITERS

export function isWriterName(format: string): format is WriterName {
  return Object.hasOwn(WRITERS, format)
}

interface ExportParts {
  readonly entries: number
  readonly parts: AsyncIterable<string | Uint8Array>
}

type Tell = (done: number, total: number) => void

/** The ledger as it stands, in a form that is one file. */
export async function exportParts(store: StoreReader, format: WriterName, tell: Tell): Promise<ExportParts> {
  const source = await exportSource(store)
  async function* counted() {
    let done = 0
    for await (const entry of source.entries) {
      yield entry
      tell(++done, source.size)
    }
  }
  return { entries: source.size, parts: WRITERS[format]({ ...source, entries: counted() }) }
}

/** The log as tiles, all of them in one archive, dated as the last entry. */
export async function archivedTiles(store: StoreReader, cosigned: Uint8Array | undefined, tell: Tell): Promise<ExportParts> {
  const { size, files } = await tileFiles(store, cosigned)
  async function* counted() {
    let done = 0
    for await (const file of files) {
      yield file
      done += file.entries
      tell(done, size)
    }
  }
  return { entries: size, parts: tar(counted(), wholeSeconds(await lastTime(store))) }
}

/** The parts, as long as they are not more than so many bytes together. */
export async function* bounded(parts: ExportParts['parts'], maximumBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const part of parts) {
    const next = typeof part === 'string' ? utf8(part) : part
    bytes += next.length
    if (bytes > maximumBytes)
      throw new Failure('usage', `The export has more than ${maximumBytes} bytes: nimledger export writes one of any length.`)
    yield next
  }
}
