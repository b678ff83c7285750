/** Who is at the console: the ledger, the accounts whose keys are here, and the one that is acting. */

import { useLocalStorage } from '@mantine/hooks'
import { createContext, type ReactNode, useContext, useMemo } from 'react'
import type { DeskState, LedgerView, LocalAccount } from '../core/api/views.ts'

export interface Desk {
  readonly desk: DeskState
  readonly ledger: LedgerView
  readonly accounts: readonly LocalAccount[]
  readonly acting: LocalAccount
  /** No key of any account is here: the operator's account is looked at, and nothing can be signed. */
  readonly isNobody: boolean
  act(account: string): void
  /** The operator, where its key is here. */
  readonly operator?: LocalAccount
}

const DeskContext = createContext<Desk | undefined>(undefined)

/** A creator sees most; the operator comes last, because it is rarely who somebody is. */
const ORDER: readonly LocalAccount['role'][] = ['creator', 'user', 'operator']

interface DeskProviderProps {
  readonly desk: DeskState & { readonly ledger: LedgerView }
  readonly children: ReactNode
}

export function DeskProvider({ desk, children }: DeskProviderProps) {
  const [chosen, setChosen] = useLocalStorage({ key: `nimledger.account.${desk.ledger.origin}`, getInitialValueInEffect: false })
  const shown = useMemo(() => {
    const accounts = desk.accounts.filter(({ name, role }) => name !== undefined || role === 'operator')
    const first = ORDER.flatMap((role) => accounts.filter((one) => one.role === role))[0]
    const acting = accounts.find(({ account }) => account === chosen) ?? first ?? nobody(desk.ledger)
    const operator = accounts.find(({ role }) => role === 'operator')
    const isNobody = accounts.length === 0
    return { desk, ledger: desk.ledger, accounts, acting, isNobody, act: setChosen, ...(operator && { operator }) }
  }, [desk, chosen, setChosen])
  return <DeskContext value={shown}>{children}</DeskContext>
}

function nobody({ operator, name }: LedgerView): LocalAccount {
  return { account: operator, label: name, name, role: 'operator' }
}

export function useDesk(): Desk {
  const desk = useContext(DeskContext)
  if (desk === undefined) throw new Error('There is no desk above this component.')
  return desk
}

export function nameOf({ name, label }: LocalAccount): string {
  return name ?? label
}
