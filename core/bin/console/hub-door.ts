/** Joining a hub from an empty folder: its checkpoint is looked at first, then its whole log is mirrored. */

import type { HubNamed } from '../../api/host.ts'
import type { HubShown } from '../../api/views.ts'
import { Malformed } from '../../base/malformed.ts'
import { chooseVerifier } from '../../drivers/sodium/ed25519.ts'
import { noteVerifier, openCheckpoint } from '../../log/checkpoint.ts'
import { formatVerifierKey } from '../../log/note.ts'
import { HubClient } from '../../net/hub-client.ts'
import { Failure } from '../failure.ts'
import { Following, type Hub, parseHub } from '../following.ts'
import { LOCK_TIMEOUT_MS } from '../sequencer.ts'

/** Somebody waits for the answer. */
const PATIENCE = { attempts: 2, timeoutMs: 10_000, idleTimeoutMs: 10_000 }

/** How it is called on the page. */
const FIELDS = { hub: "The hub's address", vkey: 'The key of the log' } as const

export function parseNamed(named: HubNamed): Hub {
  return parseHub(named, (field) => FIELDS[field])
}

/** Throws Failure `damaged` where what the hub shows is not signed with the key. */
export async function examineHub(named: HubNamed, token: string | undefined): Promise<HubShown> {
  const { base, trusted } = parseNamed(named)
  const client = new HubClient(base, { token, ...PATIENCE })
  const logKeys = [noteVerifier(chooseVerifier(), trusted)]
  const opened = openCheckpoint(await client.checkpoint(), { origin: trusted.name, logKeys, witnesses: [], quorum: 0 })
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
  readonly token: string | undefined
}

/** The first round. What is cut off is taken up when the folder is opened again. */
export async function mirrorHub({ dir, hub, token }: Joining, progress: (done: number, total: number) => void): Promise<void> {
  const given = { dir, hub: parseNamed(hub), token, lockTimeoutMs: LOCK_TIMEOUT_MS, progress }
  const following = await Following.open(given)
  try {
    await following.outbox.nameHub(hub)
    await following.round()
  } finally {
    await following.close()
  }
}
