/** keys: further keys for an account, with limits of their own; and the next key of the sequencer. */

import { type Command, InvalidArgumentError, Option } from 'commander'
import { tryFromHex } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import type { Json } from '../../domain/canonical.ts'
import { SCOPES } from '../../domain/define.ts'
import { parseTransaction } from '../../domain/envelope.ts'
import { refuse } from '../../domain/refusal.ts'
import { sequencerKeys } from '../../domain/state.ts'
import { quoted } from '../../domain/text.ts'
import { formatSeconds, type Seconds } from '../../domain/time.ts'
import { sha256 } from '../../drivers/sha256.ts'
import type { KeyPair } from '../../drivers/sodium/signer.ts'
import { isSqliteMirror } from '../../drivers/sqlite/mirror-store.ts'
import type { Vault } from '../../drivers/vault.ts'
import { readKeyring, readRow } from '../../ledger/queries.ts'
import { signNote } from '../../log/note.ts'
import { compose, type Desk, LEDGER_TOOLS, publicKeyHex, writing } from '../desk.ts'
import { EXIT, Failure } from '../failure.ts'
import { newKeyPair } from '../founding.ts'
import { calledKey, localKeys, SEQUENCER, signerOf, vkeyOf } from '../local-keys.ts'
import { unusedKey } from '../new-key.ts'
import { formatFields, print, printJson } from '../output.ts'
import { keyFileCommands } from './key-file.ts'
import { atOption, type GlobalOptions, parseTimeSeconds, placeOf } from './options.ts'
import { showOutcome } from './outcome.ts'

interface AddOptions extends GlobalOptions {
  readonly label?: string
  readonly scope: readonly string[]
  readonly budget?: { readonly amount: string; readonly per: string }
  readonly listing?: readonly string[]
  readonly expires?: Seconds
  readonly key?: string
}

interface RevokeOptions extends GlobalOptions {
  readonly reason: string
  readonly key?: string
}

const keyOption = () => new Option('--key <key>', 'which key of the account signs, by id or label')

export function keyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('other keys for an account, the next key of the sequencer, and keys taken to another machine')
  keys
    .command('add')
    .description('make a key and let it sign for an account; or make the next key of the sequencer')
    .argument('<account>', 'a local name, operator, an account id, or sequencer')
    .option('--label <text>', 'what the key is called')
    .addOption(new Option('--scope <scope...>', 'what it may sign').choices(SCOPES).default(['spend']))
    .option('--budget <amount/window>', 'how much it may spend, for instance 50/day or 1000/month', parseBudget)
    .option('--listing <listing...>', 'the listings that it may buy from (default: all)')
    .option('--expires <time>', 'until when it signs (RFC 3339)', parseTimeSeconds)
    .addOption(keyOption())
    .addOption(atOption())
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<AddOptions>()
      const add = name === SEQUENCER ? addSequencerKey : addKey
      process.exitCode = await writing(placeOf(options), (desk) => add(desk, options, name))
    })
  keys
    .command('revoke')
    .description('end a key for ever: from then on it signs nothing')
    .argument('<account>', 'a local name, operator, or an account id')
    .argument('<key>', 'its id, as account show tells it, or its label here')
    .requiredOption('--reason <text>', 'why, for whoever reads the log')
    .addOption(keyOption())
    .addOption(atOption())
    .action(async (name: string, key: string, _options, command: Command) => {
      const options = command.optsWithGlobals<RevokeOptions>()
      process.exitCode = await writing(placeOf(options), (desk) => revokeKey(desk, options, name, key))
    })
  keyFileCommands(keys)
}

const KEY_ID = /^[0-9a-f]{8}$/

function parseBudget(text: string): { amount: string; per: string } {
  const [, amount, per] = /^([^/]+)\/(day|month)$/.exec(text) ?? []
  if (amount === undefined || per === undefined) throw new InvalidArgumentError('It must be such as 50/day or 1000/month.')
  return { amount, per }
}

async function addKey(desk: Desk, options: AddOptions, name: string): Promise<number> {
  const { label, scope, budget, listing, expires, key } = options
  if (label === undefined) throw new Failure('usage', 'Say what the key is called: --label TEXT.')
  const account = desk.account(name)
  const before = await unusedKey(desk, account, label)
  const pair = before ?? newKeyPair()
  const limits = {
    ...(budget && { budget }),
    ...(listing && { listings: [...listing] }),
    ...(expires !== undefined && { expires: formatSeconds(expires) }),
  }
  const body: Json = { publicKey: publicKeyHex(pair), scopes: [...scope], label, ...limits }
  const signer = await desk.signer(name, key)
  const text = compose(desk.platform.origin, desk.time, { signer: account, type: 'key.add', body })
  const transaction = parseTransaction(LEDGER_TOOLS.rules, sha256, text)
  if (transaction instanceof Malformed) return showOutcome(refuse('malformed', { reason: transaction.reason }), options)
  // Sealed before it is used: whatever happens next, a key that may sign is not lost.
  if (before === undefined) desk.vault.add([{ label, account, pair }])
  const { keyId } = signerOf(pair, account)
  const answer = await desk.submitSigned(signNote(text, [signer]))
  if (answer.status === 'refused') {
    desk.vault.remove(pair.publicKey)
    return showOutcome(answer, options)
  }
  const shown = { account, key: keyId, label, vkey: vkeyOf(account, pair.publicKey), scopes: [...scope], ...limits }
  if (options.json) printJson({ ...shown, index: answer.index })
  else print(`Added a key to ${name}`, ...formatFields(shown).map((line) => `  ${line}`))
  return EXIT.done
}

async function addSequencerKey({ place, vault, ledger, platform }: Desk, options: AddOptions): Promise<number> {
  if (isSqliteMirror(place.dir))
    throw new Failure('usage', 'The sequencer of a mirror is its hub: the next key of its log is made there.')
  const next = await nextSequencerKey(vault, ledger)
  const pair = next ?? newKeyPair()
  if (next === undefined) vault.add([{ label: SEQUENCER, pair }])
  const publicKey = publicKeyHex(pair)
  const shown = { publicKey, vkey: vkeyOf(platform.origin, tryFromHex(publicKey)!) }
  if (options.json) printJson(shown)
  else {
    print('The next key of the sequencer, which signs nothing yet', ...formatFields(shown).map((line) => `  ${line}`))
    print('', `Next: nimledger tx sequencer.rotate --as operator --body '{"sequencerKey":"${publicKey}"}'`)
  }
  return EXIT.done
}

/** The next sequencer key that was made and not yet put into service: there is never more than one. */
async function nextSequencerKey(vault: Vault, { reader }: Desk['ledger']): Promise<KeyPair | undefined> {
  for (const pair of vault.keys(SEQUENCER)) {
    if ((await readRow(reader, sequencerKeys.at(publicKeyHex(pair)))) === undefined) return pair
  }
  return undefined
}

async function revokeKey(desk: Desk, options: RevokeOptions, name: string, key: string): Promise<number> {
  const account = desk.account(name)
  const own = localKeys(desk.place.dir).filter((one) => one.account === account)
  const unrevoked = new Map((await readKeyring(desk.ledger.reader, account))?.keys.map((one) => [one.key, one]))
  const id = KEY_ID.test(key) ? key : calledKey(own, key, unrevoked)?.keyId
  if (id === undefined) throw new Failure('usage', `This machine has no key ${quoted(key)} of ${name}; name it by its id.`)
  const body = { key: id, reason: options.reason }
  return showOutcome(await desk.submit({ signer: name, type: 'key.revoke', body, key: options.key }), options)
}
