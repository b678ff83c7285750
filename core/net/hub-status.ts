/** What a hub tells its operator of how it is doing, over HTTP(S): status.show, with the token of whoever may ask. */

import { type HubView, readHubAnswer } from '../api/hub-view.ts'
import { tryUtf8Decode } from '../base/bytes.ts'
import { RemoteError } from '../sync/remote.ts'
import { exchange } from './exchange.ts'

const TYPES: ReadonlySet<string> = new Set(['application/json'])
const LIMITS = { timeoutMs: 10_000, idleTimeoutMs: 5_000 }
const MAX_ANSWER_BYTES = 1024 * 1024

/** Throws RemoteError where the hub does not tell. `base` is what parseHubUrl returned. */
export async function readHubStatus(base: URL, token: string): Promise<HubView> {
  const url = new URL('trpc/status.show', base)
  const headers = { accept: 'application/json', 'user-agent': 'nimledger', authorization: `Bearer ${token}` }
  const answered = await exchange({ url, headers, types: TYPES, maximumBytes: MAX_ANSWER_BYTES }, LIMITS)
  const view = readHubAnswer(tryUtf8Decode(answered) ?? '')
  if (view === undefined) throw new RemoteError('offline', `What ${url.href} answered is no answer of a hub.`)
  return view
}
