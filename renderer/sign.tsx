/**
 * Asking for a signature: any page hands over what is to be signed, and the one dialog shows what it does before anybody
 * signs.
 */
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react'
import type { Accepted } from '../core/api/views.ts'
import { SignDialog } from './components/sign-dialog.tsx'

/** What a transaction is to say: the form of every body is in docs/transactions.md. */
export type Body = Readonly<Record<string, unknown>>

export interface SignRequest {
  readonly signer: string
  readonly type: string
  readonly body: Body
  readonly accepted?: (answer: Accepted) => void
}

const SignContext = createContext<((request: SignRequest) => void) | undefined>(undefined)

export function SignProvider({ children }: { readonly children: ReactNode }) {
  const [request, setRequest] = useState<SignRequest>()
  const close = useCallback(() => setRequest(undefined), [])
  return (
    <SignContext value={setRequest}>
      {children}
      {request !== undefined && <SignDialog request={request} close={close} />}
    </SignContext>
  )
}

/** Opens the dialog. */
export function useSign(): (request: SignRequest) => void {
  const sign = useContext(SignContext)
  if (sign === undefined) throw new Error('There is no sign dialog above this component.')
  return sign
}
