/** Everybody on the ledger, found by name or id, and what they have. */
import { Anchor, Button, Group, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch, IconUsers } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { AccountSummary } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { Answered, Empty, Page, Panel, Tag } from '../../components/layout.tsx'
import { Amount, Foreign, Id } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { microsOf } from '../../format.ts'
import { usePartByPart } from '../../part-by-part.ts'
import { href, leave, useRoute } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'
import { AccountDrawer } from './account.tsx'
import { type AccountAction, AccountForm } from './account-forms.tsx'
import { Offers } from './offers.tsx'

const SEARCH_MS = 200
const PART = 100

/** What is large comes first; names and numbers begin with the least. */
const LARGEST_FIRST: readonly string[] = ['spendable', 'earnings']

interface Order {
  readonly by: 'number' | 'name' | 'spendable' | 'earnings'
  readonly isDescending: boolean
}

export function Accounts() {
  const { accounts: own } = useDesk()
  const { thing } = useRoute()
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [text, setText] = useState('')
  const [asked] = useDebouncedValue(text.trim(), SEARCH_MS)
  const [order, setOrder] = useState<Order>({ by: 'number', isDescending: false })
  const filter = { ...order, ...(asked !== '' && { text: asked }) }
  const { accounts: t } = strings
  const [isPartial, setPartial] = useState(false)
  const list = usePartByPart(
    trpc.account.list.pathKey(),
    filter,
    async (after?: string) => {
      const part = await client.account.list.query({ ...filter, after, limit: PART })
      setPartial(part.isPartial === true)
      return part
    },
    ({ accounts }) => accounts,
  )
  const [chosen, act] = useState<Chosen>()
  const columns = useMemo(() => columnsOf(new Set(own.map(({ account }) => account)), act), [own])
  const choose = (by: string) => setOrder((before) => orderAfter(before, by as Order['by']))
  return (
    <Page title={t.title} lead={t.lead}>
      <TextInput
        aria-label={t.search}
        placeholder={t.search}
        value={text}
        maxLength={200}
        leftSection={<IconSearch size={16} />}
        maw={420}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Panel flush>
        <Answered query={{ ...list, data: list.items }}>
          {(accounts) =>
            accounts.length === 0 ? (
              <Empty icon={IconUsers} title={t.empty} />
            ) : (
              <DataTable
                label={t.title}
                columns={columns}
                rows={accounts}
                rowKey={({ account }) => account}
                ordered={{ ...order, choose }}
                more={list.more}
              />
            )
          }
        </Answered>
        {isPartial && (
          <Text size="xs" c="dimmed" p="sm" role="note">
            {t.partial}
          </Text>
        )}
      </Panel>
      <Offers />
      {thing !== undefined && <AccountDrawer key={thing} account={thing} close={() => leave(href('accounts'))} />}
      {chosen !== undefined && (
        <AccountForm type={chosen.type} account={chosen.of.account} name={chosen.of.name} close={() => act(undefined)} />
      )}
    </Page>
  )
}

interface Chosen {
  readonly type: AccountAction
  readonly of: AccountSummary
}

function orderAfter({ by: before, isDescending }: Order, by: Order['by']): Order {
  return { by, isDescending: by === before ? !isDescending : LARGEST_FIRST.includes(by) }
}

function columnsOf(own: ReadonlySet<string>, act: (chosen: Chosen) => void): Column<AccountSummary>[] {
  const { columns, frozen, here, grant, topUp } = strings.accounts
  return [
    { id: 'number', title: columns.number, cell: ({ number }) => number, order: ({ number }) => number },
    {
      id: 'name',
      title: columns.name,
      cell: ({ account, name, frozen: isFrozen }) => (
        <Group gap={8}>
          <Anchor href={href('accounts', account)} fw={550} size="sm">
            <Foreign>{name}</Foreign>
          </Anchor>
          {isFrozen && <Tag tone="bad">{frozen}</Tag>}
          {own.has(account) && <Tag>{here}</Tag>}
        </Group>
      ),
      order: ({ name }) => name.toLowerCase(),
    },
    { id: 'account', title: columns.account, cell: ({ account }) => <Id value={account} /> },
    {
      id: 'spendable',
      title: columns.spendable,
      align: 'end',
      cell: ({ spendable }) => <Amount value={spendable} aligned />,
      order: ({ spendable }) => microsOf(spendable),
    },
    {
      id: 'earnings',
      title: columns.earnings,
      align: 'end',
      cell: ({ earnings }) => <Amount value={earnings} aligned />,
      order: ({ earnings }) => microsOf(earnings),
    },
    {
      id: 'actions',
      title: columns.actions,
      align: 'end',
      cell: (found) => (
        <Group gap={6} justify="flex-end" wrap="nowrap">
          {found.number > 0 && (
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => act({ type: found.frozen ? 'account.unfreeze' : 'account.freeze', of: found })}
              aria-label={`${freezeWord(found)}: ${found.name}`}
            >
              {freezeWord(found)}
            </Button>
          )}
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => act({ type: 'credit.grant', of: found })}
            aria-label={`${grant}: ${found.name}`}
          >
            {grant}
          </Button>
          <Button
            size="compact-sm"
            variant="light"
            component="a"
            href={href('treasury', 'topup', { account: found.account })}
            aria-label={`${topUp}: ${found.name}`}
          >
            {topUp}
          </Button>
        </Group>
      ),
    },
  ]
}

function freezeWord({ frozen }: AccountSummary): string {
  return frozen ? strings.accounts.unfreeze : strings.accounts.freeze
}
