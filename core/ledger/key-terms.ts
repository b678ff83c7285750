/** From when and until when each key of a log signed its checkpoints, as the log itself tells. */

import type { Sha256 } from '../base/bytes.ts'
import { MAX_RETIRED_KEYS, RETIRED_KEY_SECONDS } from '../base/limits.ts'
import { type Milliseconds, type Seconds, wholeSeconds } from '../domain/time.ts'
import { type NamedKey, namedKeys } from './log-keys.ts'
import type { StoreReader } from './store.ts'
import { timeOfEntry } from './tree.ts'

/** When a key of a log signed its checkpoints. */
export interface KeyTerm extends NamedKey {
  readonly since: Milliseconds
  /** The entry that named the next key, when it did, and until when this one signed beside it. */
  readonly replaced?: { readonly entry: number; readonly time: Milliseconds; readonly until: Seconds }
}

/** The terms of all keys that the entries of a store name, one after the other. */
export async function keyTerms(sha256: Sha256, store: StoreReader): Promise<KeyTerm[]> {
  const named = await namedKeys(sha256, store)
  const times = await Promise.all(named.map(({ entry }) => timeOfEntry(store, entry)))
  return named.map((one, i) => {
    const [next, since, time] = [named[i + 1], times[i]!, times[i + 1]]
    if (next === undefined || time === undefined) return { ...one, since }
    // Of many keys that were replaced within 30 days, the newest go on signing.
    const crowded = times[i + 1 + MAX_RETIRED_KEYS]
    const until = Math.min(wholeSeconds(time) + RETIRED_KEY_SECONDS, crowded === undefined ? Infinity : wholeSeconds(crowded))
    return { ...one, since, replaced: { entry: next.entry, time, until } }
  })
}
