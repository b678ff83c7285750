/** The outbox: what waits, in the order in which it goes, and what became of the rest. */
import { Button, Group, Stack, Text } from '@mantine/core'
import { IconDownload, IconSend } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { OutboxItem, SyncState } from '../../../core/api/views.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Answered, Empty, FailureNotice, Panel, Tag } from '../../components/layout.tsx'
import { NewAccount } from '../../components/new-account.tsx'
import { Sentence, When } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { usePartByPart } from '../../part-by-part.ts'
import { go, href } from '../../route.ts'
import { saveFile } from '../../save-file.ts'
import { strings } from '../../strings.ts'
import { waitingIn } from '../../sync.tsx'
import { useTRPC, useTRPCClient } from '../../trpc.ts'

const { outbox: t } = strings.sync

export function Outbox({ state }: { readonly state: SyncState }) {
  const { accepted, refused } = state.outbox
  const waiting = waitingIn(state)
  if (waiting + accepted + refused === 0) return <NothingYet />
  return (
    <Panel title={t.title} aside={t.aside} flush>
      {waiting > 0 && <Notes which="waiting" label={t.waiting} />}
      {accepted + refused > 0 && <Notes which="answered" label={t.answered} />}
    </Panel>
  )
}

function NothingYet() {
  const { accounts } = useDesk()
  const [isNaming, setNaming] = useState(false)
  const hasAccount = accounts.length > 0
  const action = hasAccount ? (
    <Button onClick={() => go(href('market'))}>{t.shop}</Button>
  ) : (
    <Button onClick={() => setNaming(true)}>{t.account}</Button>
  )
  return (
    <Panel title={t.title}>
      <Empty icon={IconSend} title={t.empty} action={action}>
        {hasAccount ? t.emptyText : t.emptyAccount}
      </Empty>
      {isNaming && <NewAccount close={() => setNaming(false)} />}
    </Panel>
  )
}

const TONES = { queued: 'quiet', sent: 'warn', accepted: 'accent', refused: 'bad' } as const

const COLUMNS: readonly Column<OutboxItem>[] = [
  { id: 'state', title: t.columns.state, cell: ({ state }) => <Tag tone={TONES[state]}>{t.states[state]}</Tag> },
  { id: 'what', title: t.columns.what, cell: (note) => <What note={note} /> },
  { id: 'time', title: t.columns.time, cell: ({ queued }) => <When time={queued} /> },
  { id: 'result', title: t.columns.result, cell: (note) => <Result note={note} /> },
  { id: 'actions', title: t.columns.actions, align: 'end', cell: (note) => <Actions note={note} /> },
]

interface NotesProps {
  readonly which: 'waiting' | 'answered'
  readonly label: string
}

function Notes({ which, label }: NotesProps) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const list = usePartByPart(
    trpc.sync.outbox.pathKey(),
    { which },
    (after?: string) => client.sync.outbox.query({ which, ...(after !== undefined && { after }) }),
    ({ notes }) => notes,
  )
  return (
    <div className="notes">
      <Text size="xs" c="dimmed" px={18} pt={6}>
        {label}
      </Text>
      <Answered query={{ ...list, data: list.items }}>
        {(notes) => <DataTable label={label} columns={COLUMNS} rows={notes} rowKey={({ id }) => id} more={list.more} />}
      </Answered>
    </div>
  )
}

function What({ note: { summary, names, type, message } }: { readonly note: OutboxItem }) {
  return (
    <Stack gap={2}>
      <Sentence text={summary} names={names} />
      <Text size="xs" c="dimmed">
        {strings.types[type] ?? type}
      </Text>
      {message !== undefined && (
        <Text size="xs" component="div">
          <Sentence text={message} names={names} />
        </Text>
      )}
    </Stack>
  )
}

function Result({ note: { state, index, mirrored, code } }: { readonly note: OutboxItem }) {
  if (code !== undefined) return <span className="code-word">{code}</span>
  if (index === undefined) return <span className="dimmed">{state === 'queued' ? t.hints.queued : t.hints.sent}</span>
  if (mirrored !== true) return <span className="dimmed">{t.coming(index)}</span>
  return (
    <span className="nowrap">
      {t.entry} <EntryLink index={index} />
    </span>
  )
}

function Actions({ note: { id, state, signed, summary } }: { readonly note: OutboxItem }) {
  const client = useTRPCClient()
  const queries = useQueryClient()
  const trpc = useTRPC()
  const save = useMutation({
    mutationFn: () => client.sync.proof.query({ id }),
    onSuccess: ({ name, bytes }) => saveFile(name, bytes),
  })
  const forget = useMutation(
    trpc.sync.forget.mutationOptions({ onSuccess: () => queries.invalidateQueries(trpc.sync.outbox.pathFilter()) }),
  )
  const isReceipt = state === 'accepted'
  const error = save.error ?? forget.error
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      {(isReceipt || signed === true) && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconDownload size={14} />}
          title={isReceipt ? t.receiptHint : t.refusalHint}
          aria-label={`${isReceipt ? t.receipt : t.refusal}: ${summary}`}
          onClick={() => save.mutate()}
        >
          {isReceipt ? t.receipt : t.refusal}
        </Button>
      )}
      {state !== 'sent' && (
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          className="quiet-button"
          loading={forget.isPending}
          aria-label={`${state === 'queued' ? t.withdraw : t.forget}: ${summary}`}
          onClick={() => forget.mutate({ id })}
        >
          {state === 'queued' ? t.withdraw : t.forget}
        </Button>
      )}
      {error !== null && <FailureNotice error={error} />}
    </Group>
  )
}
