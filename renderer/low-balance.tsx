/** Whether whoever is acting has little left: asked once for the whole page, and said when it comes to pass. */
import { Anchor } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { skipToken, useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { AlertView } from '../core/api/views.ts'
import { useDesk } from './desk.tsx'
import { href } from './route.ts'
import { strings } from './strings.ts'
import { useTRPC } from './trpc.ts'

/** Undefined for the operator, for nobody, and as long as nothing is known. */
export function useAlert(): AlertView | undefined {
  const { acting, isNobody } = useDesk()
  const trpc = useTRPC()
  const { account } = acting
  const isAsked = !isNobody && acting.role !== 'operator'
  return useQuery(trpc.wallet.alert.queryOptions(isAsked ? { account } : skipToken)).data
}

export function isLow({ isBelowLeast, isBelowRenewals }: AlertView): boolean {
  return isBelowLeast || isBelowRenewals
}

/** Why, in words; empty where it is not low. */
export function whyLow({ isBelowLeast, isBelowRenewals, least, renewals, spendable }: AlertView): readonly string[] {
  const { lowBalance: t } = strings
  return [
    ...(isBelowLeast && least !== undefined ? [t.belowLeast(spendable, least)] : []),
    ...(isBelowRenewals ? [t.belowRenewals(renewals)] : []),
  ]
}

/** Says so when the balance of whoever is acting becomes low while the page is open. */
export function useLowBalanceNews(): void {
  const alert = useAlert()
  const before = useRef<AlertView>(undefined)
  useEffect(() => {
    if (alert === undefined) return
    const was = before.current
    before.current = alert
    if (was?.account !== alert.account || isLow(was) || !isLow(alert)) return
    const id = notifications.show({
      title: strings.lowBalance.title,
      message: (
        <Anchor href={href('wallet')} onClick={() => notifications.hide(id)}>
          {whyLow(alert).join(' ')}
        </Anchor>
      ),
      color: 'orange',
      autoClose: false,
      closeButtonProps: { 'aria-label': strings.close },
    })
  }, [alert])
}
