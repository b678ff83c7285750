/** Witnesses for tests: a key from a seed, a memory in a folder, and a clock that stands still. */

import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { openSqliteWitness } from '../../core/drivers/sqlite/witness-store.ts'
import type { WitnessStore } from '../../core/ledger/store.ts'
import { COSIGNATURE_V1, type VerifierKey } from '../../core/log/note.ts'
import { serveWitness } from '../../core/net/witness-server.ts'
import type { Evidence } from '../../core/sync/evidence.ts'
import { Witness } from '../../core/sync/witness.ts'
import { temporaryFolder } from '../ledger/homes.ts'
import { namedKey } from '../log/support.ts'

export const verify = chooseVerifier()

interface Given {
  readonly name?: string
  readonly seed?: number
  readonly folder?: string
  readonly wrap?: (store: WitnessStore) => WitnessStore
}

export class TestWitness {
  readonly witness: Witness
  readonly key: VerifierKey
  readonly store: WitnessStore
  readonly caught: Evidence[] = []
  readonly failures: unknown[] = []
  seconds: number

  private constructor(logs: ReadonlyMap<string, readonly VerifierKey[]>, store: WitnessStore, given: Given) {
    const { name = 'witness.example/w1', seed = 2, wrap = (one: WitnessStore) => one } = given
    const { key, sign } = namedKey(name, COSIGNATURE_V1, seed)
    this.key = key
    this.store = store
    this.seconds = 1_795_305_600
    this.witness = new Witness({
      sha256,
      verify,
      key,
      sign,
      logs,
      store: wrap(store),
      now: () => this.seconds,
      caught: (_origin, evidence) => this.caught.push(evidence),
    })
  }

  static async open(logs: ReadonlyMap<string, readonly VerifierKey[]>, given: Given = {}): Promise<TestWitness> {
    const store = await openSqliteWitness(given.folder ?? join(temporaryFolder(), 'witness'))
    onTestFinished(() => store.close())
    return new TestWitness(logs, store, given)
  }

  /** Serves it over HTTP until the test is over; its address. */
  async serve(): Promise<string> {
    const address = { host: '127.0.0.1', port: 0 }
    const server = await serveWitness({ witness: this.witness, address, failed: (error) => this.failures.push(error) })
    onTestFinished(() => server.close())
    return server.origin
  }
}

/** The logs of these keys, each named like its key. */
export function logsOf(...keys: readonly VerifierKey[]): ReadonlyMap<string, readonly VerifierKey[]> {
  return new Map(keys.map(({ name }) => [name, keys.filter((key) => key.name === name)]))
}
