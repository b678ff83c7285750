/** Runs the console for a browser until it is told to end. */

import { tryFromHex } from '../../base/bytes.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { readPlatform } from '../../ledger/queries.ts'
import type { Address } from '../../net/address.ts'
import { serveConsole } from '../../net/console-server.ts'
import { Pages } from '../../net/pages.ts'
import { untilAborted } from '../ending.ts'
import { listenFailure } from '../failure.ts'
import { hasLedger } from '../founding.ts'
import { vkeyOf } from '../local-keys.ts'
import { readPassphrase } from '../passphrase.ts'
import { type Place, reading } from '../place.ts'
import { programVersion } from '../version.ts'
import { buildConsole, PAGE_FOLDER } from './build.ts'
import { ConsoleDesk } from './console-desk.ts'

interface RunOptions {
  readonly place: Place
  readonly listen: Address
  readonly lockAfterMinutes: number
  /** Called before something takes a while. */
  readonly say: (line: string) => void
  /** Called once it accepts connections. */
  readonly started: (facts: ConsoleFacts) => void
}

/** What is known once the console runs; without a ledger in the folder neither origin, key nor size. */
type ConsoleFacts = JsonObject & { readonly listening: string; readonly url: string }

/** Ends with the signal, once what was under way is answered and the ledger is closed. */
export async function runConsole(options: RunOptions, signal: AbortSignal): Promise<void> {
  const { place, listen, lockAfterMinutes, say, started } = options
  await buildConsole(say)
  const desk = new ConsoleDesk({ dir: place.dir, version: programVersion(), lockAfterMinutes, token: place.token })
  try {
    await unlockWithout(desk, place)
    const server = await serveConsole({ host: desk, pages: new Pages(PAGE_FOLDER), address: listen }).catch((error: unknown) => {
      throw listenFailure(error, listen)
    })
    started({ listening: server.origin, ...(await ledgerFacts(place)), url: server.url })
    await untilAborted(signal)
    await server.close()
  } finally {
    await desk.close()
  }
}

/** Unlocks with the passphrase that the program was given, or with that of the demonstration; otherwise the page asks for it. */
async function unlockWithout(desk: ConsoleDesk, { passphrase }: Place): Promise<void> {
  if (desk.status !== 'locked') return
  const isGiven = passphrase.file !== undefined || passphrase.environment !== undefined
  if (isGiven) await desk.unlock(await readPassphrase(passphrase, false))
  else await desk.unlockAlone()
}

async function ledgerFacts(place: Place): Promise<JsonObject> {
  if (!hasLedger(place.dir)) return {}
  return reading(place, async (store) => {
    // The mirror was cut off before its first entry.
    if ((await store.size()) === 0) return {}
    const { origin, sequencerKey } = await readPlatform(store)
    return { origin, vkey: vkeyOf(origin, tryFromHex(sequencerKey)!), size: await store.size() }
  })
}
