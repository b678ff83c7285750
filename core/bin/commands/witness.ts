/** witness: cosigns the checkpoints of other ledgers' logs. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { toHex, utf8 } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import { quoted } from '../../domain/text.ts'
import { wholeSeconds } from '../../domain/time.ts'
import { writeDurably } from '../../drivers/durable-file.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { chooseVerifier } from '../../drivers/sodium/ed25519.ts'
import type { KeyPair } from '../../drivers/sodium/signer.ts'
import { isSqliteWitness, openSqliteWitness } from '../../drivers/sqlite/witness-store.ts'
import { listKeys, Vault } from '../../drivers/vault.ts'
import {
  COSIGNATURE_V1,
  ED25519,
  formatVerifierKey,
  isKeyName,
  parseVerifierKey,
  type VerifierKey,
  verifierKey,
} from '../../log/note.ts'
import type { Address } from '../../net/address.ts'
import { serveWitness } from '../../net/witness-server.ts'
import { type Evidence, formatEvidence } from '../../sync/evidence.ts'
import { Witness } from '../../sync/witness.ts'
import { endingSignal, untilAborted } from '../ending.ts'
import { Failure, failureOf, listenFailure } from '../failure.ts'
import { newKeyPair } from '../founding.ts'
import { note, printJson } from '../output.ts'
import { PASSPHRASE_VARIABLE, readPassphrase } from '../passphrase.ts'
import { defaultDir } from '../place.ts'
import { LOCK_TIMEOUT_MS } from '../sequencer.ts'
import { type GlobalOptions, listenOption, placeOf } from './options.ts'

interface WitnessOptions extends GlobalOptions {
  readonly listen: Address
  readonly name?: string
  readonly log: readonly string[]
}

const MAX_NAME_CHARACTERS = 200
const NEW_KEY = {
  question: 'A passphrase for the key of this witness: ',
  variable: PASSPHRASE_VARIABLE,
  option: '--passphrase-file',
}

export function witnessCommand(program: Command): void {
  program
    .command('witness')
    .description("cosign other ledgers' checkpoints: prints one JSON line once it does, and runs until it is ended")
    .requiredOption(
      '--log <vkey>',
      'the key of a log to cosign; again for another log, or for the next key of the same',
      (vkey, given: string[] = []) => [...given, vkey],
    )
    .option('--name <name>', 'its name for ever, such as witness.example/w1; the first time, when its key is made')
    .addOption(listenOption('where', { host: '127.0.0.1', port: 4748 }))
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<WitnessOptions>()
      await runWitness(options, endingSignal())
    })
}

async function runWitness(options: WitnessOptions, signal: AbortSignal): Promise<void> {
  const logs = readLogs(options.log)
  const dir = options.dir ?? defaultDir('nimledger-witness')
  const named = nameOf(dir, options.name)
  const passphrase = await readPassphrase(placeOf(options).passphrase, named.isNew, named.isNew ? NEW_KEY : undefined)
  const store = await openSqliteWitness(dir, { lockTimeoutMs: LOCK_TIMEOUT_MS })
  try {
    const pair = openKey(dir, passphrase, named)
    const key = verifierKey(sha256, named.name, COSIGNATURE_V1, pair.publicKey)
    const now = () => wholeSeconds(Date.now())
    const caught = (origin: string, evidence: Evidence) => keepEvidence(dir, origin, evidence)
    const witness = new Witness({ sha256, verify: chooseVerifier(), key, sign: pair.sign, logs, store, now, caught })
    const failed = (error: unknown) => note(failureOf(error).message)
    const server = await serveWitness({ witness, address: options.listen, failed }).catch((error: unknown) => {
      throw listenFailure(error, options.listen)
    })
    printJson({ listening: server.origin, name: key.name, vkey: formatVerifierKey(key), logs: [...logs.keys()] })
    await untilAborted(signal)
    await server.close()
  } finally {
    await store.close()
  }
}

/** The logs of these keys, by their names, which are their origins. */
function readLogs(vkeys: readonly string[]): ReadonlyMap<string, readonly VerifierKey[]> {
  const logs = new Map<string, VerifierKey[]>()
  for (const vkey of vkeys) {
    const key = parseVerifierKey(sha256, vkey)
    if (key instanceof Malformed) throw new Failure('usage', `--log: ${key.reason}.`)
    if (key.type !== ED25519) throw new Failure('usage', '--log: it is the key of a witness, not of a log.')
    logs.set(key.name, [...(logs.get(key.name) ?? []), key])
  }
  return logs
}

interface Named {
  readonly name: string
  /** Whether its key has to be made. */
  readonly isNew: boolean
}

/** A witness's only key has its name as its label: what it signs does not contain the name, so one key serves one name. */
function nameOf(dir: string, given: string | undefined): Named {
  const [own, ...more] = listKeys(dir)
  if (own === undefined) {
    if (given === undefined) throw new Failure('usage', 'A new witness needs a name: --name witness.example/w1.')
    if (!isKeyName(given) || given.length > MAX_NAME_CHARACTERS)
      throw new Failure('usage', `${quoted(given)} is not a name: take one such as witness.example/w1, without spaces and +.`)
    return { name: given, isNew: true }
  }
  if (more.length > 0) throw new Failure('usage', `${dir} has keys of a ledger; a witness needs a folder for itself.`)
  if (given !== undefined && given !== own.label)
    throw new Failure('usage', `This witness is ${own.label}; another name needs another key, in another folder.`)
  // With the key but without the memory it could cosign a second history of every log.
  if (!isSqliteWitness(dir))
    throw new Failure(
      'damaged',
      `What ${own.label} has cosigned is not in ${dir} any more: begin anew in another folder, under another name.`,
    )
  return { name: own.label, isNew: false }
}

function openKey(dir: string, passphrase: string, { name, isNew }: Named): KeyPair {
  const vault = isNew ? Vault.create(dir, passphrase) : Vault.open(dir, passphrase)
  // Made after the memory, so that there is never a key without one.
  if (isNew) vault.add([{ label: name, pair: newKeyPair() }])
  return vault.key(name)!
}

/** Keeps the first evidence against each log: more of it would say nothing new. */
function keepEvidence(dir: string, origin: string, evidence: Evidence): void {
  const file = join(dir, `evidence-${toHex(sha256(utf8(origin))).slice(0, 16)}.json`)
  if (existsSync(file)) return
  note(`${origin}: ${evidence.message} Evidence: ${file}; nimledger check tells what it shows.`)
  try {
    writeDurably(file, formatEvidence(evidence))
  } catch (error) {
    note(failureOf(error).message)
  }
}
