/** The demonstration: founds the marketplace if there is none, and bills a real trace of calls in it. */

import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { listings } from '../../domain/state.ts'
import { Vault, VaultError } from '../../drivers/vault.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { lastTime, readTable } from '../../ledger/queries.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { writing } from '../desk.ts'
import { Failure } from '../failure.ts'
import { foundLedger, hasLedger, newKeyPair } from '../founding.ts'
import { SEQUENCER, vkeyOf } from '../local-keys.ts'
import { type Place, reading } from '../place.ts'
import { writingThroughTime } from '../scheduling.ts'
import { importUsage } from '../usage/import.ts'
import { CREATOR, CUSTOMER, DEMO_ORIGIN, DEMO_PASSPHRASE, DEMO_START, foundMarketplace } from './marketplace.ts'
import { Stage } from './stage.ts'
import { tellYear } from './year.ts'

/** 19 366 calls to a language model in production on 16 November 2023; its source and licence are in the folder's README. */
const TRACE = fileURLToPath(new URL('./conversation.csv', import.meta.url))
/** When the meter hands in the calls: that evening. */
const BILLED_AT = Date.UTC(2023, 10, 16, 22)
const STREAM = 'gateway-1'

type Progress = (done: number, total: number) => void

/** The keys of a demonstration are worth nothing, so unless the user gives a passphrase it takes one that everybody knows. */
export function demoPlace(place: Place): Place {
  const { file, environment } = place.passphrase
  return file === undefined && environment === undefined ? { ...place, passphrase: { environment: DEMO_PASSPHRASE } } : place
}

/** The place of a demonstration that was founded under the user's passphrase or under the known one, whichever opens it. */
export function foundedPlace(place: Place): Place {
  const known = { ...place, passphrase: { environment: DEMO_PASSPHRASE } }
  try {
    Vault.open(place.dir, DEMO_PASSPHRASE)
    return known
  } catch (error) {
    if (error instanceof VaultError && error.code === 'passphrase') return place
    throw error
  }
}

interface MadeDemo {
  readonly founded: JsonObject
  /** What billing the trace resulted in. */
  readonly billed: JsonObject
}

/**
 * Founds the marketplace, bills the trace and plays its year; refuses a folder that has a ledger. It is made in a folder beside
 * and then moved, so that an attempt that was cut off is begun anew.
 */
export async function makeDemo(place: Place, passphrase: string, progress: Progress): Promise<MadeDemo | Refusal> {
  if (hasLedger(place.dir)) return refuse('already_founded')
  if (existsSync(place.dir) && readdirSync(place.dir).length > 0) throw new Failure('usage', `${place.dir} holds something else.`)
  const scratch = { ...place, dir: `${place.dir}.founding`, at: undefined }
  rmSync(scratch.dir, { recursive: true, force: true })
  const founding = { origin: DEMO_ORIGIN, name: 'NIM Layer demo', clock: 'manual', at: DEMO_START } as const
  const founded = await foundLedger(scratch.dir, passphrase, founding)
  if ('status' in founded) return founded
  const sold = await writing(scratch, foundMarketplace)
  const billed = await billTrace(scratch, progress)
  if (billed.status === 'refused') return billed as Refusal
  // The log's next key, made now so that the sequencer has it when it is put into service.
  const next = newKeyPair()
  Vault.open(scratch.dir, passphrase).add([{ label: SEQUENCER, pair: next }])
  await writingThroughTime(scratch, (timed) => tellYear(new Stage(timed), sold))
  // An empty folder may be in the way; one that holds something by now is not touched.
  if (existsSync(place.dir)) rmdirSync(place.dir)
  renameSync(scratch.dir, place.dir)
  const { origin, operator } = founded
  return { founded: { origin, vkey: vkeyOf(origin, next.publicKey), operator, listing: sold.api }, billed: billed as JsonObject }
}

/** Bills the trace in a demonstration; the second time there is nothing left to charge. */
export async function billTrace(place: Place, progress: Progress): Promise<JsonObject | Refusal> {
  const { last, listing } = await reading(place, async (store) => ({
    last: await lastTime(store),
    listing: await modelListing(store),
  }))
  const evening = { ...place, at: Math.max(BILLED_AT, last) }
  return writing(evening, (desk) =>
    importUsage(desk, { file: TRACE, listing, payer: CUSTOMER, meter: CREATOR, stream: STREAM, progress }),
  )
}

async function modelListing(store: StoreReader): Promise<string> {
  for await (const { key, row } of readTable(store, listings)) if (row.kind === 'model') return key
  throw new Failure('usage', 'This ledger is no demonstration: it has no listing of a model to bill calls for.')
}
