/** Joining a hub from an empty folder: first its checkpoint is examined, then its whole log is mirrored. */

import type { HubNamed } from '../../api/host.ts'
import type { HubShown } from '../../api/views.ts'
import { Malformed } from '../../base/malformed.ts'
import { chooseVerifier } from '../../drivers/sodium/ed25519.ts'
import { noteVerifier, openCheckpoint } from '../../log/checkpoint.ts'
import { formatVerifierKey } from '../../log/note.ts'
import { HubClient } from '../../net/hub-client.ts'
import { Failure } from '../failure.ts'
import { Following, type Hub, parseHub } from '../following.ts'
import { explainDenied, keepHubToken, requireToken } from '../hub-token.ts'
import { LOCK_TIMEOUT_MS } from '../sequencer.ts'

/** Short, since somebody waits for the answer. */
const PATIENCE = { attempts: 2, timeoutMs: 10_000, idleTimeoutMs: 10_000 }

/** The names of these fields on the page. */
const FIELDS = { hub: "The hub's address", vkey: 'The key of the log', token: 'The read token' } as const

export function parseNamed(named: HubNamed): Hub {
  if (named.token !== undefined) requireToken(named.token, FIELDS.token)
  return parseHub(named, (field) => FIELDS[field])
}

/**
 * Throws Failure `damaged` where what the hub shows is not signed with the key. `token` is used where the hub was named without
 * one.
 */
export async function examineHub(named: HubNamed, token: string | undefined): Promise<HubShown> {
  const { base, trusted } = parseNamed(named)
  const used = named.token ?? token
  const client = new HubClient(base, { token: used, ...PATIENCE })
  const logKeys = [noteVerifier(chooseVerifier(), trusted)]
  const signed = await client.checkpoint().catch((error: unknown) => {
    throw explainDenied(error, used)
  })
  const opened = openCheckpoint(signed, { origin: trusted.name, logKeys, witnesses: [], quorum: 0 })
  if (opened instanceof Malformed)
    throw new Failure(
      'damaged',
      `What ${base.href} shows is not signed with this key: ${opened.reason}. Ask its operator for it.`,
    )
  const { origin, size } = opened.checkpoint
  return { url: base.href, origin, vkey: formatVerifierKey(trusted), size }
}

interface Joining {
  readonly dir: string
  readonly hub: HubNamed
  /** Used where the hub was named without one. */
  readonly token: string | undefined
}

/** Makes the first round. If it is cut off, it is taken up when the folder is opened again. */
export async function mirrorHub({ dir, hub, token }: Joining, progress: (done: number, total: number) => void): Promise<void> {
  const used = hub.token ?? token
  const given = { dir, hub: parseNamed(hub), token: used, lockTimeoutMs: LOCK_TIMEOUT_MS, progress }
  const following = await Following.open(given)
  try {
    if (hub.token !== undefined) keepHubToken(dir, hub.token)
    await following.outbox.nameHub(hub)
    await following.round()
  } catch (error) {
    throw explainDenied(error, used)
  } finally {
    await following.close()
  }
}
