/** Who may read what of a hub, with the tokens of its folder and the keys of its ledger. */

import { randomBytes } from 'node:crypto'
import type { HubHost } from '../../api/hub/host.ts'
import { SignIn } from '../../api/hub/sign-in.ts'
import { wholeSeconds } from '../../domain/time.ts'
import { ReadTokens } from '../../drivers/read-tokens.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { chooseVerifier } from '../../drivers/sodium/ed25519.ts'
import { readLivingKey } from '../../ledger/queries.ts'
import { Access, type AccessPolicy } from '../../net/access.ts'

interface HubAccess {
  /** The folder of the ledger. */
  readonly dir: string
  readonly origin: string
  /** The operator's account, which may see how the hub is doing. */
  readonly operator?: string
  readonly host: Pick<HubHost, 'reading'>
  readonly policy: () => AccessPolicy
}

export function hubAccess({ dir, origin, operator, host, policy }: HubAccess): Access {
  const now = Date.now
  const livingKey = (account: string, keyId: string) =>
    host.reading(({ store, time }) => readLivingKey(store, account, keyId, wholeSeconds(time)))
  const signIn = new SignIn({ sha256, verify: chooseVerifier(), origin, now, random: randomBytes, livingKey })
  return new Access({ policy, readTokens: new ReadTokens(dir), signIn, operator, now })
}
