/** The keys that sign for an account: what each may, within which limits, and taking it away. */
import { Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { KeyView } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { Answered, Page, Panel, Tag } from '../../components/layout.tsx'
import { Foreign, Id, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'

export function Keys() {
  const { acting } = useDesk()
  const { account } = acting
  const trpc = useTRPC()
  const keys = useQuery(trpc.wallet.keys.queryOptions({ account }))
  const [revoking, revoke] = useState<KeyView>()
  const { keys: t } = strings
  return (
    <Page title={t.title} lead={t.lead}>
      <Panel flush>
        <Answered query={keys}>
          {(list) => <DataTable label={t.title} columns={columnsOf(revoke)} rows={list.keys} rowKey={({ key }) => key} />}
        </Answered>
      </Panel>
      <Text size="sm" c="dimmed">
        {t.add} <code className="code-word">nimledger keys add</code> · {t.keep}{' '}
        <code className="code-word">nimledger keys export</code>
      </Text>
      {revoking !== undefined && (
        <FormDialog
          title={t.revoke}
          lead={
            <>
              <Name of={revoking} /> · <span className="mono">{revoking.key}</span>. {t.revokeLead}
            </>
          }
          fields={[{ name: 'reason', label: strings.reason, description: strings.accounts.reasonHint, maxLength: 128 }]}
          request={{ signer: account, type: 'key.revoke', body: { key: revoking.key } }}
          close={() => revoke(undefined)}
        />
      )}
    </Page>
  )
}

/** The first key of an account has no label: it came with it. */
function Name({ of: { label } }: { readonly of: KeyView }) {
  return label === undefined ? <span>{strings.keys.first}</span> : <Foreign>{label}</Foreign>
}

function columnsOf(revoke: (key: KeyView) => void): Column<KeyView>[] {
  const { columns, revoke: word, first } = strings.keys
  return [
    {
      id: 'name',
      title: columns.name,
      cell: (key) => (
        <span className="strong">
          <Name of={key} />
        </span>
      ),
      order: ({ label = first }) => label.toLowerCase(),
    },
    { id: 'key', title: columns.key, cell: ({ key }) => <Id value={key} full /> },
    {
      id: 'scopes',
      title: columns.scopes,
      cell: ({ scopes }) => scopes.map((scope) => strings.keys.scopes[scope] ?? scope).join(', '),
    },
    { id: 'limits', title: columns.limits, cell: (key) => <Limits of={key} /> },
    { id: 'state', title: columns.state, cell: (key) => <State of={key} /> },
    {
      id: 'actions',
      title: strings.accounts.columns.actions,
      align: 'end',
      cell: (key) =>
        key.state === 'active' && (
          <Button size="compact-sm" variant="default" onClick={() => revoke(key)} aria-label={`${word}: ${key.label ?? first}`}>
            {word}
          </Button>
        ),
    },
  ]
}

function Limits({ of: { budget, listings, expires } }: { readonly of: KeyView }) {
  const { keys: t, wallet } = strings
  if (budget === undefined && listings === undefined && expires === undefined) return <span className="dimmed">{t.none}</span>
  return (
    <Group gap={8}>
      {budget !== undefined && <span>{wallet.used(budget.spent, { limit: budget.amount, per: budget.per })}</span>}
      {listings !== undefined && <span>{t.listings(listings.length)}</span>}
      {expires !== undefined && (
        <span>
          {wallet.until} <When time={expires} />
        </span>
      )}
    </Group>
  )
}

function State({ of: { state } }: { readonly of: KeyView }) {
  return <Tag tone={state === 'active' ? 'accent' : 'quiet'}>{strings.keys.states[state]}</Tag>
}
