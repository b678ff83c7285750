/**
 * Asking for a signature: any page hands over what is to be signed, and the one dialog shows what it does before anybody
 * signs.
 */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import type { Accepted } from '../core/api/views.ts'
import { SignDialog } from './components/sign-dialog.tsx'
import { useRoute } from './route.ts'

/** What a transaction is to say: the form of every body is in docs/transactions.md. */
export type Body = Readonly<Record<string, unknown>>

export interface SignRequest {
  readonly signer: string
  readonly type: string
  readonly body: Body
  readonly accepted?: (answer: Accepted) => void
  /** The ledger has it, or it is kept on its way there: whatever asked for it need not ask again. */
  readonly taken?: () => void
}

interface Signing {
  readonly sign: (request: SignRequest) => void
  readonly isSigning: boolean
}

const SignContext = createContext<Signing | undefined>(undefined)

export function SignProvider({ children }: { readonly children: ReactNode }) {
  const [request, setRequest] = useState<SignRequest>()
  const close = useCallback(() => setRequest(undefined), [])
  const { page, thing } = useRoute()
  // Whoever goes elsewhere, by a way out that the dialog shows, does not sign here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is what it is closed by.
  useEffect(close, [page, thing, close])
  const isSigning = request !== undefined
  const signing = useMemo(() => ({ sign: setRequest, isSigning }), [isSigning])
  return (
    <SignContext value={signing}>
      {children}
      {request !== undefined && <SignDialog request={request} close={close} />}
    </SignContext>
  )
}

/** Opens the dialog. */
export function useSign(): Signing['sign'] {
  return useSigning().sign
}

/** For a dialog below the one that signs: Escape closes that one alone, and what was typed in this one stays. */
export function useCloseOnEscape(): boolean {
  return !useSigning().isSigning
}

function useSigning(): Signing {
  const signing = useContext(SignContext)
  if (signing === undefined) throw new Error('There is no sign dialog above this component.')
  return signing
}
