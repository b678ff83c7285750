/**
 * How the hub that a mirror follows is doing, for its operator: asked with the read token at hand, if that is one for figures, or
 * as the operator, who signs in with a key of this machine. That is done only once somebody asked for it; after that it is done
 * again when the hub wants it, for as long as the keys are at hand.
 */

import type { HubState, HubView } from '../../api/views.ts'
import type { Vault } from '../../drivers/vault.ts'
import { signNote } from '../../log/note.ts'
import { signInToHub } from '../../net/hub-sign-in.ts'
import { readHubStatus } from '../../net/hub-status.ts'
import { RemoteError } from '../../sync/remote.ts'
import { Failure } from '../failure.ts'
import type { Hub } from '../following.ts'
import { chooseKey, localKeys, localSigner } from '../local-keys.ts'

interface OperationOptions {
  readonly dir: string
  readonly vault: Vault
  readonly hub: Hub
  /** The token with which the log is read. */
  readonly token: () => string | undefined
  /** The operator's account. */
  readonly operator: string
}

export class HubOperation {
  readonly #options: OperationOptions
  /** The operator's token; undefined until somebody asked for one. */
  #token: string | undefined

  constructor(options: OperationOptions) {
    this.#options = options
  }

  async state(): Promise<HubState> {
    const { dir, hub, operator } = this.#options
    const found = { where: 'afar', url: hub.base.href } as const
    try {
      return { ...found, view: await this.#read() }
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error
      const isDenied = error.reason === 'denied'
      const canSignIn = isDenied && localKeys(dir).some(({ account }) => account === operator)
      const message = isDenied ? 'The hub tells this to its operator alone.' : error.message
      const code = isDenied ? 'missing' : 'offline'
      return { ...found, failure: { code, message }, ...(canSignIn && { canSignIn }) }
    }
  }

  async signIn(): Promise<void> {
    await this.#signIn()
  }

  /** Shows the hub that the operator's key is here; the token that it gives for it. */
  async #signIn(): Promise<string> {
    const { dir, vault, hub, operator } = this.#options
    const signer = localSigner(vault, chooseKey(dir, operator, new Map()))
    const asked = { base: hub.base, origin: hub.trusted.name, account: operator }
    const answer = await signInToHub({ ...asked, sign: (text) => signNote(text, [signer]) })
    if (answer.status === 'refused') throw new Failure('usage', answer.message)
    this.#token = answer.token
    return answer.token
  }

  /** An operator's token is over after an hour, and when the hub is started anew. */
  async #read(): Promise<HubView> {
    const { hub, token } = this.#options
    const given = this.#token ?? token()
    if (given === undefined) throw new RemoteError('denied', 'No token is at hand.')
    try {
      return await readHubStatus(hub.base, given)
    } catch (error) {
      const isOver = this.#token !== undefined && error instanceof RemoteError && error.reason === 'denied'
      if (!isOver) throw error
      return readHubStatus(hub.base, await this.#signIn())
    }
  }
}
