/** The options that commands share, and how their texts are read. */

import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Micros, parseAmount } from '../../domain/money.ts'
import type { Milliseconds, Seconds } from '../../domain/time.ts'
import { MAX_SECONDS, parseSeconds, wholeSeconds } from '../../domain/time.ts'
import type { Address } from '../../net/address.ts'
import { Failure } from '../failure.ts'
import { requireToken } from '../hub-token.ts'
import { PASSPHRASE_VARIABLE } from '../passphrase.ts'
import { defaultDir, type Place, userPath } from '../place.ts'

const TOKEN_VARIABLE = 'NIMLEDGER_TOKEN'

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

const TIME_FORM = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/**
 * RFC 3339 with a zone, letters in either case; fractions finer than milliseconds are cut off. A day that no calendar has is no
 * time.
 */
function parseTime(written: string): Milliseconds {
  const text = written.toUpperCase()
  const day = TIME_FORM.exec(text)?.[1]
  const isDay = day !== undefined && parseSeconds(`${day}T00:00:00Z`) !== undefined
  const milliseconds = isDay ? Date.parse(text) : Number.NaN
  if (Number.isNaN(milliseconds) || milliseconds < 0 || milliseconds / 1000 > MAX_SECONDS) {
    throw new InvalidArgumentError('It must be a time such as 2026-11-22T08:31:07Z.')
  }
  return milliseconds
}

const MAX_PORT = 65_535

/** Where a server listens. */
export function parseAddress(text: string): Address {
  const found = /^(?:\[(?<six>[0-9a-f:]+)\]|(?<host>[\w.]+)):(?<port>\d{1,5})$/.exec(text)?.groups
  const host = found?.six ?? found?.host
  const port = Number(found?.port)
  if (host === undefined || port > MAX_PORT) throw new InvalidArgumentError('It must be an address such as 127.0.0.1:4748.')
  return { host, port }
}

/** A day stands for its beginning in UTC. */
export function parseDayOrTime(text: string): Milliseconds {
  return parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
}

export function parseTimeSeconds(text: string): Seconds {
  return wholeSeconds(parseTime(text))
}

export function parseCount(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number.')
  return value
}

export function parseCredits(text: string): Micros {
  const amountMicros = parseAmount(text)
  if (amountMicros === undefined) throw new InvalidArgumentError('It must be an amount of credits such as 25 or 0.000001.')
  return amountMicros
}

export function placeOf(options: GlobalOptions): Place {
  return {
    dir: options.dir ?? defaultDir('nimledger'),
    passphrase: { file: options.passphraseFile, environment: process.env[PASSPHRASE_VARIABLE] },
    at: options.at,
    token: readToken({}),
  }
}

/** The token for reading the log of a private hub. */
export function tokenOption(): Option {
  return new Option('--token-file <file>', `a read token of the hub's operator (else ${TOKEN_VARIABLE})`).argParser(userPath)
}

export function readToken({ tokenFile }: { readonly tokenFile?: string }): string | undefined {
  const token = tokenFile === undefined ? process.env[TOKEN_VARIABLE] : readFileSync(tokenFile, 'utf8').trimEnd()
  return token === undefined ? undefined : requireToken(token, tokenFile ?? TOKEN_VARIABLE)
}

/** The path of a file that the user named, which has to exist. */
export function givenFile(name: string): string {
  const path = userPath(name)
  if (!existsSync(path)) throw new Failure('usage', `There is no file ${path}.`)
  if (isFolder(path)) throw new Failure('usage', `${path} is a folder, not a file.`)
  return path
}

/** The path of a file to write; its folder has to exist. */
export function targetFile(name: string): string {
  const path = userPath(name)
  if (!isFolder(dirname(path))) throw new Failure('usage', `There is no folder ${dirname(path)}.`)
  if (isFolder(path)) throw new Failure('usage', `${path} is a folder, not a file.`)
  return path
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** An option that may be given several times; `preset` describes what holds without it. */
export function listOption(flags: string, description: string, preset: string, read = (text: string) => text): Option {
  return new Option(flags, description)
    .argParser((text: string, before: readonly string[]) => [...before, read(text)])
    .default([], preset)
}

/** Where a server listens unless it is told; shown in the help as it would be written. */
export function listenOption(description: string, preset: Address, parse = parseAddress): Option {
  return new Option('--listen <address>', description).argParser(parse).default(preset, `${preset.host}:${preset.port}`)
}

/** The most that is read from a file of notes or a body. */
const MAX_INPUT_BYTES = 256 * 1024 * 1024

/** A file's bytes, or those of the standard input for "-", whenever they come. */
export async function readInput(file: string): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of file === '-' ? process.stdin : createReadStream(givenFile(file))) {
    parts.push(part)
    bytes += part.length
    if (bytes > MAX_INPUT_BYTES) throw new Failure('usage', `The input has more than ${MAX_INPUT_BYTES} bytes.`)
  }
  return Buffer.concat(parts)
}
