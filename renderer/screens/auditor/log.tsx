/** The log: every entry, live; or those that are asked for; any of them opened. */
import { Button, TextInput } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { Page } from '../../components/layout.tsx'
import { formatCount } from '../../format.ts'
import { useLive } from '../../live.tsx'
import { filterIn, isFiltered } from '../../log-filter.ts'
import { go, href, leave, useRoute } from '../../route.ts'
import { strings } from '../../strings.ts'
import { EntryDrawer } from './entry.tsx'
import { AllEntries, FilteredEntries } from './entry-list.tsx'
import { LogFilters } from './log-filters.tsx'

export function LogPage() {
  const { thing, search } = useRoute()
  const { size } = useLive()
  const filter = filterIn(search)
  const { log: t } = strings
  const index = thing !== undefined && /^\d{1,15}$/.test(thing) ? Number(thing) : undefined
  return (
    <div className="log-page">
      <Page title={t.title} lead={t.lead} actions={<Jump />}>
        <LogFilters filter={filter} choose={(chosen) => go(href('log', undefined, chosen), { replace: true })} />
        {isFiltered(filter) ? <FilteredEntries filter={filter} key={JSON.stringify(filter)} /> : <AllEntries size={size} />}
      </Page>
      {index !== undefined && <EntryDrawer index={index} close={() => leave(href('log', undefined, filter))} />}
    </div>
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
