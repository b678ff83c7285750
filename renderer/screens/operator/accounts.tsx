/** Everybody on the ledger, found by name or id, and what they have. */
import { Anchor, Button, Group, TextInput, Tooltip } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch, IconUsers } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { AccountSummary } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { Answered, Empty, Page, Panel, Tag } from '../../components/layout.tsx'
import { Amount, Foreign, Id } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { microsOf } from '../../format.ts'
import { usePartByPart } from '../../part-by-part.ts'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'

const SEARCH_MS = 200
/** As many as a part may have: what is sorted here is what was loaded. */
const PART = 500

export function Accounts() {
  const { accounts: own } = useDesk()
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [text, setText] = useState('')
  const [asked] = useDebouncedValue(text.trim(), SEARCH_MS)
  const filter = asked === '' ? {} : { text: asked }
  const { accounts: t } = strings
  const list = usePartByPart(
    trpc.account.list.pathKey(),
    filter,
    (after?: string) => client.account.list.query({ ...filter, after, limit: PART }),
    ({ accounts }) => accounts,
  )
  const [freezing, freeze] = useState<AccountSummary>()
  const columns = useMemo(() => columnsOf(new Set(own.map(({ account }) => account)), freeze), [own])
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
                sortedBy="number"
                more={list.more}
              />
            )
          }
        </Answered>
      </Panel>
      {freezing !== undefined && <Freeze of={freezing} close={() => freeze(undefined)} />}
    </Page>
  )
}

/** Freezes an account, or ends that, for a reason that stands in the log. */
function Freeze({ of: { account, name, frozen }, close }: { readonly of: AccountSummary; readonly close: () => void }) {
  const { acting } = useDesk()
  const { freeze, unfreeze, reasonHint } = strings.accounts
  return (
    <FormDialog
      title={frozen ? unfreeze : freeze}
      lead={<Foreign>{name}</Foreign>}
      fields={[{ name: 'reason', label: strings.reason, description: reasonHint, maxLength: 128 }]}
      request={{ signer: acting.account, type: frozen ? 'account.unfreeze' : 'account.freeze', body: { account } }}
      close={close}
    />
  )
}

function columnsOf(own: ReadonlySet<string>, freeze: (account: AccountSummary) => void): Column<AccountSummary>[] {
  const { columns, frozen, here, inLog, topUp } = strings.accounts
  return [
    { id: 'number', title: columns.number, cell: ({ number }) => number, order: ({ number }) => number },
    {
      id: 'name',
      title: columns.name,
      cell: ({ account, name, frozen: isFrozen }) => (
        <Group gap={8}>
          <Tooltip label={inLog}>
            <Anchor href={href('log', undefined, { account })} fw={550} size="sm">
              <Foreign>{name}</Foreign>
            </Anchor>
          </Tooltip>
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
              onClick={() => freeze(found)}
              aria-label={`${freezeWord(found)}: ${found.name}`}
            >
              {freezeWord(found)}
            </Button>
          )}
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
