/** What an operator does first, until there is somebody with credits and something to buy. */
import { Anchor, Button, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconCircle, IconCircleCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Panel } from '../../components/layout.tsx'
import { NewAccount } from '../../components/new-account.tsx'
import { useDesk } from '../../desk.tsx'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'

/** `hasCredits`: some were ever issued. */
export function FirstSteps({ hasCredits }: { readonly hasCredits: boolean }) {
  const { ledger, acting, desk } = useDesk()
  const trpc = useTRPC()
  const offered = useQuery(trpc.market.search.queryOptions({ limit: 1 }))
  const [isNaming, naming] = useDisclosure(false)
  const { firstSteps: t } = strings
  const hasAccount = ledger.accounts > 1
  const hasOffer = offered.data === undefined || offered.data.listings.length > 0
  const hasSheet = acting.sheet !== 'missing' || desk.isDemo
  if (hasAccount && hasCredits && hasOffer && hasSheet) return null
  return (
    <Panel title={t.title}>
      <ol className="first-steps">
        {acting.sheet !== undefined && !desk.isDemo && (
          <Step isDone={hasSheet} text={t.sheet}>
            {!hasSheet && (
              <Anchor size="sm" href={href('keys', 'sheet')}>
                {strings.recovery.make}
              </Anchor>
            )}
          </Step>
        )}
        <Step isDone={hasAccount} text={t.account}>
          <Button size="compact-sm" variant={hasAccount ? 'default' : 'filled'} onClick={naming.open}>
            {strings.shell.newAccount}
          </Button>
        </Step>
        <Step isDone={hasCredits} text={t.topUp}>
          {hasAccount && (
            <Anchor size="sm" href={href('treasury', 'topup')}>
              {strings.treasury.topUp}
            </Anchor>
          )}
        </Step>
        <Step isDone={hasOffer && offered.data !== undefined} text={t.offer} />
      </ol>
      <Text size="sm" c="dimmed" mt="md">
        {t.keep} <code className="code-word">nimledger backup FILE</code> · {t.serve}{' '}
        <code className="code-word">nimledger hub</code>
      </Text>
      {isNaming && <NewAccount close={naming.close} />}
    </Panel>
  )
}

interface StepProps {
  readonly isDone: boolean
  readonly text: string
  readonly children?: ReactNode
}

function Step({ isDone, text, children }: StepProps) {
  const Shape = isDone ? IconCircleCheck : IconCircle
  return (
    <li>
      <Shape size={18} className="good-icon" role="img" aria-label={isDone ? strings.firstSteps.done : strings.firstSteps.open} />
      <Text size="sm" component="span" className="grow">
        {text}
      </Text>
      {children}
    </li>
  )
}
