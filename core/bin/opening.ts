/** Opening an account: a key of its own, sealed before it is used, and the transaction that names it. */

import { Malformed } from '../base/malformed.ts'
import { parseTransaction } from '../domain/envelope.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { sha256 } from '../drivers/sha256.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { signNote } from '../log/note.ts'
import { compose, type Desk, LEDGER_TOOLS, publicKeyHex } from './desk.ts'
import { Failure } from './failure.ts'
import { newKeyPair } from './founding.ts'
import { SEQUENCER, signerOf } from './local-keys.ts'
import { OPERATOR } from './place.ts'

/** Opens an account under a name, which also becomes the name of its key here. An attempt that was cut off is taken up again. */
export async function openAccount(desk: Desk, name: string): Promise<Accepted | Refusal> {
  if (name === OPERATOR || name === SEQUENCER) throw new Failure('usage', `The name ${name} is taken by the ledger itself.`)
  if (name.startsWith('nim1')) throw new Failure('usage', 'A name that begins like an account id would be taken for one.')
  const before = desk.vault.key(name)
  const pair = before ?? newKeyPair()
  const signer = signerOf(pair)
  const body = { publicKey: publicKeyHex(pair), name }
  const text = compose(desk.platform.origin, desk.time, { signer: signer.name, type: 'account.open', body })
  const transaction = parseTransaction(LEDGER_TOOLS.rules, sha256, text)
  if (transaction instanceof Malformed) return refuse('malformed', { reason: transaction.reason })
  // Sealed before it is used: whatever happens next, the key of an account that exists is not lost.
  if (before === undefined) desk.vault.add([{ label: name, pair }])
  return desk.ledger.submit(signNote(text, [signer]))
}
