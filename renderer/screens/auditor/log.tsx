/** The log: every entry, live; of one account or type where asked; any of them opened. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { AccountSelect } from '../../components/account-select.tsx'
import { Page } from '../../components/layout.tsx'
import { formatCount } from '../../format.ts'
import { useLive } from '../../live.tsx'
import { go, href, useRoute } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { EntryDrawer } from './entry.tsx'
import { AllEntries, FilteredEntries } from './entry-list.tsx'

export function LogPage() {
  const { thing, search } = useRoute()
  const { size } = useLive()
  const account = search.get('account') ?? undefined
  const type = search.get('type') ?? undefined
  const filter = { ...(account && { account }), ...(type && { type }) }
  const isFiltered = account !== undefined || type !== undefined
  const { log: t } = strings
  const choose = (part: { account?: string | undefined; type?: string | undefined }) =>
    go(href('log', undefined, { account, type, ...part }), { replace: true })
  const index = thing !== undefined && /^\d{1,15}$/.test(thing) ? Number(thing) : undefined
  return (
    <div className="log-page">
      <Page title={t.title} lead={t.lead} actions={<Jump />}>
        <div className="filters">
          <AccountSelect
            ariaLabel={t.byAccount}
            placeholder={t.anyAccount}
            value={account}
            choose={(chosen) => choose({ account: chosen })}
            className="filter"
          />
          <TypeSelect value={type} choose={(chosen) => choose({ type: chosen })} />
          {isFiltered && (
            <Button
              variant="subtle"
              color="gray"
              className="quiet-button"
              onClick={() => choose({ account: undefined, type: undefined })}
            >
              {t.clear}
            </Button>
          )}
        </div>
        {isFiltered ? <FilteredEntries filter={filter} key={`${account} ${type}`} /> : <AllEntries size={size} />}
      </Page>
      {index !== undefined && <EntryDrawer index={index} close={() => go(href('log', undefined, { account, type }))} />}
    </div>
  )
}

function TypeSelect({
  value,
  choose,
}: {
  readonly value: string | undefined
  readonly choose: (type: string | undefined) => void
}) {
  const trpc = useTRPC()
  const types = useQuery(trpc.transaction.types.queryOptions())
  const { log: t } = strings
  const options = (types.data ?? []).map((type) => ({ value: type, label: `${type} · ${strings.types[type] ?? type}` }))
  return (
    <NativeSelect
      aria-label={t.byType}
      className="filter"
      value={value ?? ''}
      data={[{ value: '', label: t.anyType }, ...options]}
      onChange={(event) => choose(event.currentTarget.value === '' ? undefined : event.currentTarget.value)}
    />
  )
}

/** Leads to an entry by its number. */
function Jump() {
  const { size } = useLive()
  const [typed, setTyped] = useState('')
  const { log: t } = strings
  const index = /^\d{1,15}$/.test(typed.replaceAll(',', '').trim()) ? Number(typed.replaceAll(',', '').trim()) : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (index === undefined || index >= size) return
    go(href('log', index))
    setTyped('')
  }
  return (
    <form onSubmit={submit} className="jump">
      <TextInput
        aria-label={t.jump}
        placeholder={`${t.jump}, 0 – ${formatCount(Math.max(0, size - 1))}`}
        value={typed}
        inputMode="numeric"
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" px={10} aria-label={t.jump} disabled={index === undefined || index >= size}>
        <IconArrowRight size={16} />
      </Button>
    </form>
  )
}
