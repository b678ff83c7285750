/** What a market's sequencer does seldom, or never ought to: take another key, and sign another history. */

import { sequencerKeysOf } from '../../core/bin/desk.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { openSqliteReader } from '../../core/drivers/sqlite/store.ts'
import { Vault } from '../../core/drivers/vault.ts'
import { signCheckpoint } from '../../core/log/checkpoint.ts'
import { Frontier, leafHash } from '../../core/log/merkle.ts'
import { type Market, modelBody, ORIGIN } from './market.ts'
import { type Answer, cli, ok, PASSPHRASE } from './run.ts'

/** Replaces the sequencer's key, and adds an entry that only the new one's checkpoint covers. */
export async function rotate({ dir }: Market): Promise<{ readonly index: number; readonly time: string; readonly vkey: string }> {
  const { vkey, publicKey } = (await ok(cli(dir, ['keys', 'add', 'sequencer']))) as Answer & { readonly publicKey: string }
  const sign = (type: string, as: string, body: object) =>
    ok(cli(dir, ['tx', type, '--as', as, '--body', JSON.stringify(body), '--at', '2026-01-03T00:00:00Z']))
  const { index, time } = await sign('sequencer.rotate', 'operator', { sequencerKey: publicKey })
  await sign('model.create', 'Ada', modelBody('later'))
  return { index, time, vkey }
}

/** The signed checkpoint of as many entries, the last two of them in the other order. */
export async function forkOf({ dir }: Market, size: number): Promise<Uint8Array> {
  const store = await openSqliteReader(dir)
  const entries = await store.entries(0, size)
  await store.close()
  const tree = new Frontier(sha256)
  for (const { bytes } of [...entries.slice(0, -2), entries.at(-1)!, entries.at(-2)!]) tree.append(leafHash(sha256, bytes))
  const head = { origin: ORIGIN, size, root: tree.root(), extensions: [] }
  return signCheckpoint(head, [sequencerKeysOf(Vault.open(dir, PASSPHRASE), ORIGIN)[0]!])
}
