/** Runs the hub until it is told to end. */

import type { Failure } from '../../api/failures.ts'
import { tryFromHex } from '../../base/bytes.ts'
import type { Milliseconds } from '../../domain/time.ts'
import { openSqliteReader, openSqliteWriter } from '../../drivers/sqlite/store.ts'
import { Vault } from '../../drivers/vault.ts'
import { Ledger } from '../../ledger/ledger.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { openAccess } from '../../net/access.ts'
import { serveHub } from '../../net/hub-server.ts'
import { openLocalDoor } from '../../net/local-door.ts'
import { ledgerOptions, type Place, reading } from '../desk.ts'
import { doorFailure, failureOf, knownFailureOf, listenFailure } from '../failure.ts'
import { LedgerClock } from '../ledger-clock.ts'
import { vkeyOf } from '../local-keys.ts'
import { note } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { LOCK_TIMEOUT_MS } from '../sequencer.ts'
import { HubLedger } from './hub-ledger.ts'

interface RunOptions {
  readonly place: Place
  readonly listen: { readonly host: string; readonly port: number }
  /** Told once it accepts connections. */
  readonly started: (facts: JsonObject) => void
}

/** Ends when the signal does, once what was under way is answered and the ledger is closed. */
export async function runHub({ place, listen, started }: RunOptions, signal: AbortSignal): Promise<void> {
  const { dir } = place
  const platform = await reading(place, readPlatform)
  const vault = await Vault.unlock(dir, await readPassphrase(place.passphrase, false))
  const clock = new LedgerClock(platform)
  const open = async () => {
    const store = await openSqliteWriter(dir, { lockTimeoutMs: LOCK_TIMEOUT_MS })
    const opened: { ledger?: Ledger } = {}
    try {
      opened.ledger = await Ledger.open(
        ledgerOptions(store, vault, platform.origin, () => clock.now(opened.ledger?.lastTime ?? 0)),
      )
      return opened.ledger
    } catch (error) {
      await store.close()
      throw error
    }
  }
  const ledger = await HubLedger.open({ open, openReader: () => openSqliteReader(dir), now: () => clock.now(0), explain })
  try {
    const submit = async (bytes: Uint8Array, at: Milliseconds | undefined) => {
      if (at !== undefined) clock.set(at, ledger.lastTime)
      return ledger.submit(bytes)
    }
    const door = await openLocalDoor(dir, { submit, explain: doorFailure })
    const server = await serveHub({ host: ledger, access: openAccess, address: listen }).catch((error: unknown) => {
      throw listenFailure(error, listen)
    })
    const vkey = vkeyOf(platform.origin, tryFromHex(platform.sequencerKey)!)
    started({ listening: server.origin, origin: platform.origin, vkey, size: ledger.size })
    await ended(signal)
    await server.close()
    await door.close()
  } finally {
    await ledger.close()
  }
}

async function ended(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
  })
}

/** What went wrong, for those who call the hub. */
function explain(error: unknown): Failure {
  const failure = knownFailureOf(error)
  // What the command line calls locked is another program at work.
  if (failure !== undefined) return { code: failure.code === 'locked' ? 'busy' : failure.code, message: failure.message }
  note(failureOf(error).message)
  return { code: 'defect', message: 'This is a defect of the hub; its log tells more.' }
}
