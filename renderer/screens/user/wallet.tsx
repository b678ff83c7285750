/** What an account can spend, what it reserved, what came and went, and what it has. */
import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconCoins, IconPackage, IconReceipt } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { HoldingsList, isEmptyHanded } from '../../components/holdings.tsx'
import { Answered, Empty, Figure, Figures, Page, Panel } from '../../components/layout.tsx'
import { StatementButton } from '../../components/statement-button.tsx'
import { Amount, Id, Sentence, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { microsOf, sumOf } from '../../format.ts'
import { usePartByPart } from '../../part-by-part.ts'
import { go, href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { type Answers, useTRPC, useTRPCClient } from '../../trpc.ts'

type Entry = Answers['log']['page']['entries'][number]

export function Wallet() {
  const { acting, ledger } = useDesk()
  const { account } = acting
  const trpc = useTRPC()
  const wallet = useQuery(trpc.wallet.show.queryOptions({ account }))
  const { wallet: t } = strings
  return (
    <Page
      title={t.title}
      lead={`${ledger.policy.creditNote}.`}
      actions={
        <>
          <AccountId account={account} />
          <StatementButton />
        </>
      }
    >
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
              <Figure label={t.held} amount={held} note={t.heldNote} />
              <Figure label={t.earnings} amount={earnings} note={t.earningsNote(earningsAvailable)} />
              {receivable !== '0' && <Figure label={t.owes} amount={receivable} note={t.owesNote} tone="warn" />}
            </Figures>
          </>
        )}
      </Answered>
      <div className="columns">
        <div data-span="7">
          <Movements />
        </div>
        <div data-span="5">
          <Owned />
        </div>
      </div>
    </Page>
  )
}

function AccountId({ account }: { readonly account: string }) {
  return (
    <Text size="sm" c="dimmed" component="div">
      {strings.wallet.id} <Id value={account} />
    </Text>
  )
}

interface Movement extends Entry {
  readonly change: string
}

const { columns } = strings.wallet

const COLUMNS: readonly Column<Movement>[] = [
  { id: 'entry', title: columns.entry, cell: ({ index }) => <EntryLink index={index} />, order: ({ index }) => index },
  { id: 'time', title: columns.time, cell: ({ time }) => <When time={time} dayOnly /> },
  { id: 'what', title: columns.what, cell: ({ summary, names }) => <Sentence text={summary} names={names} /> },
  {
    id: 'change',
    title: columns.amount,
    align: 'end',
    cell: ({ change }) => <Amount value={change} aligned signed className={change.startsWith('-') ? '' : 'comes'} />,
    order: ({ change }) => microsOf(change),
  },
]

function Movements() {
  const { acting } = useDesk()
  const { account } = acting
  const trpc = useTRPC()
  const client = useTRPCClient()
  const { wallet: t } = strings
  const list = usePartByPart(
    trpc.log.page.pathKey(),
    { account },
    (before?: number) => client.log.page.query({ account, before }),
    ({ entries }) => entries.flatMap((entry) => movementOf(entry, account)),
  )
  return (
    <Panel title={t.moves} aside={strings.unit('0')} flush>
      <Answered query={{ ...list, data: list.items }}>
        {(moves) =>
          moves.length === 0 && list.more === undefined ? (
            <NoCredits />
          ) : (
            <DataTable label={t.moves} columns={COLUMNS} rows={moves} rowKey={({ index }) => String(index)} more={list.more} />
          )
        }
      </Answered>
    </Panel>
  )
}

/** What an entry did to the account's wallet, if anything. */
function movementOf(entry: Entry, account: string): Movement[] {
  const own = entry.postings.filter(({ book }) => book === `wallet:${account}`)
  return own.length === 0 ? [] : [{ ...entry, change: sumOf(own.map(({ amount }) => amount)) }]
}

function NoCredits() {
  const { acting, operator, act } = useDesk()
  const { wallet: t } = strings
  const topUp = () => {
    if (operator === undefined) return
    act(operator.account)
    go(href('treasury', 'topup', { account: acting.account }))
  }
  const action = operator !== undefined && (
    <Button leftSection={<IconCoins size={17} />} onClick={topUp}>
      {t.topUp}
    </Button>
  )
  return (
    <Empty icon={IconReceipt} title={t.empty} action={action}>
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
