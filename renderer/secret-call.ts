/**
 * A call whose input or answer is secret. It goes past the cache of queries and mutations, which keeps both for a while: what is
 * told here is known to the component that asks, and gone with it.
 */
import { useState } from 'react'

interface SecretCall<Input> {
  readonly isPending: boolean
  /** What the last attempt failed with. */
  readonly error: unknown
  run(input: Input): void
}

export function useSecretCall<Input, Output>(
  call: (input: Input) => Promise<Output>,
  done: (output: Output) => void,
): SecretCall<Input> {
  const [state, setState] = useState<Pick<SecretCall<Input>, 'isPending' | 'error'>>({ isPending: false, error: undefined })
  const run = (input: Input) => {
    setState({ isPending: true, error: undefined })
    call(input).then(
      (output) => {
        setState({ isPending: false, error: undefined })
        done(output)
      },
      (error: unknown) => setState({ isPending: false, error }),
    )
  }
  return { ...state, run }
}
