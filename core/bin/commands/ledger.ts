/** init, status: a ledger as a whole. */

import { type Command, Option } from 'commander'
import { tryFromHex } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import { origin as originField } from '../../domain/fields.ts'
import { platformAt } from '../../domain/policy.ts'
import { formatMilliseconds, wholeSeconds } from '../../domain/time.ts'
import { readPublished } from '../../drivers/published-files.ts'
import { openSqliteOutbox } from '../../drivers/sqlite/outbox-store.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { lastTime, readPlatform } from '../../ledger/queries.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { readCheckpoint } from '../../log/checkpoint.ts'
import { reading } from '../desk.ts'
import { EXIT, Failure } from '../failure.ts'
import { foundLedger } from '../founding.ts'
import { vkeyOf } from '../local-keys.ts'
import { formatFields, print, printJson } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { atOption, type GlobalOptions, placeOf } from './options.ts'
import { showOutcome } from './transaction.ts'

interface InitOptions extends GlobalOptions {
  readonly origin?: string
  readonly name: string
  readonly clock: 'system' | 'manual'
}

export function ledgerCommands(program: Command): void {
  program
    .command('init')
    .description('found a ledger: operator and sequencer keys, genesis, first checkpoint')
    .option(
      '--origin <name>',
      'the name of its log for ever, for instance hub.example/credits (default: nimledger.local/ and a random part)',
    )
    .option('--name <text>', 'what people call it', 'NIM Layer')
    .addOption(new Option('--clock <kind>', 'whose time it goes by').choices(['system', 'manual']).default('system'))
    .addOption(atOption())
    .action(async (_options, command: Command) => {
      process.exitCode = await init(command.optsWithGlobals<InitOptions>())
    })
  program
    .command('status')
    .description('what is in the folder')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const place = placeOf(options)
      const status = await reading(place, (store) => readStatus(place.dir, store))
      if (options.json) printJson(status)
      else print(...formatFields(status))
    })
}

async function init(options: InitOptions): Promise<number> {
  const { origin, name, clock, at } = options
  if (origin !== undefined && !originField.safeParse(origin).success) {
    throw new Failure('usage', `${JSON.stringify(origin)} is not an origin; take one such as hub.example/credits.`)
  }
  if (at !== undefined && clock !== 'manual') throw new Failure('usage', '--at is for a manual clock: give --clock manual too.')
  const place = placeOf(options)
  const passphrase = await readPassphrase(place.passphrase, true)
  const founded = await foundLedger(place.dir, passphrase, { origin, name, clock, at })
  if ('status' in founded) return showOutcome(founded, options)
  const { answer, ...shown } = founded
  if (options.json) printJson({ ...shown, size: answer.index + 1 })
  else {
    print(`Founded ${founded.origin} in ${place.dir}`)
    print(...formatFields({ vkey: founded.vkey, operator: founded.operator, clock, size: 1 }).map((line) => `  ${line}`))
    print(
      '',
      'Keep the passphrase: without it the keys of the operator and the sequencer are lost.',
      'Hand out the vkey: it is what others verify with.',
      'Next: nimledger account new NAME',
    )
  }
  return EXIT.done
}

async function readStatus(dir: string, store: StoreReader): Promise<JsonObject> {
  const platform = await readPlatform(store)
  const time = await lastTime(store)
  const signed = await store.checkpoint()
  const head = signed === undefined ? undefined : readCheckpoint(signed)
  const { cosigned } = readPublished(dir)
  const witnessed = cosigned && readCheckpoint(cosigned)
  return {
    dir,
    ...(await readOutbox(dir)),
    origin: platform.origin,
    name: platform.name,
    clock: platform.clock,
    vkey: vkeyOf(platform.origin, tryFromHex(platform.sequencerKey)!),
    operator: platform.operator,
    size: await store.size(),
    time: formatMilliseconds(time),
    accounts: platform.accounts,
    feeBps: platformAt(platform, wholeSeconds(time)).feeBps,
    checkpointSize: head === undefined || head instanceof Malformed ? 0 : head.size,
    ...(witnessed !== undefined && !(witnessed instanceof Malformed) && { cosignedSize: witnessed.size }),
  }
}

/** In a mirror: the hub that it follows, and how many of its transactions are in which state. */
async function readOutbox(dir: string): Promise<JsonObject> {
  const outbox = openSqliteOutbox(dir, 'read')
  try {
    const hub = await outbox?.hub()
    return { ...(hub && { hub: hub.url }), ...(outbox && { outbox: { ...(await outbox.counts()) } }) }
  } finally {
    await outbox?.close()
  }
}
