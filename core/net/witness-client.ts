/** A witness over HTTP(S), as core/sync/cosigning.ts asks it: strict address, no redirects, answers bounded in size and time. */

import { MAX_SIGNATURE_LINES } from '../base/limits.ts'
import type { RemoteWitness } from '../sync/cosigning.ts'
import { RemoteError } from '../sync/remote.ts'
import { connectionFailure } from './connection-failure.ts'

/** As many signature lines as are read, of Ed25519 keys with long names. */
const MAX_ANSWER_BYTES = MAX_SIGNATURE_LINES * 400

export class WitnessClient implements RemoteWitness {
  readonly #url: URL

  /** `prefix` is what parseHubUrl returned. */
  constructor(prefix: URL) {
    this.#url = new URL('add-checkpoint', prefix)
  }

  async addCheckpoint(body: Uint8Array, signal: AbortSignal): Promise<{ readonly status: number; readonly body: Uint8Array }> {
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        redirect: 'manual',
        credentials: 'omit',
        headers: { 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'nimledger' },
        body: new Uint8Array(body),
        signal,
      })
      const answer = { status: response.status, body: await readBounded(response) }
      // Answers that do not come from a witness, or that report passing trouble, are retried.
      if (response.status >= 300 && response.status < 400) throw this.#offline('it answers with a redirect')
      if (response.status >= 500 || response.status === 429) throw this.#offline(`it answers ${response.status}`)
      return answer
    } catch (error) {
      if (error instanceof RemoteError) throw error
      throw this.#offline(signal.aborted ? 'it took too long' : connectionFailure(error), error)
    }
  }

  #offline(reason: string, cause?: unknown): RemoteError {
    return new RemoteError('offline', `${this.#url.href} does not answer: ${reason}.`, { cause })
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}
