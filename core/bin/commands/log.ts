/** log, verify: what auditors use. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { Malformed } from '../../base/malformed.ts'
import type { Micros } from '../../domain/money.ts'
import { quoted } from '../../domain/text.ts'
import type { Milliseconds } from '../../domain/time.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import { isTileFolder, openTileFolder } from '../../drivers/tile-folder.ts'
import { type AuditReport, audit } from '../../ledger/audit.ts'
import type { Defect } from '../../ledger/execution.ts'
import { type JsonObject, presentEntry } from '../../ledger/present.ts'
import { readLog, readPlatform } from '../../ledger/queries.ts'
import type { LogReader, StoreReader } from '../../ledger/store.ts'
import { parseVerifierKey } from '../../log/note.ts'
import { HubClient } from '../../net/hub-client.ts'
import { parseHubUrl } from '../../net/hub-url.ts'
import { openRemoteLog } from '../../sync/remote-reader.ts'
import { LEDGER_TOOLS, resolveAccount, userPath } from '../desk.ts'
import { EXIT, Failure } from '../failure.ts'
import { localNames } from '../local-keys.ts'
import { formatFields, formatValue, isRead, print, printJson, progressBar } from '../output.ts'
import { searching } from '../searching.ts'
import { type GlobalOptions, parseCount, parseCredits, parseDayOrTime, placeOf, readToken, tokenOption } from './options.ts'

interface LogOptions extends GlobalOptions {
  readonly from: number
  readonly limit?: number
  readonly account?: string
  readonly type?: string
  readonly since?: Milliseconds
  readonly until?: Milliseconds
  readonly min?: Micros
  readonly max?: Micros
}

interface VerifyOptions extends GlobalOptions {
  readonly vkey?: string
  readonly old?: string
  readonly threads?: number
  readonly tokenFile?: string
}

export function logCommands(program: Command): void {
  program
    .command('log')
    .description('the entries, described')
    .option('--from <index>', 'the first entry to show', parseCount, 0)
    .option('--limit <count>', 'how many at most', parseCount)
    .option('--account <account>', 'those that touched an account')
    .option('--type <type>', 'those of a type')
    .option('--since <time>', 'those accepted on this day or at this time, and later', parseDayOrTime)
    .option('--until <time>', 'those accepted before this day or time', parseDayOrTime)
    .option('--min <amount>', 'those that moved as many credits at least', parseCredits)
    .option('--max <amount>', 'those that moved as many credits at most', parseCredits)
    .action(async (_options, command: Command) => showLog(command.optsWithGlobals<LogOptions>()))
  program
    .command('verify')
    .description('audit the whole log and everything derived from it')
    .argument('[dir or url]', 'a ledger, a folder of exported tiles, or a server of them (default: the ledger in --dir)')
    .option('--vkey <vkey>', "the log's key that you trust (default: the one it names itself)")
    .option('--threads <count>', 'how many threads verify signatures (default: one a core)', parseCount)
    .option('--old <file>', 'a checkpoint that you kept: the log must contain it')
    .addOption(tokenOption())
    .action(async (dir: string | undefined, _options, command: Command) => {
      process.exitCode = await verify(dir, command.optsWithGlobals<VerifyOptions>())
    })
}

async function showLog(options: LogOptions): Promise<void> {
  const place = placeOf(options)
  const { from, limit = Number.POSITIVE_INFINITY, type, since, until, min, max, json } = options
  const types = [...LEDGER_TOOLS.rules.values()].flatMap((ofVersion) => [...ofVersion.keys()])
  if (type !== undefined && !types.includes(type)) {
    throw new Failure('usage', `There is no type ${quoted(type)}; there are ${types.join(', ')}.`)
  }
  const names = localNames(place.dir)
  const amounts = { leastMicros: min, mostMicros: max }
  await searching(place.dir, { account: options.account, type, ...amounts }, async (searched) => {
    const account = options.account && resolveAccount(place, await readPlatform(searched.store), options.account)
    const filter = { from, limit, account, type, since, until, ...amounts }
    for await (const entry of readLog(LEDGER_TOOLS, searched, filter)) {
      if (!isRead()) return
      const shown = presentEntry(entry)
      if (json) printJson(shown)
      else print(describeEntry(shown, names))
    }
  })
}

/** One line for people: who, what, what it cost, what it made. */
function describeEntry(
  { index, time, signer, summary, gross, lines, created }: JsonObject,
  names: ReadonlyMap<string, string>,
): string {
  const who = names.get(String(signer)) ?? String(signer)
  const plain = String(summary).replaceAll(/nim1[02-9ac-hj-np-z]{38}/g, (account) => names.get(account) ?? account)
  const sentence = `${plain.charAt(0).toLowerCase()}${plain.slice(1)}`
  const figures = [gross !== undefined && `gross ${gross}`, lines && formatValue(lines), created]
  const details = figures.filter((figure) => figure !== undefined && figure !== false)
  return `${String(index).padStart(6)}  ${time}  ${who} ${sentence}${details.map((detail) => `  · ${detail}`).join('')}`
}

async function verify(dir: string | undefined, options: VerifyOptions): Promise<number> {
  const trusted = options.vkey === undefined ? undefined : parseVerifierKey(sha256, options.vkey)
  if (trusted instanceof Malformed) throw new Failure('usage', `--vkey: ${trusted.reason}.`)
  const older = options.old === undefined ? undefined : readOlder(options.old)
  const verifier = createVerifier({ threads: options.threads })
  const started = performance.now()
  const settings = { ...LEDGER_TOOLS, verifier, trusted, older, progress: progressBar('verify') }
  const { log, store } = await openLog(dir, options)
  try {
    const report = await audit(log, store, settings)
    return showReport(report, (performance.now() - started) / 1000, options)
  } finally {
    await log.close()
    await verifier.close()
  }
}

/** A ledger with its store, or a log alone: exported tiles in a folder, or served. */
async function openLog(
  place: string | undefined,
  options: VerifyOptions,
): Promise<{ readonly log: LogReader; readonly store?: StoreReader }> {
  if (place?.includes('://')) {
    const url = parseHubUrl(place)
    if (url instanceof Malformed) throw new Failure('usage', `${url.reason}.`)
    return { log: await openRemoteLog(sha256, new HubClient(url, { token: readToken(options) })) }
  }
  const folder = place === undefined ? placeOf(options).dir : userPath(place)
  if (!existsSync(join(folder, 'ledger.db')) && isTileFolder(folder)) return { log: openTileFolder(folder) }
  const store = await openSqliteReader(folder)
  return { log: store, store }
}

function readOlder(file: string): Buffer {
  const path = userPath(file)
  if (!existsSync(path)) throw new Failure('usage', `There is no file ${path}.`)
  return readFileSync(path)
}

/** What is wrong with the key that was given, not with the log. */
const KEY_DEFECTS = ['wrong_key', 'rotated_key']

function showReport(report: AuditReport, seconds: number, { json }: GlobalOptions): number {
  const { ok, origin, vkey, vkeySource, rotation, size, root, unsigned, entries, signatures, defects } = report
  const rate = Math.round(entries / Math.max(seconds, 0.001))
  if (json) {
    const beyond = { vkey, unsigned, rotation }
    const speed = { seconds: Math.round(seconds * 1000) / 1000, entriesPerSecond: rate }
    process.stdout.write(
      `${JSON.stringify({ ok, origin, vkeySource, size, root, entries, signatures, ...speed, defects, ...beyond })}\n`,
    )
    return ok ? EXIT.done : EXIT.damaged
  }
  if (ok) print(`ok  ${entries} entries and ${signatures} signatures verified in ${seconds.toFixed(2)} s (${rate} a second)`)
  else print(KEY_DEFECTS.includes(defects[0]?.what ?? '') ? 'UNTRUSTED' : 'DAMAGED', ...defects.map(describeDefect))
  print(...formatFields({ origin, size, root, vkey }).map((line) => `  ${line}`))
  if (rotation !== undefined)
    print(`  The key given is an old one of this log, which signs until ${rotation.until}; the new one is ${rotation.vkey}`)
  if (unsigned > 0) print(`  The last ${unsigned} entries are not covered by a checkpoint yet.`)
  if (vkeySource === 'folder')
    print('  The key is the one that the log names itself; give --vkey to verify against one that you got elsewhere.')
  return ok ? EXIT.done : EXIT.damaged
}

function describeDefect({ index, table, key, what, message }: Defect): string {
  const place = index !== undefined ? `entry ${index}` : `table ${table ?? 'none'}${key === undefined ? '' : `, key ${key}`}`
  return `  ${place}: ${what}: ${message}`
}
