/** What an account allowed in advance: the meters of listings by mandates, its own keys by budgets; with what is used of each. */
import { Anchor, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { BudgetView } from '../../core/api/views.ts'
import { useDesk } from '../desk.tsx'
import { href } from '../route.ts'
import { strings } from '../strings.ts'
import { useTRPC } from '../trpc.ts'
import { HoldingsList, UsedOf } from './holdings.tsx'
import { Answered, Panel } from './layout.tsx'
import { Foreign, Id, When } from './text.tsx'

export function Allowed() {
  const { acting } = useDesk()
  const { account } = acting
  const trpc = useTRPC()
  const holdings = useQuery(trpc.wallet.holdings.queryOptions({ account }))
  const allowances = useQuery(trpc.wallet.allowances.queryOptions({ account }))
  const { usage: t } = strings
  return (
    <Panel title={t.allowed} className="fill">
      <Stack gap="md">
        <Answered query={holdings}>
          {({ mandates }) =>
            mandates.length === 0 ? (
              <Nothing>{t.noMandates}</Nothing>
            ) : (
              <HoldingsList holdings={{ subscriptions: [], entitlements: [], mandates }} />
            )
          }
        </Answered>
        <Answered query={allowances}>
          {({ budgets }) => (budgets.length === 0 ? <Nothing>{t.noBudgets}</Nothing> : <Budgets budgets={budgets} />)}
        </Answered>
        <Anchor href={href('keys')} size="sm">
          {t.toKeys}
        </Anchor>
      </Stack>
    </Panel>
  )
}

function Nothing({ children }: { readonly children: string }) {
  return (
    <Text size="sm" c="dimmed">
      {children}
    </Text>
  )
}

function Budgets({ budgets }: { readonly budgets: readonly BudgetView[] }) {
  const { usage: t } = strings
  return (
    <ul className="holdings" aria-label={t.budgets}>
      {budgets.map((budget) => (
        <li key={budget.keyId} className="holding">
          <Text size="sm" fw={550} component="div">
            {t.key} {budget.label === '' ? <Id value={budget.keyId} full /> : <Foreign>{budget.label}</Foreign>}
          </Text>
          <Text size="xs" c="dimmed" component="div">
            {budget.expires !== undefined && (
              <>
                {strings.wallet.until} <When time={budget.expires} dayOnly />
              </>
            )}
            <UsedOf {...budget} />
          </Text>
        </li>
      ))}
    </ul>
  )
}
