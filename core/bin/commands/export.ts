/** export: the ledger for other programs. */

import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { entryCount } from '../../base/plural.ts'
import { writePartsDurably } from '../../drivers/durable-file.ts'
import { readPublished } from '../../drivers/published-files.ts'
import { exportTiles } from '../../drivers/tile-folder.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { reading, userPath } from '../desk.ts'
import { beancount } from '../export/beancount.ts'
import { csv } from '../export/csv.ts'
import { hledger } from '../export/hledger.ts'
import { jsonl } from '../export/jsonl.ts'
import { type ExportWriter, exportSource } from '../export/source.ts'
import { Failure } from '../failure.ts'
import { print, printJson, progressBar } from '../output.ts'
import { type GlobalOptions, isFolder, placeOf, targetFile } from './options.ts'

/** The formats that are one file. */
const WRITERS: ReadonlyMap<string, ExportWriter> = new Map([
  ['jsonl', jsonl],
  ['csv', csv],
  ['hledger', hledger],
  ['beancount', beancount],
])

const FORMATS = 'tiles (C2SP tlog-tiles), jsonl (an entry a line), csv (a posting a line), hledger or beancount (a journal)'

interface Exported {
  readonly files: number
  readonly entries: number
}

export function exportCommand(program: Command): void {
  program
    .command('export')
    .description('write the log for other programs: tiles, jsonl, csv, hledger or beancount')
    .argument('<format>', FORMATS)
    .argument('<target>', 'a folder for tiles, a file for the others')
    .action(async (format: string, target: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const path = format === 'tiles' ? userPath(target) : targetFile(target)
      const place = placeOf(options)
      const exported = await reading(place, (store) => exportLog(store, format, path, readPublished(place.dir).cosigned))
      if (options.json) printJson({ target: path, ...exported })
      else print(`Wrote ${entryCount(exported.entries)} to ${path} (files: ${exported.files})`)
    })
}

async function exportLog(
  store: StoreReader,
  format: string,
  target: string,
  cosigned: Uint8Array | undefined,
): Promise<Exported> {
  if (basename(target) === '-') throw new Failure('usage', 'An export goes to a folder or a file, not to the standard output.')
  if (format === 'tiles') {
    if (existsSync(target) && !isFolder(target)) throw new Failure('usage', `${target} is a file; tiles go into a folder.`)
    return exportTiles(store, target, cosigned)
  }
  const writer = WRITERS.get(format)
  if (writer === undefined) {
    throw new Failure('usage', `There is no export format ${format}; there are tiles, ${[...WRITERS.keys()].join(', ')}.`)
  }
  return exportFile(store, writer, target)
}

async function exportFile(store: StoreReader, writer: ExportWriter, target: string): Promise<Exported> {
  const source = await exportSource(store)
  const progress = progressBar('export')
  let count = 0
  async function* counted() {
    for await (const entry of source.entries) {
      yield entry
      progress(++count, source.size)
    }
  }
  await writePartsDurably(target, writer({ ...source, entries: counted() }))
  return { files: 1, entries: count }
}
