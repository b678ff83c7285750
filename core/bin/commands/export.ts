/** export: the ledger for other programs. */

import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { entryCount } from '../../base/plural.ts'
import { writePartsDurably } from '../../drivers/durable-file.ts'
import { readPublished } from '../../drivers/published-files.ts'
import { exportTiles } from '../../drivers/tile-folder.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { exportParts, isWriterName, WRITERS } from '../export/formats.ts'
import { Failure } from '../failure.ts'
import { print, printJson, progressBar } from '../output.ts'
import { reading, userPath } from '../place.ts'
import { type GlobalOptions, isFolder, placeOf, targetFile } from './options.ts'

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
  if (!isWriterName(format)) {
    throw new Failure('usage', `There is no export format ${format}; there are tiles, ${Object.keys(WRITERS).join(', ')}.`)
  }
  const { entries, parts } = await exportParts(store, format, progressBar('export'))
  await writePartsDurably(target, parts)
  return { files: 1, entries }
}
