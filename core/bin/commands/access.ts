/**
 * access: who may read a private hub. Its operator issues and revokes read tokens, even while it runs; an account signs in with
 * its key.
 */

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Platform } from '../../domain/state.ts'
import { type Seconds, wholeSeconds } from '../../domain/time.ts'
import { writeDurably } from '../../drivers/durable-file.ts'
import {
  issueReadToken,
  listReadTokens,
  revokeReadToken,
  TOKEN_NAME,
  TOKEN_SCOPES,
  type TokenScope,
} from '../../drivers/read-tokens.ts'
import { Vault } from '../../drivers/vault.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { StoreError } from '../../ledger/store.ts'
import { signNote } from '../../log/note.ts'
import { signInToHub } from '../../net/hub-sign-in.ts'
import { EXIT, Failure } from '../failure.ts'
import { type Hub, knownHub, parseHub } from '../following.ts'
import { chooseKey, localSigner } from '../local-keys.ts'
import { formatTable, note, print, printJson } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { type Place, reading, resolveAccount } from '../place.ts'
import { type GlobalOptions, parseTimeSeconds, placeOf, targetFile } from './options.ts'

interface OutputOptions extends GlobalOptions {
  readonly output?: string
}

interface IssueOptions extends OutputOptions {
  readonly scope: TokenScope
  readonly expires?: Seconds
}

interface SignInOptions extends OutputOptions {
  readonly hub?: string
  readonly vkey?: string
  readonly as: string
  readonly key?: string
}

const outputOption = () =>
  new Option('-o, --output <file>', 'write the token into a file for its owner alone').argParser(targetFile)

export function accessCommands(program: Command): void {
  const access = program.command('access').description('read tokens of a hub, and signing in to one as an account')
  access
    .command('issue')
    .description('make a read token; it is shown once, and good at once, also at a hub that runs')
    .argument('<name>', 'whose it is, in letters, digits and .@_-', parseName)
    .addOption(
      new Option('--scope <scope>', "what it opens: the whole log, or the hub's own figures")
        .choices(TOKEN_SCOPES)
        .default('log'),
    )
    .option('--expires <time>', 'until when it is good (RFC 3339; default: until it is revoked)', parseTimeSeconds)
    .addOption(outputOption())
    .action(async (name: string, _options, command: Command) => issue(name, command.optsWithGlobals<IssueOptions>()))
  access
    .command('list')
    .description('the read tokens that were issued, without what is secret of them')
    .action(async (_options, command: Command) => list(command.optsWithGlobals<GlobalOptions>()))
  access
    .command('revoke')
    .description('end a read token at once, also at a hub that runs')
    .argument('<token>', 'its name or id')
    .action(async (named: string, _options, command: Command) => revoke(named, command.optsWithGlobals<GlobalOptions>()))
  access
    .command('sign-in')
    .description('prove the key of an account to a hub, and get a token with which to read what is its own for an hour')
    .option('--hub <url>', 'the hub (default, with the vkey: the one that the folder follows)')
    .option('--vkey <vkey>', "the log's key, which you got from elsewhere")
    .requiredOption('--as <account>', 'a local name, operator, or an account id')
    .option('--key <key>', 'which key of the account signs, by id or label')
    .addOption(outputOption())
    .action(async (_options, command: Command) => {
      process.exitCode = await signIn(command.optsWithGlobals<SignInOptions>())
    })
}

function parseName(text: string): string {
  if (TOKEN_NAME.test(text)) return text
  throw new InvalidArgumentError('It begins with a letter or digit and has up to 64 letters, digits and .@_- in all.')
}

async function issue(name: string, options: IssueOptions): Promise<void> {
  const place = placeOf(options)
  await reading(place, readPlatform)
  const { scope, expires } = options
  if (expires !== undefined && expires <= wholeSeconds(Date.now())) throw new Failure('usage', '--expires is in the past.')
  const issued = issueReadToken(place.dir, { name, scope, expires }, Date.now())
  if (issued === undefined) throw new Failure('usage', `There is a token named ${name} already: revoke it, or take another name.`)
  const { token, ...told } = issued
  showToken(token, { ...told }, options)
}

async function list(options: GlobalOptions): Promise<void> {
  const place = placeOf(options)
  await reading(place, readPlatform)
  const tokens = listReadTokens(place.dir)
  if (options.json) printJson({ tokens: tokens.map((one) => ({ ...one })) })
  else if (tokens.length === 0) print('There are no read tokens.')
  else
    print(
      ...formatTable(
        tokens.map(({ name, id, scope, created, expires }) => [name, id, scope, created, expires ?? 'until revoked']),
      ),
    )
}

async function revoke(named: string, options: GlobalOptions): Promise<void> {
  const place = placeOf(options)
  await reading(place, readPlatform)
  const revoked = revokeReadToken(place.dir, named)
  if (revoked === undefined)
    throw new Failure('usage', 'There is no read token of this name or id: nimledger access list shows them.')
  if (options.json) printJson({ revoked: { ...revoked } })
  else print(`${revoked.name} (${revoked.id}) reads nothing any more.`)
}

async function signIn(options: SignInOptions): Promise<number> {
  const place = placeOf(options)
  const { base, trusted } = await readHub(place.dir, options)
  const account = resolveAccount(place, await findPlatform(place), options.as)
  const key = chooseKey(place.dir, account, new Map(), options.key)
  const signer = localSigner(Vault.open(place.dir, await readPassphrase(place.passphrase, false)), key)
  const answer = await signInToHub({ base, origin: trusted.name, account, sign: (text) => signNote(text, [signer]) })
  if (answer.status === 'refused') {
    if (options.json) printJson({ status: 'refused', code: 'bad_signature', message: answer.message })
    else note(answer.message)
    return EXIT.refused
  }
  const { expires, token } = answer
  showToken(token, { account, expires }, options)
  return EXIT.done
}

async function readHub(dir: string, { hub: url, vkey }: SignInOptions): Promise<Hub> {
  if (url !== undefined && vkey !== undefined) return parseHub({ url, vkey }, (field) => `--${field}`)
  const known = url === undefined && vkey === undefined ? await knownHub(dir) : undefined
  if (known === undefined) throw new Failure('usage', 'Name the hub and its key: --hub URL --vkey V.')
  return known
}

/** A folder may have keys and no ledger. */
async function findPlatform(place: Place): Promise<Platform | undefined> {
  try {
    return await reading(place, readPlatform)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'missing') return undefined
    throw error
  }
}

/** With --json among other fields; otherwise alone on the standard output, so that it can be taken from there. */
function showToken(token: string, told: JsonObject, { output, json }: OutputOptions): void {
  if (output !== undefined) writeDurably(output, `${token}\n`)
  if (json) printJson({ ...told, ...(output === undefined ? { token } : { file: output }) })
  else if (output === undefined) print(token)
  else print(`The token is in ${output}.`)
}
