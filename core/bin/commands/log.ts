/** log, verify: what auditors use. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { assert } from '../../base/assert.ts'
import { Malformed } from '../../base/malformed.ts'
import { entryCount, plural } from '../../base/plural.ts'
import type { Micros } from '../../domain/money.ts'
import type { Milliseconds } from '../../domain/time.ts'
import { readPublished } from '../../drivers/published-files.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import { isTileFolder, openTileFolder } from '../../drivers/tile-folder.ts'
import { type AuditReport, audit } from '../../ledger/audit.ts'
import type { Defect } from '../../ledger/execution.ts'
import { type JsonObject, presentEntry } from '../../ledger/present.ts'
import { readLog, readPlatform } from '../../ledger/queries.ts'
import type { LogReader, StoreReader } from '../../ledger/store.ts'
import { signedSize } from '../../ledger/tree.ts'
import type { Verifier } from '../../ledger/verifier.ts'
import { openCheckpoint, readCheckpoint } from '../../log/checkpoint.ts'
import { parseVerifierKey, type VerifierKey } from '../../log/note.ts'
import type { TrustPolicy } from '../../log/trust-policy.ts'
import { HubClient } from '../../net/hub-client.ts'
import { parseHubUrl } from '../../net/hub-url.ts'
import { openRemoteLog } from '../../sync/remote-reader.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { EXIT, Failure, knownFailureOf } from '../failure.ts'
import { keepHeapSmall } from '../heap.ts'
import { localNames, withNames } from '../local-keys.ts'
import { formatFields, formatValue, isRead, print, printJson, progressBar } from '../output.ts'
import { resolveAccount, userPath } from '../place.ts'
import { searching } from '../searching.ts'
import { policyTrust, presentCosigners, readTrustPolicy, witnessPolicyOption } from '../trust-policy.ts'
import {
  type GlobalOptions,
  givenFile,
  parseCount,
  parseCredits,
  parseDayOrTime,
  placeOf,
  readToken,
  tokenOption,
} from './options.ts'
import { whyNoType } from './transaction-types.ts'

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
  readonly witnessPolicy?: string
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
    .addOption(witnessPolicyOption())
    .addOption(tokenOption())
    .action(async (dir: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<VerifyOptions>()
      process.exitCode = await verify(dir, options).catch((error) => showUnreadable(error, options))
    })
}

async function showLog(options: LogOptions): Promise<void> {
  const place = placeOf(options)
  const { from, limit = Number.POSITIVE_INFINITY, type, since, until, min, max, json } = options
  const unknown = type === undefined ? undefined : whyNoType(type)
  if (unknown !== undefined) throw new Failure('usage', `--type: ${unknown}.`)
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

/** One line for people: who did what, what it cost, what it made. */
function describeEntry(
  { index, time, signer, summary, gross, lines, created }: JsonObject,
  names: ReadonlyMap<string, string>,
): string {
  const who = names.get(String(signer)) ?? String(signer)
  const plain = withNames(String(summary), names)
  const sentence = `${plain.charAt(0).toLowerCase()}${plain.slice(1)}`
  const figures = [gross !== undefined && `gross ${gross}`, lines && formatValue(lines), created]
  const details = figures.filter((figure) => figure !== undefined && figure !== false)
  return `${String(index).padStart(6)}  ${time}  ${who} ${sentence}${details.map((detail) => `  · ${detail}`).join('')}`
}

async function verify(dir: string | undefined, options: VerifyOptions): Promise<number> {
  const given = options.vkey === undefined ? undefined : parseVerifierKey(sha256, options.vkey)
  if (given instanceof Malformed) throw new Failure('usage', `--vkey: ${given.reason}.`)
  const policy = options.witnessPolicy === undefined ? undefined : readTrustPolicy(options.witnessPolicy)
  const older = options.old === undefined ? undefined : readOlder(options.old)
  keepHeapSmall()
  const verifier = createVerifier({ threads: options.threads })
  const started = performance.now()
  const { log, store, folder } = await openLog(dir, options)
  try {
    const trusted = given ?? (policy && (await keyOfPolicy(policy, log)))
    const settings = { ...LEDGER_TOOLS, verifier, trusted, older, progress: progressBar('verify') }
    const report = await audit(log, store, settings)
    const seconds = (performance.now() - started) / 1000
    if (policy === undefined || !report.ok) return showReport(report, seconds, options)
    const cosigned = store && folder !== undefined ? await cosignedOf(folder, store, verifier) : undefined
    return showReport(requireWitnesses(report, policy, cosigned ?? (await log.checkpoint())!), seconds, options)
  } finally {
    await log.close()
    await verifier.close()
  }
}

/** A ledger with its store, or only a log: exported tiles in a folder, or a served one. */
async function openLog(
  place: string | undefined,
  options: VerifyOptions,
): Promise<{ readonly log: LogReader; readonly store?: StoreReader; readonly folder?: string }> {
  if (place?.includes('://')) {
    const url = parseHubUrl(place)
    if (url instanceof Malformed) throw new Failure('usage', `${place}: ${url.reason}.`)
    return { log: await openRemoteLog(sha256, new HubClient(url, { token: readToken(options) })) }
  }
  const folder = place === undefined ? placeOf(options).dir : userPath(place)
  if (!existsSync(join(folder, 'ledger.db')) && isTileFolder(folder)) return { log: openTileFolder(folder) }
  const store = await openSqliteReader(folder)
  return { log: store, store, folder }
}

/** The key of this very log in a policy that names logs. */
async function keyOfPolicy({ logs }: TrustPolicy, log: LogReader): Promise<VerifierKey | undefined> {
  const signed = await log.checkpoint()
  const head = signed && readCheckpoint(signed)
  if (logs.length === 0 || head === undefined || head instanceof Malformed) return undefined
  const known = logs.find(({ key }) => key.name === head.origin)
  if (known === undefined) throw new Failure('usage', `The policy is for other logs than ${head.origin}.`)
  return known.key
}

/** The last checkpoint that the witnesses of a ledger's hub cosigned, which its entries have to match. */
async function cosignedOf(folder: string, store: StoreReader, verifier: Verifier): Promise<Uint8Array | undefined> {
  const { cosigned } = readPublished(folder)
  if (cosigned !== undefined) await signedSize(sha256, store, cosigned, verifier)
  return cosigned
}

type WitnessedReport = AuditReport & { readonly cosigned?: { readonly size: number; readonly cosigners: JsonObject[] } }

/** The log is sound; its checkpoint tells whether those have seen it who have to. */
function requireWitnesses(report: AuditReport, policy: TrustPolicy, signed: Uint8Array): WitnessedReport {
  const key = parseVerifierKey(sha256, report.vkey!)
  assert(!(key instanceof Malformed), 'a log that is sound has a key')
  const trust = policyTrust(policy, key)
  const opened = openCheckpoint(signed, trust)
  if (opened instanceof Malformed) {
    const defect = { table: 'checkpoint', what: 'witnesses', message: `The checkpoint is not witnessed: ${opened.reason}.` }
    return { ...report, ok: false, defects: [defect] }
  }
  return { ...report, cosigned: { size: opened.checkpoint.size, cosigners: presentCosigners(opened, trust) } }
}

function readOlder(file: string): Buffer {
  return readFileSync(givenFile(file))
}

/** Defects of the keys that are trusted, not of the log. */
const KEY_DEFECTS = ['wrong_key', 'rotated_key', 'witnesses']

function showReport(report: WitnessedReport, seconds: number, { json }: GlobalOptions): number {
  const { ok, origin, vkey, vkeySource, rotation, size, root, unsigned, entries, signatures, defects, cosigned } = report
  const rate = Math.round(entries / Math.max(seconds, 0.001))
  if (json) {
    const beyond = { vkey, unsigned, rotation, cosigned }
    const speed = { seconds: Math.round(seconds * 1000) / 1000, entriesPerSecond: rate }
    process.stdout.write(
      `${JSON.stringify({ ok, origin, vkeySource, size, root, entries, signatures, ...speed, defects, ...beyond })}\n`,
    )
    return ok ? EXIT.done : EXIT.damaged
  }
  const checked = `${entryCount(entries)} and ${plural(signatures, 'signature')}`
  if (ok) print(`ok  ${checked} verified in ${seconds.toFixed(2)} s (${rate} a second)`)
  else print(KEY_DEFECTS.includes(defects[0]?.what ?? '') ? 'UNTRUSTED' : 'DAMAGED', ...defects.map(describeDefect))
  print(...formatFields({ origin, size, root, vkey }).map((line) => `  ${line}`))
  if (rotation !== undefined)
    print(`  The key given is an old one of this log, which signs until ${rotation.until}; the new one is ${rotation.vkey}`)
  if (unsigned > 0) print(`  No checkpoint covers the last ${entryCount(unsigned)} yet.`)
  for (const { name, time } of cosigned?.cosigners ?? [])
    print(`  ${name} cosigned the first ${entryCount(cosigned!.size)} at ${time}.`)
  if (vkeySource === 'folder')
    print('  The key is the one that the log names itself; give --vkey to verify against one that you got elsewhere.')
  return ok ? EXIT.done : EXIT.damaged
}

/** What cannot even be read is a defect as well: programs find it where they look for defects, and also as a failure. */
function showUnreadable(error: unknown, { json, vkey }: VerifyOptions): number {
  const failure = knownFailureOf(error)
  if (failure?.code !== 'damaged' || !json) throw error
  const { code, message } = failure
  const vkeySource = vkey === undefined ? 'folder' : 'given'
  printJson({ ok: false, vkeySource, defects: [{ what: 'unreadable', message }], status: 'failed', code, message })
  return failure.exitCode
}

function describeDefect({ index, table, key, what, message }: Defect): string {
  const place = index !== undefined ? `entry ${index}` : `table ${table ?? 'none'}${key === undefined ? '' : `, key ${key}`}`
  return `  ${place}: ${what}: ${message}`
}
