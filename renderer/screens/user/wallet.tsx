/** What an account can spend, how long that lasts, what it reserved, what came and went, and what it has. */
import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconBell, IconCoins, IconPackage, IconReceipt } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { HoldingsList, isEmptyHanded } from '../../components/holdings.tsx'
import { Answered, Empty, Figure, Figures, Page, Panel } from '../../components/layout.tsx'
import { StatementButton } from '../../components/statement-button.tsx'
import { Id } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { href, leave, useRoute } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { AskForCredits, TopUpHere } from './ask-for-credits.tsx'
import { LowBalanceNotice, SetAlert } from './low-balance.tsx'
import { Movements } from './movements.tsx'
import { LastsFigure, Outlook } from './outlook.tsx'

export function Wallet() {
  const { acting, ledger } = useDesk()
  const { account } = acting
  const { thing } = useRoute()
  const trpc = useTRPC()
  const wallet = useQuery(trpc.wallet.show.queryOptions({ account }))
  const { wallet: t } = strings
  const close = () => leave(href('wallet'))
  return (
    <Page title={t.title} lead={`${ledger.policy.creditNote}.`} actions={<Actions />}>
      <LowBalanceNotice />
      <Answered query={wallet}>
        {({ spendable, held, earnings, earningsAvailable, receivable, frozen }) => (
          <>
            {frozen && (
              <Alert className="notice" data-tone="warn" icon={<IconAlertTriangle size={18} />}>
                {t.frozen}
              </Alert>
            )}
            <Figures>
              <Figure label={t.spendable} amount={spendable} tone="accent" />
              <LastsFigure />
              <Figure label={t.held} amount={held} note={t.heldNote} />
              <Figure label={t.earnings} amount={earnings} note={t.earningsNote(earningsAvailable)} />
              {receivable !== '0' && <Figure label={t.owes} amount={receivable} note={t.owesNote} tone="warn" />}
            </Figures>
          </>
        )}
      </Answered>
      <div className="columns">
        <div data-span="7">
          <Movements empty={<NoCredits />} />
        </div>
        <div data-span="5">
          <Stack gap="md">
            <Outlook />
            <Owned />
          </Stack>
        </div>
      </div>
      {thing === 'alert' && <SetAlert close={close} />}
      {thing === 'topup' && <AskForCredits close={close} />}
    </Page>
  )
}

function Actions() {
  const { wallet: t } = strings
  return (
    <>
      <StatementButton />
      <Button variant="default" leftSection={<IconBell size={17} />} component="a" href={href('wallet', 'alert')}>
        {t.alert}
      </Button>
      <Button leftSection={<IconCoins size={17} />} component="a" href={href('wallet', 'topup')}>
        {t.getCredits}
      </Button>
    </>
  )
}

function NoCredits() {
  const { acting, operator } = useDesk()
  const { wallet: t } = strings
  const ask = (
    <Button leftSection={<IconCoins size={17} />} component="a" href={href('wallet', 'topup')}>
      {t.getCredits}
    </Button>
  )
  return (
    <Empty icon={IconReceipt} title={t.empty} action={operator === undefined ? ask : <TopUpHere operator={operator} />}>
      <Stack gap={6} align="center">
        <Text>{t.emptyText}</Text>
        <Id value={acting.account} full />
        {operator !== undefined && <Text>{t.emptyHere}</Text>}
      </Stack>
    </Empty>
  )
}

function Owned() {
  const { acting } = useDesk()
  const trpc = useTRPC()
  const holdings = useQuery(trpc.wallet.holdings.queryOptions({ account: acting.account }))
  const { wallet: t } = strings
  const action = (
    <Button component="a" variant="default" href={href('market')}>
      {t.toMarket}
    </Button>
  )
  return (
    <Panel title={t.holdings}>
      <Answered query={holdings}>
        {(held) =>
          isEmptyHanded(held) ? (
            <Empty icon={IconPackage} title={t.noHoldings} action={action}>
              {t.noHoldingsText}
            </Empty>
          ) : (
            <HoldingsList holdings={held} />
          )
        }
      </Answered>
    </Panel>
  )
}
