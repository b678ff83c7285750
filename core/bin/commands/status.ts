/** status: a ledger as a whole. */

import type { Command } from 'commander'
import { tryFromHex } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import { platformAt } from '../../domain/policy.ts'
import { formatMilliseconds, wholeSeconds } from '../../domain/time.ts'
import { readPublished } from '../../drivers/published-files.ts'
import { openSqliteOutbox } from '../../drivers/sqlite/outbox-store.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { lastTime, readPlatform } from '../../ledger/queries.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { readCheckpoint } from '../../log/checkpoint.ts'
import { vkeyOf } from '../local-keys.ts'
import { formatFields, print, printJson } from '../output.ts'
import { reading } from '../place.ts'
import { type GlobalOptions, placeOf } from './options.ts'

export function statusCommand(program: Command): void {
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
