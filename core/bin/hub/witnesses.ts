/** The witnesses of a hub: a trust policy says who they are, and what they cosigned is kept in the ledger's folder. */

import { setTimeout as sleep } from 'node:timers/promises'
import { Malformed } from '../../base/malformed.ts'
import { keepPublished, readPublished } from '../../drivers/published-files.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { chooseVerifier } from '../../drivers/sodium/ed25519.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { StoreError } from '../../ledger/store.ts'
import { signedSize } from '../../ledger/tree.ts'
import { hasQuorum } from '../../log/checkpoint.ts'
import { type TrustPolicy, witnessGroupOf } from '../../log/trust-policy.ts'
import { parseHubUrl } from '../../net/hub-url.ts'
import { WitnessClient } from '../../net/witness-client.ts'
import { Cosigning, type CosigningOptions, type Published } from '../../sync/cosigning.ts'
import { Failure } from '../failure.ts'
import { readTrustPolicy } from '../trust-policy.ts'
import type { HubLedger } from './hub-ledger.ts'

interface Witnessing extends Pick<CosigningOptions, 'unwitnessed' | 'timeoutMs' | 'report'> {
  /** The folder of the ledger. */
  readonly dir: string
  readonly origin: string
  readonly ledger: HubLedger
  /** The file of the policy. */
  readonly policy: string
}

/** From now on witnesses are asked for each checkpoint, and the ledger publishes the result. */
export async function startCosigning({ dir, origin, ledger, policy: file, ...options }: Witnessing): Promise<Cosigning> {
  const policy = readTrustPolicy(file)
  if (policy.logs.length > 0 && !policy.logs.some(({ key }) => key.name === origin))
    throw new Failure('usage', `${file} is a policy for other logs than ${origin}.`)
  const verify = chooseVerifier()
  const kept = await checkedPublished(dir, ledger)
  const quorum = witnessGroupOf(verify, policy)
  const witnesses = remoteWitnesses(file, policy)
  if (
    !hasQuorum(
      quorum,
      witnesses.map(({ key }) => ({ ...key, signature: new Uint8Array() })),
    )
  )
    throw new Failure('usage', `${file} gives addresses of too few witnesses for its quorum.`)
  return ledger.publishThrough(
    (publish) =>
      new Cosigning({
        sha256,
        verify,
        witnesses,
        quorum,
        kept,
        publish,
        ...options,
        reading: (read) => ledger.reading(({ store }) => read(store)),
        keep: (published) => keepPublished(dir, published),
        now: Date.now,
        random: Math.random,
        pause: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }).catch(() => {}),
      }),
  )
}

/** The witnesses of the policy that have an address. */
function remoteWitnesses(file: string, { witnesses }: TrustPolicy): CosigningOptions['witnesses'] {
  return witnesses.flatMap(({ key, url }) => {
    if (url === undefined) return []
    const prefix = parseHubUrl(url)
    if (prefix instanceof Malformed) throw new Failure('usage', `${file}: of ${key.name} ${url}: ${prefix.reason}.`)
    return [{ key, remote: new WitnessClient(prefix) }]
  })
}

/** What was published before, which this very ledger must continue: those who saw it would take anything else for a fork. */
async function checkedPublished(dir: string, ledger: HubLedger): Promise<Published> {
  const kept = readPublished(dir)
  const verifier = createVerifier({ threads: 0 })
  try {
    await ledger.reading(async ({ store }) => {
      for (const signed of [kept.cosigned, kept.checkpoint]) if (signed) await signedSize(sha256, store, signed, verifier)
    })
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'damaged')) throw error
    throw new StoreError('damaged', `What was published from ${dir} is not of this ledger. ${error.message}`, { cause: error })
  }
  return kept
}
