/** The options that commands share, and how their texts are read. */

import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Milliseconds, Seconds } from '../../domain/time.ts'
import { MAX_SECONDS, wholeSeconds } from '../../domain/time.ts'
import { defaultDir, type Place, userPath } from '../desk.ts'
import { PASSPHRASE_VARIABLE } from '../passphrase.ts'

export interface GlobalOptions {
  readonly dir?: string
  readonly json?: true
  readonly passphraseFile?: string
  readonly at?: Milliseconds
}

export function globalOptions(program: Command): Command {
  return program
    .option('--dir <dir>', 'the folder of the ledger', userPath)
    .option('--json', 'print one JSON value for programs')
    .option(
      '--passphrase-file <file>',
      `read the passphrase from a file (else ${PASSPHRASE_VARIABLE}, else it is asked for)`,
      userPath,
    )
}

/** The time of a manual clock, for commands that submit. */
export function atOption(): Option {
  return new Option('--at <time>', 'the time, on a ledger with a manual clock (RFC 3339)').argParser(parseTime)
}

/** RFC 3339 with a zone; fractions finer than milliseconds are cut. */
function parseTime(text: string): Milliseconds {
  const isForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
  const milliseconds = isForm ? Date.parse(text) : Number.NaN
  if (Number.isNaN(milliseconds) || milliseconds < 0 || milliseconds / 1000 > MAX_SECONDS) {
    throw new InvalidArgumentError('It must be a time such as 2026-11-22T08:31:07Z.')
  }
  return milliseconds
}

export function parseTimeSeconds(text: string): Seconds {
  return wholeSeconds(parseTime(text))
}

export function parseCount(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number.')
  return value
}

export function placeOf(options: GlobalOptions): Place {
  return {
    dir: options.dir ?? defaultDir('nimledger'),
    passphrase: { file: options.passphraseFile, environment: process.env[PASSPHRASE_VARIABLE] },
    at: options.at,
  }
}

/** A file's bytes, or those of the standard input for "-". */
export function readInput(file: string): Buffer {
  return readFileSync(file === '-' ? 0 : userPath(file))
}
