/** Opens the ledger in a folder: to write by itself, or beside the program that does. */

import { LEDGER_TOOLS } from '../desk.ts'
import { takeLockOrCall } from '../sequencer.ts'
import type { LedgerPlace, Opened, Told } from './opened.ts'
import { OwnLedger } from './own-ledger.ts'
import { ServedLedger } from './served-ledger.ts'

export async function openLedger(place: LedgerPlace, told: Told): Promise<Opened> {
  const taken = await takeLockOrCall(place.dir, LEDGER_TOOLS)
  if ('commit' in taken) return OwnLedger.open(place, taken, told)
  await taken.close()
  return ServedLedger.open(place, told)
}
